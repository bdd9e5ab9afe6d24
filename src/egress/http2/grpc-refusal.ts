import { ERRORS } from '../../wire/errors.ts';
import type { Refusal } from '../refusal.ts';
import type { Http2Stream } from './stream.ts';

/** The media types of gRPC, for example `application/grpc+proto`. */
const GRPC = /^application\/grpc(?:\+|;|$)/i;

/** gRPC's status codes, by the status that HTTP has for the same. */
const STATUS: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [403, 7],
  [404, 5],
  [409, 10],
  [421, 7],
  [429, 8],
  [500, 13],
  [502, 14],
  [503, 14],
  [504, 4],
]);
const UNKNOWN = 2;

/** True for the value of a Content-Type header that a gRPC client sends. */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && GRPC.test(contentType);
}

/**
 * A refusal that a gRPC client understands: an answer of trailers only, which goes as one head (gRPC
 * over HTTP2, "Responses"). Gives the status that the same refusal has in HTTP.
 */
export function sendGrpcRefusal(stream: Http2Stream, { code, reason }: Refusal): number {
  const { http } = ERRORS[code];
  stream.head(200, [
    ...['content-type', 'application/grpc'],
    ...['grpc-status', String(STATUS.get(http) ?? UNKNOWN)],
    ...['grpc-message', grpcMessage(reason)],
    ...['x-powerbox-code', code],
  ]);
  stream.end([]);
  return http;
}

/** "Percent-Encoded" of the same document: all but printable ASCII, and the percent sign. */
export function grpcMessage(text: string): string {
  let message = '';
  for (const byte of Buffer.from(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    message += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return message;
}
