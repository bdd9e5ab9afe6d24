import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Confined, openConfined } from '../support/confined.ts';
import { ODD_PROGRAMS } from '../support/odd-programs.ts';

let confined: Confined;

beforeAll(async () => {
  confined = await openConfined();
});

afterAll(() => {
  confined.close();
});

describe('source in a realm that is locked down', () => {
  it('means what it means elsewhere, however odd it is', async () => {
    const codes = ODD_PROGRAMS.map(([code]) => code);
    const came = await confined.run(async ({ compartment }, programs: readonly string[]) => {
      const found: unknown[] = [];
      for (const code of programs) {
        const endowments = { give: 7, log: (...args: unknown[]) => args };
        const room = compartment({ endowments });
        found.push(await room.evaluate(code).catch(() => null));
      }
      return found;
    }, codes);
    expect(came).toEqual(ODD_PROGRAMS.map(([, value]) => value));
  });

  it('may be modules, TypeScript, long, and nested too deeply in turn', async () => {
    const came = await confined.run(async ({ compartment }) => {
      const room = compartment();
      const modules = {
        './a.ts': 'export let a: number = 1; export const up = (): void => { a += 1; };',
        './b.js': "export * from './a.js'; export default await import('./a.js');",
      };
      const code = "import ns, { a, up } from './b.js'; up(); [a, ns.a, typeof up] as unknown";
      const long = Array.from({ length: 10_000 }, (_, at) => `const n${at}: number[] = [${at}];`);
      const text = `${long.join('\n')} n9999[0]`;
      const found: unknown[] = [await room.evaluate({ code, modules, file: 'task.ts' })];
      for (const typed of [text, `${'('.repeat(20_000)} as`, text]) {
        const language = 'ts' as const;
        const failed = (error: { code?: string }): unknown => error.code;
        found.push(await room.evaluate({ code: typed, language }).catch(failed));
      }
      return found;
    });
    expect(came).toEqual([[2, 2, 'function'], 9999, 'source-invalid', 9999]);
  });

  it('gets no object of ours with an error that it is told', async () => {
    const came = await confined.run(async ({ compartment }) => {
      const code = `const told = await import('./no.js').catch((error) => error);
[Object.getPrototypeOf(told) === Error.prototype, Object.keys(told), told.code]`;
      return compartment().evaluate(code);
    });
    expect(came).toEqual([true, ['code'], 'module-missing']);
  });
});
