import { describe, expect, it } from 'vitest';
import { PowerboxError } from '../wire/errors.ts';
import { receivedError, sentError } from './send-error.ts';

describe('an error that is sent', () => {
  it('has its code, its sentence and its hint, and neither cause nor stack', () => {
    const cause = new Error('the secret is hunter2');
    const error = new PowerboxError('name-taken', 'Cannot: taken.', { hint: 'Try.', cause });
    const sent = sentError(error, () => undefined);
    expect(sent.message).toBe('[name-taken] Cannot: taken.');
    expect(sent.stack).toBe('');
    expect(Object.keys(sent)).toEqual(['code', 'hint']);
    expect(sent.cause).toBeUndefined();
    const received = receivedError(sent);
    expect(received).toMatchObject({ code: 'name-taken', message: 'Cannot: taken.', hint: 'Try.' });
  });

  it('says nothing of what nobody meant to be read', () => {
    const log: unknown[] = [];
    for (const error of [
      new Error('hunter2'),
      new TypeError('x is not a function'),
      'hunter2',
      null,
    ]) {
      const sent = sentError(error, (one) => log.push(one));
      expect(sent.message).toMatch(/^\[internal\] /);
      expect(JSON.stringify({ ...sent, message: sent.message })).not.toContain('hunter2');
    }
    expect(log).toHaveLength(4);
  });

  it.each([
    ["'a.b' is not a function.", 'method-unknown'],
    ['no such entry on exports table: 5', 'reference-closed'],
    ['Attempted to use an RPC StubHook after it was disposed.', 'reference-closed'],
    ['unknown special value: ["x"]', 'call-invalid'],
    ['Deserialization exceeded maximum allowed message depth of 9.', 'session-limit'],
  ])('names the fault of the peer: %s', (message, code) => {
    expect(sentError(new TypeError(message), () => undefined)).toMatchObject({ code });
  });

  it('is told from others when it is received', () => {
    for (const message of ['no code', '[constructor] A.', '[not-a-code] A.', 'a [usage] A.']) {
      expect(receivedError(new Error(message))).toBeUndefined();
    }
    expect(receivedError(new Error('[usage] A.\nB.'))).toMatchObject({ message: 'A.\nB.' });
  });
});
