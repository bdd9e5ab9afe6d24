import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_HOST } from '../../src/quickstart/demo.ts';
import { leaksIn } from '../../src/quickstart/leaks.ts';
import { headerOf } from '../../src/quickstart/service.ts';
import { watchEgressMemory } from '../support/egress-memory.ts';
import {
  type Outcome,
  people,
  placeholderIn,
  type ServedPlace,
  withServices,
} from '../support/powerbox.ts';

const MEBIBYTE = 1024 * 1024;
const LARGE_BYTES = 256 * MEBIBYTE;
/** A process that held the body, or half of it, would need more. Node alone takes 60 MiB. */
const MEMORY_BYTES_MAX = 180 * MEBIBYTE;
const AUTH = '-H "Authorization: Bearer $ACME_TOKEN"';
const PATTERN = Buffer.from(Array.from({ length: MEBIBYTE }, (_, index) => (index * 7919) >> 3));

const CODINGS: Readonly<Record<string, (plain: string) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  // Not what they say; what matters is that nothing of it comes through.
  'x-gzip': (plain) => Buffer.from(plain),
  zstd: (plain) => Buffer.from(plain),
  'gzip, br': (plain) => brotliCompressSync(gzipSync(plain)),
};

/** Pages that a well-behaved API would not have, but real ones do. */
function handle(request: IncomingMessage, response: ServerResponse): boolean {
  const url = new URL(request.url ?? '', 'https://localhost');
  switch (url.pathname) {
    case '/coded': {
      const coding = url.searchParams.get('coding') ?? '';
      const echo = JSON.stringify({ authorization: request.headers.authorization });
      response.writeHead(200, { 'content-encoding': coding }).end(CODINGS[coding]?.(echo));
      return true;
    }
    case '/status':
      response.writeHead(Number(url.searchParams.get('is')), { etag: '"one"' }).end();
      return true;
    case '/page':
      response.writeHead(200, { 'content-length': 12_345 }).end(PATTERN.subarray(0, 12_345));
      return true;
    case '/download':
      void download(response, Number(url.searchParams.get('bytes')));
      return true;
    case '/upload':
      void digest(request).then((answer) => response.end(answer));
      return true;
    default:
      return false;
  }
}

async function download(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, { 'content-length': bytes });
  const chunks = Array.from({ length: bytes / PATTERN.length }, () => PATTERN);
  // A reader may go away.
  await pipeline(Readable.from(chunks), response).catch(() => {});
}

async function digest(request: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of request) hash.update(chunk);
  return hash.digest('hex');
}

function patternDigest(bytes: number): string {
  const hash = createHash('sha256');
  for (let sent = 0; sent < bytes; sent += PATTERN.length) hash.update(PATTERN);
  return hash.digest('hex');
}

