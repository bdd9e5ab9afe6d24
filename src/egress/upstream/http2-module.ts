import { createRequire } from 'node:module';

type Http2 = typeof import('node:http2');

let loaded: Http2 | null = null;

/** node:http2, once it is needed: a person waits for this process to start. */
export function http2Module(): Http2 {
  loaded ??= createRequire(import.meta.url)('node:http2') as Http2;
  return loaded;
}
