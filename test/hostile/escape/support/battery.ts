import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Attempt, PRELUDE } from '../attempt.ts';

const RUNNER = new URL('./run-battery.mjs', import.meta.url).pathname;

/** Longest silence before the process is held to hang in the attempt that it began. */
const SILENCE_MS = 40_000;

export interface Outcome {
  readonly attempt: Attempt;
  /** What shows that it got through; empty when nothing does. */
  readonly evidence: readonly string[];
  /** Why none of it was run, for example `source-invalid`. */
  readonly refusal: string | null;
  /** False when the process ended or hung in the middle of it. */
  readonly finished: boolean;
}

/** Runs all in processes of their own; one that dies or hangs is followed by another. */
export async function runBattery(
  attempts: readonly Attempt[],
  world: string,
  words: readonly string[] = [],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < attempts.length) {
    const rest = attempts.slice(outcomes.length);
    outcomes.push(...(await runSome(rest, world, words)));
  }
  return outcomes;
}

/** The outcomes up to the end, or up to the one that the process did not outlive. */
async function runSome(
  attempts: readonly Attempt[],
  world: string,
  words: readonly string[],
): Promise<readonly Outcome[]> {
  const child = spawn(process.execPath, [RUNNER, world, ...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => {
    told = `${told}${chunk.toString()}`.slice(-2_000);
  });
  child.stderr.on('error', () => {});
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify({ attempts, prelude: PRELUDE }));
  const outcomes: Outcome[] = [];
  let begun = -1;
  const watchdog = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS);
  for await (const line of createInterface({ input: child.stdout })) {
    watchdog.refresh();
    const said = lineOf(line);
    if (said?.fault !== undefined) throw new Error(`The battery broke: ${said.fault}`);
    if (said?.begun !== undefined) begun = said.begun;
    const attempt = said?.at === outcomes.length ? attempts[said.at] : undefined;
    if (attempt === undefined) continue;
    outcomes.push({
      attempt,
      evidence: said?.evidence ?? [],
      refusal: said?.refusal ?? null,
      finished: true,
    });
  }
  clearTimeout(watchdog);
  const unfinished = attempts[outcomes.length];
  if (unfinished === undefined) return outcomes;
  if (begun < outcomes.length) throw new Error(`The battery did not begin: ${told}`);
  return [...outcomes, { attempt: unfinished, evidence: [], refusal: null, finished: false }];
}

interface Line {
  readonly begun?: number;
  readonly fault?: string;
  readonly at?: number;
  readonly evidence?: readonly string[];
  readonly refusal?: string | null;
}

/** Null for what an attempt printed itself. */
function lineOf(line: string): Line | null {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return null;
  }
}
