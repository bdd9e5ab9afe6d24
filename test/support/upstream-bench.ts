import type { Http2ServerRequest } from 'node:http2';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { makeUpstreams, type Upstreams } from '../../src/egress/upstream/pools.ts';
import { makeAuthority } from '../../src/quickstart/certificates.ts';
import { PowerboxError } from '../../src/wire/errors.ts';
import { makeServers, type Served, type Servers } from './upstream-servers.ts';

/** Servers, and the way of one box to them; both new for each test. */
export interface UpstreamBench {
  readonly servers: Servers;
  upstreams: Upstreams;
  /** A server that repeats the body of each request, with a trailer. */
  echoes(kind: 'http/1.1' | 'h2' | 'both', seen?: Http2ServerRequest[]): Promise<Served>;
}

/** Registers the hooks of the test file that calls it. */
export function upstreamBench(make: () => Upstreams = makeUpstreams): UpstreamBench {
  let servers: Servers;
  let upstreams: Upstreams;
  beforeAll(() => {
    servers = makeServers(makeAuthority());
  });
  afterAll(() => servers.authority.close());
  beforeEach(() => {
    upstreams = make();
  });
  afterEach(() => {
    upstreams.destroy();
    servers.close();
  });
  return {
    get servers() {
      return servers;
    },
    get upstreams() {
      return upstreams;
    },
    set upstreams(other) {
      upstreams = other;
    },
    echoes: (kind, seen = []) =>
      servers.serve(kind, (request, response) => {
        seen.push(request);
        response.writeHead(200, { 'x-version': request.httpVersion, trailer: 'x-after' });
        response.addTrailers({ 'x-after': 'done' });
        request.pipe(response);
      }),
  };
}

export function codeOf(error: unknown): string {
  return PowerboxError.is(error) ? error.code : String(error);
}

export function until(holds: () => boolean): Promise<void> {
  return new Promise((done) => {
    const look = (): void => void (holds() ? done() : setTimeout(look, 5));
    look();
  });
}
