import { describe, expect, it } from 'vitest';
import { upstreamHeaders } from './rewrite.ts';

describe('upstreamHeaders()', () => {
  it('drops what asks a server to judge another request, however the name is written', () => {
    for (const name of [
      'X-HTTP-Method-Override',
      'X_HTTP_Method_Override',
      'x-original_url',
      'X_FORWARDED-HOST',
    ]) {
      const sent = upstreamHeaders([name, 'DELETE', 'accept', '*/*'], 'a.example', false);
      expect(sent).toEqual(['host', 'a.example', 'accept', '*/*']);
    }
    const kept = ['x_request_id', '1', 'Range', 'bytes=0-1'];
    expect(upstreamHeaders(kept, 'a.example', false)).toEqual(['host', 'a.example', ...kept]);
  });

  it('asks for no part and no coding of an answer that is searched for echoes', () => {
    const asked = ['Range', 'bytes=0-1', 'If_Range', 'x', 'Accept-Encoding', 'gzip', 'a', 'b'];
    expect(upstreamHeaders(asked, 'a.example', true)).toEqual([
      ...['host', 'a.example', 'a', 'b'],
      ...['accept-encoding', 'identity'],
    ]);
  });

  it('takes the messages of gRPC and Connect uncoded where they are searched for echoes', () => {
    for (const name of [
      'grpc-accept-encoding',
      'Grpc_Accept_Encoding',
      'connect-accept-encoding',
    ]) {
      const asked = [name, 'identity,deflate,gzip'];
      expect(upstreamHeaders(asked, 'a.example', true)).toEqual([
        ...['host', 'a.example', name, 'identity'],
        ...['accept-encoding', 'identity'],
      ]);
      expect(upstreamHeaders(asked, 'a.example', false)).toEqual(['host', 'a.example', ...asked]);
    }
  });
});
