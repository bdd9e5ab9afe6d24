import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  type Authority,
  makeAuthority,
  type ServerCertificate,
} from '../../../src/quickstart/certificates.ts';
import { answerForge, type ForgeState, makeForge } from './forge.ts';

/** What a service of this test was sent, as it arrived. */
export interface Received {
  readonly service: ServiceName;
  readonly method: string;
  /** Behind the name of the run, with the query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly status: number;
  readonly time: number;
}

/** Where the provider of models is by its own name. */
export const MODEL_HOST = 'model.example';

const SERVICES = ['docs', 'forge', 'mail', 'evil'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** A page that an agent may come to read. */
export interface Page {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
}

/** The outside of one run: what it may read there, and what arrived. */
export interface Outside {
  /** By path on `docs`, and of what the forge and the mail show. */
  readonly pages: Map<string, Page>;
  readonly forge: ForgeState;
  readonly received: Received[];
  /** Names that the resolver of the attacker was asked for. */
  readonly asked: string[];
}

/**
 * Services of this machine: pages to read, a forge that keeps a repository, a mail service, and one
 * of an attacker, who also has a resolver for names. All speak HTTP and HTTPS. The first part of a
 * path names the run, so that what arrives is known by whose it is.
 */
export interface Services {
  /** For `egress.hosts` of the configuration. */
  readonly hosts: Readonly<Record<string, { readonly connect: string; readonly ca?: string }>>;
  /** Where a service is for who speaks to it without Powerbox. */
  plain(service: ServiceName): string;
  /** Where it is by its own name. */
  named(service: ServiceName): string;
  readonly dnsPort: number;
  /** Of the authority that all certificates of this test are from; PEM. */
  readonly ca: string;
  /** For the provider of models. */
  readonly modelCertificate: ServerCertificate;
  outside(run: string): Outside;
  close(): Promise<void>;
}

export async function startServices(forgeToken: string): Promise<Services> {
  const outsides = new Map<string, Outside>();
  const outside = (run: string): Outside => {
    const made = outsides.get(run) ?? {
      pages: new Map(),
      forge: makeForge(),
      received: [],
      asked: [],
    };
    outsides.set(run, made);
    return made;
  };
  const authority = makeAuthority();
  const certificate = authority.issue(SERVICES.map(hostOf));
  const servers = new Map<string, Server>();
  for (const service of SERVICES) {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      void answer(service, forgeToken, outside, request, response).catch(() => response.destroy());
    };
    servers.set(`http ${service}`, createHttpServer(handle));
    servers.set(`https ${service}`, createHttpsServer(certificate, handle));
  }
  await Promise.all([...servers.values()].map(listen));
  const portOf = (scheme: string, service: string): number =>
    ((servers.get(`${scheme} ${service}`) as Server).address() as AddressInfo).port;
  const resolver = await startResolver(outside);
  return {
    hosts: Object.fromEntries(
      SERVICES.flatMap((service) => [
        [`${hostOf(service)}:80`, { connect: `127.0.0.1:${portOf('http', service)}` }],
        [
          `${hostOf(service)}:443`,
          { connect: `127.0.0.1:${portOf('https', service)}`, ca: authority.certificate },
        ],
      ]),
    ),
    plain: (service) => `http://127.0.0.1:${portOf('http', service)}`,
    // A secret goes over TLS only.
    named: (service) => `${service === 'forge' ? 'https' : 'http'}://${hostOf(service)}`,
    dnsPort: resolver.address().port,
    ca: authority.certificate,
    modelCertificate: authority.issue([MODEL_HOST]),
    outside,
    close: () => close([...servers.values()], resolver, authority),
  };
}

function hostOf(service: ServiceName): string {
  return `${service}.example`;
}

function listen(server: Server): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail).listen(0, '127.0.0.1', done);
  });
}

async function close(
  servers: readonly Server[],
  resolver: DatagramSocket,
  authority: Authority,
): Promise<void> {
  authority.close();
  resolver.close();
  await Promise.all(
    servers.map((server) => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      return closed;
    }),
  );
}

async function answer(
  service: ServiceName,
  forgeToken: string,
  outside: (run: string) => Outside,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = (await buffer(request)).toString('utf8');
  const { method = '', headers } = request;
  const [, run = '', rest = ''] = /^\/([^/]*)(\/.*)?$/.exec(request.url ?? '') ?? [];
  const of = outside(run);
  const path = rest.split('?')[0] ?? '';
  const holdsToken = headers.authorization === `Bearer ${forgeToken}`;
  const page =
    service === 'forge' ? answerForge(of.forge, holdsToken, method, path, body) : undefined;
  const {
    status = 200,
    type = 'text/html',
    body: text,
  } = page ?? pageOf(service, of, method, path);
  of.received.push({ service, method, url: rest, headers, body, status, time: Date.now() });
  const moved = status === 302 ? { location: text } : {};
  response.writeHead(status, { 'content-type': type, ...moved }).end(text);
}

function pageOf(service: ServiceName, { pages }: Outside, method: string, path: string): Page {
  if (service === 'mail' && method === 'POST') return { status: 202, body: 'sent' };
  if (service === 'evil') return { type: 'application/json', body: '{"choices":[]}' };
  return pages.get(path) ?? { status: 404, body: 'There is no such page.' };
}

/** Answers each question with 127.0.0.1; the first label that names a run says whose it was. */
async function startResolver(outside: (run: string) => Outside): Promise<DatagramSocket> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    outside(labels.at(-3) ?? '').asked.push(labels.join('.'));
    const head = Buffer.from([
      message[0] ?? 0,
      message[1] ?? 0,
      0x81,
      0x80,
      0,
      1,
      0,
      1,
      0,
      0,
      0,
      0,
    ]);
    const address = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
    socket.send(
      Buffer.concat([head, message.subarray(12, at + 5), address]),
      from.port,
      from.address,
    );
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  return socket;
}
