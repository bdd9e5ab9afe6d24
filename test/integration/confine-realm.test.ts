import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openConfined } from '../support/confined.ts';
import { ROOT } from '../support/repository.ts';

const LIBRARY = pathToFileURL(join(ROOT, 'dist/confine/library.js')).href;

/** What a program in a process of its own prints as JSON. */
function run(body: string, env: NodeJS.ProcessEnv = {}): unknown {
  const program = `${body.replaceAll('LIBRARY', JSON.stringify(LIBRARY))}
    process.stdout.write(JSON.stringify(result));`;
  const args = ['--input-type=module', '-e', program];
  const printed = execFileSync(process.execPath, args, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(printed);
}

describe('lockdown', () => {
  it('is asked for before anything that stands on it', () => {
    const result = run(`
      const library = await import(LIBRARY);
      const code = (work) => { try { work(); return 'done'; } catch (error) { return [error.code, error.message]; } };
      const result = [
        code(() => library.harden({})), code(() => library.compartment()),
        code(() => library.Far('x', {})), Object.isFrozen(Object.prototype),
        code(() => library.lockdown()), code(() => library.lockdown()), Object.isFrozen(Object.prototype),
        code(() => library.harden({})), typeof Promise.withResolvers,
      ];`);
    const message = (what: string): unknown => [
      'not-locked-down',
      `Cannot ${what}: call lockdown() first.`,
    ];
    expect(result).toEqual([
      message('harden'),
      message('make a compartment'),
      message('harden'),
      false,
      'done',
      'done',
      true,
      'done',
      'function',
    ]);
  });

  it('is not taken for done when something else did it', () => {
    const result = run(`
      const { lockdown } = await import(LIBRARY);
      globalThis.lockdown({ errorTaming: 'unsafe', reporting: 'none' });
      let result;
      try { lockdown(); } catch (error) { result = error.code; }`);
    expect(result).toBe('not-locked-down');
  });

  it('does not ask the environment how strict it is', () => {
    const result = run(
      `
      const { lockdown, harden, compartment } = await import(LIBRARY);
      lockdown();
      const result = [Object.isFrozen(harden({})), await compartment().evaluate('new Error().stack')];`,
      { LOCKDOWN_HARDEN_TAMING: 'unsafe', LOCKDOWN_ERROR_TAMING: 'unsafe' },
    );
    expect(result).toEqual([true, '']);
  });

  it('leaves nobody a hook into the stacks of others, by any class of errors', () => {
    // What code does with an error of a host's class that reaches it.
    const attack = `(fail) => {
      const found = [];
      try { fail(); } catch (error) {
        for (let at = error.constructor; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
          try {
            at.prepareStackTrace = (_error, frames) => { found.push('frames of ' + frames.length); return ''; };
          } catch {}
          try { at.stackTraceLimit = 77; } catch {}
        }
      }
      try { null.x; } catch (error) { error.stack; }
      new Error('x').stack;
      return found;
    }`;
    const program = (lock: string): string => `
      class Before extends Error {}
      ${lock}
      class After extends Error {}
      const fail = [() => { throw new Before(); }, () => { throw new After(); }];
      const attack = ${attack};
      const found = ROOM ? await Promise.all(fail.map((one) =>
        ROOM({ endowments: { fail: one } }).evaluate('(' + ${JSON.stringify(attack)} + ')(fail)'))) : fail.map(attack);
      Error.prepareStackTrace = () => 'hooked';
      new Error('x').stack;
      const result = [found.flat().length > 0, Error.stackTraceLimit === 77];`;
    const locked = `const { lockdown, compartment: ROOM } = await import(LIBRARY); lockdown();`;
    expect(run(program(locked))).toEqual([false, false]);
    // The control: without ours, and with lockdown alone, it works.
    expect(run(program('const ROOM = undefined;'))).toEqual([true, true]);
    const ses = JSON.stringify(pathToFileURL(join(ROOT, 'node_modules/ses/index.js')).href);
    const alone = `await import(${ses}); globalThis.lockdown({ reporting: 'none' }); const ROOM = undefined;`;
    expect(run(program(alone))).toEqual([true, true]);
  });

  it('tells of rejections that nobody waits for, and lives on', async () => {
    const confined = await openConfined();
    try {
      const value = await confined.run(async ({ compartment }) => {
        await compartment().evaluate(`
          Promise.reject(new TypeError('left alone'));
          Promise.reject({ [Symbol.for('nodejs.util.inspect.custom')]() { throw 1; } });
          1`);
        await new Promise((resolve) => setTimeout(resolve, 10));
        return 'alive';
      });
      expect(value).toBe('alive');
      expect(confined.unhandled).toEqual([
        'A promise was rejected, and nobody waits for it: TypeError: left alone',
        'A promise was rejected, and nobody waits for it: {}',
      ]);
    } finally {
      confined.close();
    }
  });

  it('lets programs be written as anywhere', async () => {
    const confined = await openConfined();
    try {
      const value = await confined.run(({ compartment }) =>
        compartment().evaluate(`
          const error = new Error('a'); error.name = 'Mine'; error.message = 'b';
          const counts = {};
          for (const word of ['constructor', 'toString', 'valueOf', 'constructor']) {
            counts[word] = (Object.hasOwn(counts, word) ? counts[word] : 0) + 1;
          }
          function Old() {} Old.prototype.toString = () => 'old';
          class Kind extends Map { get(key) { return key; } }
          const map = new Map(); map.get = () => 'own';
          ({ error: String(error), counts: JSON.stringify(counts), old: String(new Old()), kind: new Kind().get(1), map: map.get() })`),
      );
      expect(value).toEqual({
        error: 'Mine: b',
        counts: '{"constructor":2,"toString":1,"valueOf":1}',
        old: 'old',
        kind: 1,
        map: 'own',
      });
    } finally {
      confined.close();
    }
  });
});
