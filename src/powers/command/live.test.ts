import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { UseContext } from '../../ocap/live.ts';
import { RUNNING_MAX, UNREAD_BYTES_MAX } from './limits.ts';
import { type BoxedProgram, type CommandSpec, openCommand } from './live.ts';
import { commandPower } from './power.ts';

/** A box in name only: it runs until it is killed, and writes what a test writes. */
function fakeBox() {
  const started: (BoxedProgram & { spec: CommandSpec; killed: boolean; out: PassThrough })[] = [];
  const start = (spec: CommandSpec): BoxedProgram => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    let end = (_: { status: number }): void => {};
    const done = new Promise<{ status: number }>((resolve) => {
      end = resolve;
    });
    const program = {
      ...{
        stdin: spec.input ? new PassThrough() : null,
        stdout: out,
        stderr: err,
        done,
        spec,
        out,
      },
      killed: false,
      signal() {},
      kill() {
        program.killed = true;
        out.end();
        err.end();
        end({ status: 137 });
      },
    };
    started.push(program);
    return program;
  };
  return { started, start };
}

const context = (signal = new AbortController().signal): UseContext => ({
  narrowings: [],
  signal,
  spend() {},
});

const config = commandPower.readConfig('git -C /srv -- env=A=1');

describe('openCommand()', () => {
  it('starts what was judged, behind what the power puts first', () => {
    const box = fakeBox();
    openCommand(config, box).call('start', [['log'], { input: true }], context());
    expect(box.started[0]?.spec).toMatchObject({
      program: 'git',
      args: ['-C', '/srv', 'log'],
      env: { A: '1' },
      input: true,
    });
  });

  it('runs so many at once, and others when these have ended', async () => {
    const box = fakeBox();
    const power = openCommand(config, box);
    const start = () => power.call('start', [[]], context());
    for (let count = 0; count < RUNNING_MAX; count += 1) start();
    expect(start).toThrow(expect.objectContaining({ code: 'limit-exceeded' }));
    box.started[0]?.kill();
    await box.started[0]?.done;
    expect(start).not.toThrow();
    power.close();
    expect(box.started.every(({ killed }) => killed)).toBe(true);
  });

  it('kills a run with its grant, and starts none for a grant that has ended', async () => {
    const box = fakeBox();
    const power = openCommand(config, box);
    const ending = new AbortController();
    const running = power.call('run', [[]], context(ending.signal));
    ending.abort();
    expect(await running).toMatchObject({ status: 137 });
    expect(box.started[0]?.killed).toBe(true);
    expect(() => power.call('start', [[]], context(ending.signal))).toThrow();
    expect(box.started).toHaveLength(1);
  });

  it('holds little of what nobody reads', async () => {
    const box = fakeBox();
    openCommand(config, box).call('start', [[]], context());
    const out = box.started[0]?.out as PassThrough;
    let written = 0;
    while (written < 10 * UNREAD_BYTES_MAX && out.write(Buffer.alloc(16_384))) {
      written += 16_384;
      await new Promise((done) => setImmediate(done));
    }
    expect(written).toBeLessThan(2 * UNREAD_BYTES_MAX);
  });
});
