import { describe, expect, it } from 'vitest';
import { makeScrubber } from '../scrub/scrubber.ts';
import { answerHead } from './answer-head.ts';

describe('answerHead()', () => {
  const scrubber = makeScrubber([]);
  const head = (name: string, value: string, guarded: boolean): boolean =>
    answerHead(200, '', [Buffer.from(name), Buffer.from(value)], guarded ? scrubber : null).ok;

  it('takes no coded messages of gRPC and Connect where they are searched for echoes', () => {
    for (const name of ['grpc-encoding', 'Grpc-Encoding', 'connect-content-encoding']) {
      expect(head(name, 'gzip', true)).toBe(false);
      expect(head(name, 'identity, gzip', true)).toBe(false);
      expect(head(name, 'identity', true)).toBe(true);
      expect(head(name, 'gzip', false)).toBe(true);
    }
  });
});