describe.each(people())('as %s, with the scrub on', (_name, person) => {
  let place: ServedPlace;
  beforeAll(async () => {
    place = await withServices(person, { handle });
  });
  afterAll(() => place?.close());

  const sh = (script: string): Promise<Outcome> =>
    place.box(['sh', '-c', `URL=https://${API_HOST}\n${script}`]);
  const expectNoToken = ({ status, stdout, stderr }: Outcome): void => {
    expect(status, stderr).toBe(0);
    expect(leaksIn(stdout + stderr, place.demo.token)).toEqual([]);
  };

  it.each(['gzip', 'deflate', 'br'])(
    'reads an answer in %s that nobody asked for',
    async (coding) => {
      const outcome = await sh(
        `curl -sSi --compressed ${AUTH} "$URL/coded?coding=${coding}"; printenv ACME_TOKEN`,
      );
      expectNoToken(outcome);
      const placeholder = placeholderIn(outcome.stdout);
      expect(outcome.stdout).toContain(`{"authorization":"Bearer ${placeholder}"}`);
      expect(outcome.stdout).not.toMatch(/^content-encoding:/im);
      const asked = place.demo.api.requests.at(-1);
      expect(asked && headerOf(asked, 'accept-encoding')).toBe('identity');
    },
  );

  it.each(['zstd', 'gzip, br'])('refuses an answer in %s and says why', async (coding) => {
    const url = `$URL/coded?coding=${encodeURIComponent(coding)}`;
    const outcome = await sh(`curl -sS -w '%{http_code}' ${AUTH} "${url}"`);
    expectNoToken(outcome);
    expect(outcome.stdout).toContain('"error":"response-unscrubbable"');
    expect(outcome.stdout).toMatch(/\n502$/);
  });

  it('cuts an answer that is not in the coding that it names', async () => {
    const outcome = await sh(`curl -sS ${AUTH} "$URL/coded?coding=x-gzip" || echo ended`);
    expectNoToken(outcome);
    expect(outcome.stdout).toMatch(/ended|"error":"response-unscrubbable"/);
  });

  it('passes HEAD, 204 and 304 on without a body, on one connection', async () => {
    const show = `-w '%{http_code} %{size_download} %{num_connects}\\n' -o /dev/null`;
    const { status, stdout, stderr } = await sh(`curl -sS ${AUTH} \\
      --head ${show} "$URL/page" --next -sS ${AUTH} ${show} "$URL/status?is=204" \\
      --next -sS ${AUTH} -H 'If-None-Match: "one"' ${show} "$URL/status?is=304" \\
      --next -sS ${AUTH} ${show} "$URL/page"
      curl -sS --head ${AUTH} "$URL/page"`);
    expect(status, stderr).toBe(0);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      '200 0 1',
      '204 0 0',
      '304 0 0',
      '200 12345 0',
    ]);
    expect(stdout).toMatch(/^content-length: 12345\r$/im);
  });

  it('answers 100 Continue, and takes an upload of either framing whole', async () => {
    const bytes = 5 * MEBIBYTE;
    const make = `yes abcdefghi | head -c ${bytes} > "$HOME/file"; sha256sum < "$HOME/file"`;
    const outcome = await sh(`${make}
      curl -sSv --http1.1 --expect100-timeout 20 -H 'Expect: 100-continue' ${AUTH} -T "$HOME/file" "$URL/upload"; echo
      curl -sS --http1.1 ${AUTH} -T - "$URL/upload" < "$HOME/file"`);
    expectNoToken(outcome);
    const [wanted = '', ...got] = outcome.stdout.split('\n').map((line) => line.split(' ')[0]);
    expect(wanted).toHaveLength(64);
    expect(got).toEqual([wanted, wanted]);
    expect(outcome.stderr).toMatch(/^< HTTP\/1.1 100 Continue/m);
  });
});

describe('large bodies, with the scrub on', () => {
  let place: ServedPlace;
  beforeAll(async () => {
    place = await withServices(undefined, { handle });
  });
  afterAll(() => place?.close());

  async function peakOf(script: string): Promise<Outcome & { peak: number }> {
    const watch = watchEgressMemory();
    const options = { onStart: watch.onStart, timeoutMs: 60_000 };
    const outcome = await place.box(['bash', '-c', `set -o pipefail\n${script}`], [], options);
    return { ...outcome, peak: watch.stop() };
  }

  it('come down whole, with memory flat, to a reader that starts late', async () => {
    const url = `https://${API_HOST}/download?bytes=${LARGE_BYTES}`;
    const outcome = await peakOf(`curl -sS ${AUTH} "${url}" | (sleep 1; sha256sum)`);
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stdout.split(' ')[0]).toBe(patternDigest(LARGE_BYTES));
    expect(outcome.peak).toBeGreaterThan(20 * MEBIBYTE);
    expect(outcome.peak).toBeLessThan(MEMORY_BYTES_MAX);
  }, 90_000);

  it('go up whole, with memory flat', async () => {
    const outcome = await peakOf(
      `head -c ${LARGE_BYTES} /dev/zero | tee >(sha256sum >&2) | curl -sS ${AUTH} -T - https://${API_HOST}/upload`,
    );
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stdout).toHaveLength(64);
    expect(outcome.stderr).toContain(outcome.stdout);
    expect(outcome.peak).toBeGreaterThan(20 * MEBIBYTE);
    expect(outcome.peak).toBeLessThan(MEMORY_BYTES_MAX);
  }, 90_000);
});
