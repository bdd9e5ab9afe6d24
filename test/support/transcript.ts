import { setTimeout as sleep } from 'node:timers/promises';

/** A command of a page, and what the page says that it prints. */
export interface Step {
  readonly command: string;
  /** Empty when the page does not show it. */
  readonly shown: readonly string[];
}

/** The steps of a `console` block: `$ ` begins a command, `> ` goes on with it after a `\`. */
export function stepsOf(block: string): readonly Step[] {
  const steps: { command: string; shown: string[] }[] = [];
  for (const line of block.trimEnd().split('\n')) {
    const last = steps.at(-1);
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), shown: [] });
    else if (last === undefined) throw new Error(`"${line}" comes before every command.`);
    else if (last.command.endsWith('\\') && line.startsWith('> ')) {
      last.command = last.command.slice(0, -1) + line.slice(2);
    } else last.shown.push(line);
  }
  return steps;
}

/** Ids that a page shows, and those that they stand for in this run. */
export type Ids = Map<string, string>;

const ID = /\b(?:bx-[a-z0-9]{8}|(?:ap|cm|dr|gr|gu|ml|pw)-[a-z0-9]{12})\b/g;

/** What differs from run to run, and how it must look all the same. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/^…/, '.*'],
  [/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d'],
  [/^\d+(?:\.\d+)?m?s\b/, '[\\d.]+ ?(?:ms|s|m)'],
  [/^\s+/, '\\s+'],
];

/** Does the line look as the page shows it? Learns what the ids of the page stand for. */
export function fits(shown: string, line: string, ids: Ids): boolean {
  const learnt: string[] = [];
  let pattern = '';
  for (let at = 0; at < shown.length; ) {
    const rest = shown.slice(at);
    const id = new RegExp(`^${ID.source}`).exec(rest)?.[0];
    const varying = VARYING.find(([form]) => form.test(rest));
    if (id !== undefined) {
      const known = ids.get(id);
      if (known === undefined) learnt.push(id);
      pattern += known ?? `(${id.slice(0, 2)}-[a-z0-9]+)`;
      at += id.length;
    } else if (varying !== undefined) {
      pattern += varying[1];
      at += varying[0].exec(rest)?.[0].length ?? 1;
    } else {
      pattern += (rest[0] as string).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
      at += 1;
    }
  }
  const match = new RegExp(`^${pattern}$`).exec(line.trimEnd());
  if (match === null) return false;
  learnt.forEach((id, index) => {
    ids.set(id, match[index + 1] as string);
  });
  return true;
}

export function withIds(command: string, ids: Ids): string {
  return command.replace(ID, (id) => ids.get(id) ?? id);
}

/** What only looks, and may be early. */
const LOOKS = /^powerbox (?:pending|inbox|logs|log) ?/;
const PATIENCE_MS = 8_000;

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/**
 * Why a step does not do what the page says; null when it does. What the page shows of a command
 * is all that it prints; a command of which nothing is shown must succeed.
 */
export async function faultOf(
  { command, shown }: Step,
  ids: Ids,
  run: (command: string) => Promise<Ran>,
): Promise<string | null> {
  const until = Date.now() + (LOOKS.test(command) ? PATIENCE_MS : 0);
  for (;;) {
    const { status, output } = await run(withIds(command, ids));
    if (shown.length === 0 && status === 0) return null;
    const lines = output.trimEnd().split('\n');
    const same =
      shown.length > 0 &&
      lines.length === shown.length &&
      shown.every((line, index) => fits(line, lines[index] as string, ids));
    if (same) return null;
    if (Date.now() >= until) {
      return `$ ${command}\n--- shown\n${shown.join('\n')}\n--- printed (${status})\n${output}`;
    }
    await sleep(100);
  }
}
