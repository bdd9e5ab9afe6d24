import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Agent,
  type AgentRun,
  farewell,
  filesWith,
  installAgent,
  keysIn,
  OTHER_HOST,
  runBare,
  runInBox,
} from './agent.ts';

const INSTALL_MS_MAX = 180_000;
const RUN_MS_MAX = 40_000;

/** What holds for every agent program, unmodified, in a box and without one. */
export function agentTests(agent: Agent): void {
  let bin = '';
  beforeAll(async () => {
    bin = await installAgent(agent);
  }, INSTALL_MS_MAX);

  describe('in a box', () => {
    let run: AgentRun;
    beforeAll(async () => {
      run = await runInBox(agent, bin);
    }, RUN_MS_MAX);
    afterAll(() => run?.close());
    boxTests(agent, () => run);
  });

  describe('without a box', () => {
    let run: AgentRun;
    beforeAll(async () => {
      run = await runBare(agent, bin);
    }, RUN_MS_MAX);
    afterAll(() => run?.close());

    it('does the same, and the key is all over the place', () => {
      const { outcome, key, place, provider } = run;
      expect(outcome, outcome.stderr).toMatchObject({ status: 0 });
      expect(outcome.stdout).toContain(farewell(key));
      expect(read(run, 'made.txt')).toBe('made\n');
      expect(filesWith(place.workspace, key)).toEqual(
        expect.arrayContaining(['env.txt', 'environ.bin']),
      );
      expect(provider.refused).toContain(`${OTHER_HOST}:443`);
    });
  });
}

function boxTests(agent: Agent, given: () => AgentRun): void {
  it('ends well, and its tool call was run in the workspace', () => {
    const { outcome, provider } = given();
    expect(outcome, outcome.stderr).toMatchObject({ status: 0 });
    expect(outcome.stdout).toContain('All is done');
    expect(read(given(), 'made.txt')).toBe('made\n');
    expect(provider.requests.filter(({ askedForTool }) => askedForTool)).toHaveLength(1);
  });

  it('is answered, because the real key arrives in its slot', () => {
    const keys = keysIn(given(), agent);
    expect(keys.length).toBeGreaterThanOrEqual(2);
    expect(new Set(keys)).toEqual(new Set([`${agent.slot[1]}${given().key}`]));
    expect(given().provider.requests.filter(({ status }) => status === 401)).toEqual([]);
  });

  it('sees a placeholder of the same shape everywhere, and never the key', () => {
    const { key, place, outcome, provider } = given();
    const placeholder = variableIn(read(given(), 'env.txt'), agent.variable);
    expect(placeholder).toHaveLength(key.length);
    expect(placeholder.startsWith(agent.keyPrefix)).toBe(true);
    expect(placeholder).not.toBe(key);
    expect(filesWith(place.workspace, placeholder)).toEqual(
      expect.arrayContaining(['env.txt', 'environ.bin']),
    );
    // The server said the key; the agent read the placeholder.
    expect(outcome.stdout).toContain(farewell(placeholder));
    const part = key.slice(agent.keyPrefix.length, -8);
    expect(filesWith(place.workspace, part)).toEqual([]);
    expect(filesWith(place.home, part)).toEqual([]);
    expect(outcome.stdout + outcome.stderr).not.toContain(part);
    // What the agent sends on of its conversation is not filled in either.
    expect(provider.requests.filter(({ body }) => body.includes(part))).toEqual([]);
  });

  it('is refused everywhere else, and the journal has it', async () => {
    const refusal = JSON.parse(read(given(), 'other.txt')) as { code?: string; error?: unknown };
    expect(JSON.stringify(refusal)).toContain('not-granted');
    const { place } = given();
    const log = await place.powerbox(['log', '--json']);
    const rows = log.stdout.trim().split('\n');
    const records = rows.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    const denied = records.filter(({ verdict }) => verdict === 'deny');
    for (const host of [OTHER_HOST, ...agent.alsoAsks]) {
      expect(denied.filter((row) => JSON.stringify(row).includes(`//${host}`))).not.toEqual([]);
    }
    const allowed = records.filter(({ verdict }) => verdict === 'allow');
    expect(allowed.every((row) => JSON.stringify(row).includes(agent.origin))).toBe(true);
    const used = allowed.filter(({ secrets }) => JSON.stringify(secrets) === `["${agent.secret}"]`);
    expect(used.length).toBeGreaterThanOrEqual(2);
    expect((await place.powerbox(['log', 'verify'])).status).toBe(0);
  });
}

function read({ place }: AgentRun, name: string): string {
  return readFileSync(join(place.workspace, name), 'utf8');
}

function variableIn(env: string, name: string): string {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(env)?.[1] ?? '';
}
