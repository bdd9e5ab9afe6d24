import { describe, expect, it } from 'vitest';
import { answerFields, areRegular } from './answer-fields.ts';

describe('answerFields()', () => {
  it('reads the status, the fields in order, and the length', () => {
    const fields = ['a', 'b', 'content-length', '12', 'a', 'caf\u00e9'];
    expect(answerFields([':status', '200', ...fields])).toEqual({
      status: 200,
      fields,
      length: 12,
    });
    expect(answerFields([':status', '404'])).toEqual({ status: 404, fields: [], length: null });
  });

  it.each([
    ['no status', ['a', 'b']],
    ['a status behind a field', ['a', 'b', ':status', '200']],
    ['a status twice', [':status', '200', ':status', '200']],
    ['a status that is none', [':status', '2000']],
    ['a switch of protocols', [':status', '101']],
    ['another pseudo-header', [':status', '200', ':path', '/']],
    ['a large name', [':status', '200', 'A', 'b']],
    ['a name that is no token', [':status', '200', 'a b', 'c']],
    ['an empty name', [':status', '200', '', 'c']],
    ['a line break', [':status', '200', 'a', 'b\r\nc: d']],
    ['a control character', [':status', '200', 'a', '\u0001']],
    ['a field of connections', [':status', '200', 'transfer-encoding', 'chunked']],
    ['two lengths', [':status', '200', 'content-length', '1', 'content-length', '1']],
    ['a length that is none', [':status', '200', 'content-length', '+1']],
  ])('takes no head with %s', (_what, fields) => {
    expect(answerFields(fields)).toBeNull();
  });
});

describe('areRegular()', () => {
  it('takes trailers, and no pseudo-header among them', () => {
    expect(areRegular(['grpc-status', '0', 'x-bin', 'AAEC'])).toBe(true);
    expect(areRegular([':status', '200'])).toBe(false);
  });
});
