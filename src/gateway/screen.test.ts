import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HELD_BYTES_MAX, HELD_CALLS_MAX } from './limits.ts';
import { makeScreen, readCall } from './screen.ts';

const CALL = JSON.stringify(['push', ['pipeline', 0, ['whoami'], []]]);

function code(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return '';
}

describe('the screen', () => {
  it('gives each call its number as its last argument', () => {
    const screen = makeScreen();
    const message = ['push', ['pipeline', 0, ['list'], ['a', [['b']]]]];
    for (const call of [1, 2]) {
      const [, [, , , marked]] = screen.admit(JSON.stringify(message)) as [string, unknown[]] & {
        1: [string, number, string[], unknown[]];
      };
      expect(readCall(marked as unknown[])).toEqual({ call, args: ['a', [['b']]] });
    }
  });

  it('lets data through as it is, whatever words are in it', () => {
    const screen = makeScreen();
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(['push', ['pipeline', 0, ['a'], [data(value)]]]);
        const [, [, , , args]] = screen.admit(text) as [
          string,
          [string, number, string[], unknown[]],
        ];
        expect(args[0]).toEqual(JSON.parse(JSON.stringify(data(value))));
        screen.admit(JSON.stringify(['release', (args as unknown[]).at(-1), 1]));
      }),
    );
    expect(screen.held()).toBe(0);
  });

  it('never fails but with an error of its own, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(['', 'call-invalid', 'session-limit']).toContain(
          code(() => makeScreen().admit(text)),
        );
      }),
    );
  });

  it('reads a message that nests as deep as its length allows', () => {
    const depth = 500_000;
    const text = `["push",["pipeline",0,["a"],[${'['.repeat(depth)}${']'.repeat(depth)}]]]`;
    expect(['', 'call-invalid']).toContain(code(() => makeScreen().admit(text)));
  });

  it('counts calls until they are let go of', () => {
    const screen = makeScreen();
    for (let call = 1; call <= HELD_CALLS_MAX; call += 1) screen.admit(CALL);
    screen.admit('["release",1,1]');
    screen.admit(CALL);
    expect(code(() => screen.admit(CALL))).toBe('session-limit');
  });

  it('counts their bytes and those of their answers', () => {
    const screen = makeScreen();
    screen.admit(CALL);
    screen.admit(CALL);
    expect(screen.charge(1, HELD_BYTES_MAX / 2)).toBe(true);
    expect(screen.charge(2, HELD_BYTES_MAX / 2)).toBe(false);
    screen.admit('["release",1,1]');
    // The answer to a call that is gone is held by nobody.
    expect(screen.charge(1, HELD_BYTES_MAX)).toBe(true);
    expect(screen.held()).toBe(CALL.length);
    expect(screen.charge(2, HELD_BYTES_MAX / 2)).toBe(true);
  });

  it.each(['0', '-1', '0.5', '"1"', 'null', '[]'])('refuses a release of %s', (count) => {
    const screen = makeScreen();
    screen.admit(CALL);
    expect(code(() => screen.admit(`["release",1,${count}]`))).toBe('call-invalid');
  });
});

/** As the protocol writes plain data: a list is a list within a list. */
function data(value: unknown): unknown {
  if (Array.isArray(value)) return [value.map(data)];
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, data(item)]));
}
