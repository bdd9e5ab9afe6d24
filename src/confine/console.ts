import type { ConsoleSink } from './contract.ts';
import { inspectAll } from './inspect.ts';
import { freezeRecord } from './realm.ts';

/** The methods of `console` that write, and the level of each. */
const LEVELS = {
  debug: 'debug',
  dir: 'log',
  error: 'error',
  group: 'log',
  groupCollapsed: 'log',
  info: 'info',
  log: 'log',
  table: 'log',
  trace: 'debug',
  warn: 'warn',
} as const;

/** A `console` for one compartment. What the sink throws stays with the sink. */
export function makeConsole(sink: ConsoleSink): object {
  const made: Record<string, (...args: readonly unknown[]) => void> = {};
  for (const [name, level] of Object.entries(LEVELS)) {
    made[name] = (...args) => write(sink, level, inspectAll(args));
  }
  made.groupEnd = () => {};
  made.assert = (holds: unknown, ...args: readonly unknown[]) => {
    if (!holds) write(sink, 'error', `Assertion failed: ${inspectAll(args)}`);
  };
  return freezeRecord(made);
}

/** A line that the compartment itself writes. */
export function write(sink: ConsoleSink, level: Parameters<ConsoleSink>[0], text: string): void {
  try {
    sink(level, text);
  } catch {
    // Its error is an object of the host, which no code may be handed.
  }
}
