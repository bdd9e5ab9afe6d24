import {
  type Asked,
  type Heard,
  type Issuer,
  makeIssuer,
  type RawService,
  startRawService,
} from '../../test/hostile/support/service.ts';
import { PLACES } from '../stage.ts';
import { answerOf } from './pages.ts';
import { startResolver } from './resolver.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Every server around a target, each of which keeps all that it is sent. */
export interface Services {
  /** Requests with this mark, by service. */
  arrived(mark: string): { readonly service: string; readonly asked: Asked }[];
  /** Connections on which the mark came. */
  heard(mark: string): { readonly service: string; readonly heard: Heard }[];
  /** Everything that came to one of them. */
  received(service: string): string;
  /** What came as names or datagrams. */
  datagrams(): string;
  close(): Promise<void>;
}

export interface Certificates {
  readonly issuer: Issuer;
  readonly stranger: Issuer;
}

export function makeCertificates(): Certificates {
  return { issuer: makeIssuer(), stranger: makeIssuer() };
}

/** `http2`: the server of that name speaks it, and reads it as bare bytes. */
export async function startServices(
  { issuer, stranger }: Certificates,
  http2: boolean,
): Promise<Services> {
  const services: Record<string, RawService> = {};
  const now = Date.now();
  const secure = async (
    name: string,
    place: keyof typeof PLACES,
    certificate = issuer.issue(`${name}.acme.example`),
    port = 443,
  ): Promise<void> => {
    const protocols = name === 'h2' && http2 ? { protocols: ['h2'] } : {};
    services[name] = await startRawService({
      certificate,
      answer: answerOf(place === 'api'),
      at: { address: PLACES[place], port },
      ...protocols,
    });
  };
  const clear = async (name: string, place: keyof typeof PLACES, port = 80): Promise<void> => {
    services[name] = await startRawService({
      certificate: null,
      answer: answerOf(false),
      at: { address: PLACES[place], port },
    });
  };
  for (const name of ['api', 'open', 'front', 'h2'] as const) await secure(name, name);
  for (const name of ['other', 'rules'] as const) {
    await secure(name, name, issuer.issue('*.acme.example'));
  }
  await secure('evil', 'evil', issuer.issue('evil.example'));
  await secure('evil-dot', 'evil', issuer.issue('evil.example'), 853);
  await secure('api-8443', 'api', issuer.issue('api.acme.example'), 8443);
  await secure('wrong', 'wrong', issuer.issue('somebody-else.example'));
  await secure('expired', 'expired', issuer.issue('expired.acme.example', now - 3 * DAY_MS));
  await secure('future', 'future', issuer.issue('future.acme.example', now + 3 * DAY_MS));
  await secure('unknown', 'unknown', stranger.issue('unknown.acme.example'));
  await clear('plain', 'plain');
  await clear('plain-443', 'plain', 443);
  await clear('api-80', 'api');
  await clear('rules-80', 'rules');
  await clear('evil-80', 'evil');
  await clear('api-22', 'api', 22);
  await clear('api-6379', 'api', 6379);
  await clear('evil-22', 'evil', 22);
  await clear('lan', 'lan', 8081);
  const resolver = await startResolver();
  return {
    arrived: (mark) =>
      Object.entries(services).flatMap(([service, { asked }]) =>
        asked.filter((one) => one.head.includes(mark)).map((one) => ({ service, asked: one })),
      ),
    heard: (mark) =>
      Object.entries(services).flatMap(([service, one]) =>
        one.heard.filter(({ bytes }) => bytes.includes(mark)).map((heard) => ({ service, heard })),
      ),
    received: (service) => (services[service] as RawService).received(),
    datagrams: () => resolver.received(),
    close: async () => {
      await Promise.all([...Object.values(services), resolver].map((one) => one.close()));
    },
  };
}
