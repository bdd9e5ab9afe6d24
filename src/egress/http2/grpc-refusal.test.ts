import { describe, expect, it } from 'vitest';
import { grpcMessage, isGrpc } from './grpc-refusal.ts';

describe('isGrpc()', () => {
  it('knows the media types of gRPC and no others', () => {
    for (const type of ['application/grpc', 'application/grpc+proto', 'Application/GRPC;a=b']) {
      expect(isGrpc(type)).toBe(true);
    }
    for (const type of ['application/grpc-web', 'application/json', 'text/application/grpc', '']) {
      expect(isGrpc(type)).toBe(false);
    }
    expect(isGrpc(undefined)).toBe(false);
  });
});

describe('grpcMessage()', () => {
  it('writes what is no printable ASCII, and the percent sign, as percents', () => {
    expect(grpcMessage('100 % of caf\u00e9\r\n')).toBe('100 %25 of caf%C3%A9%0D%0A');
  });
});
