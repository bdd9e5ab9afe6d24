import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { KITS } from '../../kits/kits.ts';
import type { CliContext } from '../context.ts';
import { kitCommand } from './kit.ts';

async function run(...args: string[]): Promise<readonly string[]> {
  const out: string[] = [];
  const context: CliContext = {
    env: {},
    cwd: '/',
    stdin: Readable.from([]),
    colour: false,
    home: () => {
      throw new Error('Kits need no home.');
    },
    out: (line) => void out.push(line),
    err: () => {},
    daemon: () => Promise.reject(new Error('no daemon')),
    exit: () => {},
    close: () => {},
  };
  await kitCommand(context).exitOverride().parseAsync(args, { from: 'user' });
  return out;
}

describe('powerbox kit', () => {
  it('lists every kit, one a line', async () => {
    const lines = await run('ls');
    expect(lines).toHaveLength(KITS.length + 1);
    expect(lines[2]).toMatch(/^codex +Codex CLI +CODEX_API_KEY, OPENAI_API_KEY$/);
  });

  it('shows what a kit allows, copies, makes and sets', async () => {
    const text = (await run('show', 'codex')).join('\n');
    expect(text).toContain('OPENAI_API_KEY (shown as CODEX_API_KEY too)');
    expect(text).toMatch(/^allows +GET,POST https:\/\/api\.openai\.com\/v1\/responses$/m);
    expect(text).toMatch(/^copies +~\/\.codex\/config\.toml$/m);
    expect(text).toMatch(/^makes +~\/\.codex\/auth\.json$/m);
    expect((await run('show', 'pi')).join('\n')).toMatch(/^sets +PI_SKIP_VERSION_CHECK=1$/m);
  });

  it('gives one object a line with --json', async () => {
    expect((await run('ls', '--json')).map((line) => JSON.parse(line))).toEqual(KITS);
    expect((await run('show', 'pi', '--json')).map((line) => JSON.parse(line).name)).toEqual([
      'pi',
    ]);
  });

  it('refuses a kit that there is not', async () => {
    await expect(run('show', 'vim')).rejects.toMatchObject({ code: 'usage' });
  });
});
