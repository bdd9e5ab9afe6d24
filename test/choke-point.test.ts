import { describe, expect, it } from 'vitest';
import { readRepositoryFile, repositoryFiles } from './support/repository.ts';

const SOURCES = repositoryFiles().filter((file) => /^src\/.*(?<!\.test)\.ts$/.test(file));

/** The files whose text has this, in order. */
function filesWith(pattern: RegExp): string[] {
  return SOURCES.filter((file) => pattern.test(readRepositoryFile(file))).sort();
}

describe('the one choke point', () => {
  it('is the only place that judges, and the only one that fills slots', () => {
    // What guards the objects of the library's users, and what compares policies, opens nothing.
    const judging = filesWith(/\bjudge\(/).filter(
      (file) => !/^src\/(?:confine|policy)\//.test(file),
    );
    expect(judging).toEqual(['src/egress/decide.ts', 'src/egress/model-grants.ts']);
    expect(filesWith(/\bjudgeModel\(/)).toEqual([
      'src/egress/decide.ts',
      'src/egress/model-grants.ts',
    ]);
    expect(filesWith(/\bdecide\(/).filter((file) => file.startsWith('src/egress/'))).toEqual([
      'src/egress/decide.ts',
      'src/egress/use.ts',
    ]);
    // A message over a WebSocket is judged under the one grant that its use has.
    expect(filesWith(/\bjudgeGrant\(httpKind/)).toEqual([
      'src/egress/decide.ts',
      'src/egress/use-message.ts',
    ]);
    expect(filesWith(/\bfillMessage\(/)).toEqual([
      'src/egress/credentials/fill-message.ts',
      'src/egress/use-message.ts',
    ]);
    // The fetcher is the daemon's own way out: what it is told was judged by the kernel's `use`.
    expect(filesWith(/\bfillSlots\(/)).toEqual([
      'src/egress/credentials/fill-slots.ts',
      'src/egress/fetch/exchange.ts',
      'src/egress/use.ts',
    ]);
  });

  it('fills each kind of slot through that one place', () => {
    // What reads a value to put it somewhere lies beside it, and is called from there alone.
    const fillers = /\b(fill(Headers|Cookies|Query|Path|Body|Form|Json)|heldBy[A-Z]\w*)\(/;
    expect(filesWith(fillers).length).toBeGreaterThan(5);
    for (const file of filesWith(fillers)) expect(file).toMatch(/^src\/egress\/credentials\//);
  });

  it('is passed by everything that reaches an upstream', () => {
    expect(filesWith(/from '(\.\/|\.\.\/|\.\/upstream\/|\.\.\/upstream\/)dial\.ts'/)).toEqual([
      'src/egress/upstream/options.ts',
      'src/egress/upstream/pools.ts',
      'src/egress/upstream/send-http1.ts',
      'src/egress/upstream/send.ts',
      'src/egress/upstream/sessions.ts',
      'src/egress/upstream/upstream.ts',
      'src/egress/upstream/websocket-stream.ts',
      'src/egress/websocket/open-upstream.ts',
    ]);
    // Kept connections are used by `send` and `openWebsocketStream` alone, and what calls those
    // was given a use, or the job of the daemon's fetcher.
    expect(filesWith(/\bsendHttp1\(/)).toEqual([
      'src/egress/upstream/send-http1.ts',
      'src/egress/upstream/upstream.ts',
    ]);
    expect(filesWith(/\bsendHttp2\(/)).toEqual([
      'src/egress/upstream/send-http2.ts',
      'src/egress/upstream/upstream.ts',
    ]);
    expect(filesWith(/\.openWebsocketStream\(/)).toEqual([
      'src/egress/upstream/pools.ts',
      'src/egress/websocket/open-upstream.ts',
    ]);
    expect(filesWith(/upstreams\.send\(/)).toEqual([
      'src/egress/exchange/exchange.ts',
      'src/egress/fetch/exchange.ts',
    ]);
    expect(filesWith(/\bforward\(box/)).toEqual([
      'src/egress/exchange/exchange.ts',
      'src/egress/exchange/serve.ts',
    ]);
    expect(filesWith(/\bopenUpstream\(box/)).toEqual(['src/egress/websocket/exchange.ts']);
    expect(filesWith(/(?<!function )\bforwardSocket\(/)).toEqual([
      'src/egress/websocket/serve-socket.ts',
    ]);
    // A use can be had from useHttp alone, and both ways out take one.
    expect(filesWith(/await useHttp\(/)).toEqual([
      'src/egress/exchange/serve.ts',
      'src/egress/websocket/serve-socket.ts',
    ]);
    expect(readRepositoryFile('src/egress/exchange/serve.ts')).toContain(
      'forward(box, target, result.use, caller)',
    );
    expect(readRepositoryFile('src/egress/websocket/serve-socket.ts')).toContain(
      'forwardSocket(box, target, result.use, caller)',
    );
  });

  it('writes the row before it gives a use away', () => {
    const use = readRepositoryFile('src/egress/use.ts');
    expect(use.indexOf('await decide(')).toBeLessThan(use.indexOf('fillSlots('));
    expect(use.indexOf('fillSlots(')).toBeLessThan(use.indexOf('await box.recorder.write('));
    expect(use.indexOf('await box.recorder.write(')).toBeLessThan(use.indexOf('ok: true,'));
  });

  it('is the only place in which a power is called', () => {
    // What a kind makes is called by `call`, with the context that only the kernel can make.
    expect(filesWith(/\bopenUse\(/)).toEqual(['src/kernel/open-use.ts', 'src/kernel/use.ts']);
    expect(filesWith(/\.call\([^)]*\.context\)/)).toEqual(['src/kernel/use.ts']);
    const use = readRepositoryFile('src/kernel/use.ts');
    const order = [
      'judgeUse(parts',
      'askHost(parts',
      'budgets.spend(',
      'recorder.allow(',
      'perform(',
    ];
    const found = order.map((step) => use.indexOf(step));
    expect(found).not.toContain(-1);
    expect(found).toEqual([...found].sort((a, b) => a - b));
  });

  it('dials nowhere but in dial.ts', () => {
    const dialling = /\b(netConnect|tlsConnect|createConnection|fetch)\(|from 'node:https'/;
    expect(filesWith(dialling).filter((file) => file.startsWith('src/egress/'))).toEqual([
      'src/egress/upstream/dial.ts',
    ]);
  });
});
