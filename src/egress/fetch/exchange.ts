import { PassThrough } from 'node:stream';
import { canonicalHost } from '../../policy/host.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { BoxSecrets } from '../box-secrets.ts';
import { bringCredential } from '../credentials/bring.ts';
import { type Filled, fillSlots } from '../credentials/fill-slots.ts';
import { type AnswerBody, answerBody } from '../exchange/answer-body.ts';
import type { AnswerControl, AnswerHandler } from '../exchange/answer-handler.ts';
import { answerHead } from '../exchange/answer-head.ts';
import { explainFailure } from '../exchange/failure.ts';
import { upstreamHeaders } from '../exchange/rewrite.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import { authorityOf, freezeTarget, originOf, type Target } from '../target.ts';
import type { Upstreams } from '../upstream/pools.ts';
import { type FetchJob, type FromFetcher, UNTAKEN_BYTES_MAX } from './protocol.ts';

/** One request, from its slots to the last byte of its answer. */
export interface Exchange {
  taken(bytes: number): void;
  cancel(): void;
}

type Tell = (message: FromFetcher) => void;

/** Sends the job's request. Whatever happens, the last thing that is told is `end` or `failed`. */
export function beginExchange(
  id: number,
  job: FetchJob,
  upstreams: Upstreams,
  tell: Tell,
  over: () => void,
): Exchange {
  const handler = new Handler(id, tell, over);
  try {
    const target = targetOf(job);
    const secrets = new BoxSecrets([]);
    if (job.credential !== null) secrets.adopt([job.credential]);
    const guarded = secrets.isGuarded(target);
    const { headers, path, query, body } = filledParts(job, target, secrets);
    handler.scrubber = guarded ? secrets.scrubber : null;
    handler.bodiless = job.method === 'HEAD';
    const { override } = job;
    // An address that the power spells out is meant; one that its name leads to is not.
    const addressNamed = job.addressNamed && target.host.kind !== 'name';
    const request = {
      method: job.method,
      path: query === '' ? path : `${path}?${query}`,
      headers: upstreamHeaders(headers, authorityOf(target), guarded),
      body,
      preferred: 'http/1.1' as const,
    };
    upstreams.send(target, { override, addressNamed }, request, handler);
  } catch (error) {
    handler.fail(error);
  }
  return handler;
}

function targetOf({ scheme, host, port }: FetchJob): Target {
  const found = canonicalHost(host);
  if (found.ok) return freezeTarget(scheme, found, port);
  throw new PowerboxError('request-malformed', 'Cannot send the request: its host is malformed.');
}

function filledParts(
  { method, path, query, headers, body, places, credential }: FetchJob,
  target: Target,
  secrets: BoxSecrets,
): Extract<Filled, { ok: true }> {
  const request = {
    ...{ method, origin: originOf(target), path, query, headers: headers.flat(), body },
    ...(places === undefined ? {} : { places }),
  };
  const grant = { secret: credential?.name ?? null, text: `${request.origin}` };
  const brought = bringCredential(request, grant, secrets);
  if (!brought.ok) throw new PowerboxError(brought.code, brought.reason);
  const { secret } = brought;
  const filled = fillSlots(brought.request, secrets.usable(secret), secrets.all, secret);
  if (!filled.ok) throw new PowerboxError(filled.code, filled.reason);
  return filled;
}

class Handler implements AnswerHandler, Exchange {
  scrubber: Scrubber | null = null;
  bodiless = false;
  readonly #id: number;
  readonly #tell: Tell;
  readonly #over: () => void;
  readonly #clean = new PassThrough();
  #control: AnswerControl | null = null;
  #body: AnswerBody | null = null;
  #untaken = 0;
  #isOver = false;

  constructor(id: number, tell: Tell, over: () => void) {
    this.#id = id;
    this.#tell = tell;
    this.#over = over;
    this.#clean.on('data', (bytes: Buffer) => {
      if (this.#isOver) return;
      tell({ type: 'chunk', id, bytes });
      this.#untaken += bytes.length;
      if (this.#untaken > UNTAKEN_BYTES_MAX) this.#clean.pause();
    });
    this.#clean.on('end', () => this.#finish({ type: 'end', id }));
    this.#clean.on('drain', () => {
      this.#body?.drained();
      this.#control?.resume();
    });
  }

  taken(bytes: number): void {
    this.#untaken -= bytes;
    if (this.#untaken <= UNTAKEN_BYTES_MAX) this.#clean.resume();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over();
    this.#control?.abort(new Error('nobody waits for the answer'));
  }

  start(control: AnswerControl): void {
    this.#control = control;
    if (this.#isOver) control.abort(new Error('nobody waits for the answer'));
  }

  head(status: number, message: string, raw: readonly Buffer[]): void {
    if (this.#isOver) return;
    const result = answerHead(status, message, raw, this.scrubber);
    if (!result.ok) {
      this.fail(new PowerboxError('response-unscrubbable', result.reason));
      return;
    }
    const { headers, coding } = result.head;
    const pairs: [string, string][] = [];
    for (let i = 0; i + 1 < headers.length; i += 2) {
      pairs.push([(headers[i] as string).toLowerCase(), headers[i + 1] as string]);
    }
    this.#tell({ type: 'head', id: this.#id, status, headers: pairs });
    const bodiless = this.bodiless || status === 204 || status === 304;
    const sink = {
      write: (chunk: Buffer) => this.#clean.write(chunk),
      // Nobody reads trailers here, and those of a guarded answer would have to be scrubbed.
      end: () => void this.#clean.end(),
    };
    const { scrubber } = this;
    this.#body = answerBody(sink, {
      coding: bodiless ? null : coding,
      scrubber: scrubber === null ? null : () => scrubber,
      bytesMax: null,
      broken: (failure) => this.fail(failure),
      drained: () => this.#control?.resume(),
    });
  }

  data(chunk: Buffer): void {
    if (this.#body?.write(chunk) === false) this.#control?.pause();
  }

  end(): void {
    this.#body?.end([]);
  }

  /** Only our own words leave: an upstream's error text could hold what it was sent. */
  fail(error: unknown): void {
    const { code, reason } = explainFailure(error);
    this.#finish({ type: 'failed', id: this.#id, code, reason });
    this.#control?.abort(new Error(reason));
  }

  #finish(message: FromFetcher): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tell(message);
    this.#over();
  }
}
