import type { WorkerBox } from '../../boxes/compartment/start.ts';
import type { SessionObject } from '../../gateway/agents-side.ts';
import type { Compartment } from '../../gateway/compartments/compartment.ts';
import type { Session } from '../../gateway/session.ts';
import type { AgentEnd, AgentEvent } from '../../wire/agent.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { JournalEntry } from '../../wire/journal-entry.ts';
import { type EventLog, makeEventLog } from './event-log.ts';
import { HEARD_CHARS_MAX } from './limits.ts';

/** What a run is of, and what it may take. */
export interface RunSpec {
  readonly guest: string;
  readonly name: string;
  readonly steps: number;
  readonly timeMs: number;
  /** How many agents are above it. */
  readonly depth: number;
}

/** What a run needs of the daemon. */
export interface RunParts {
  readonly spec: RunSpec;
  startRunner(): Promise<WorkerBox>;
  /** The session with a runner; `door` makes what it begins with. */
  openSession(box: WorkerBox, door: (session: Session) => SessionObject): Session;
  door(session: Session): SessionObject;
  /** Called once, when nothing of it runs any more, before anybody hears of the end. */
  over(end: AgentEnd): void;
}

export interface RunSpent {
  readonly tokens: number;
  readonly microdollars: number;
}

/** A model at work, from its task to its end. */
export interface Run {
  readonly spec: RunSpec;
  readonly log: EventLog;
  readonly ended: Promise<AgentEnd>;
  isOver(): boolean;
  /** Those that it started. */
  readonly below: Set<Run>;
  /** How many it has asked for, and how many of those are not over. */
  readonly subs: { made: number; going: number };
  /** Counts a compartment as its own, to be ended with it. */
  own(made: Compartment): void;
  /** Starts its runner. Rejects when that fails; the run is over then. */
  begin(): Promise<void>;
  /** Counts one more answer of the model; throws when there were enough. */
  step(): void;
  spend(spent: RunSpent): void;
  spent(): RunSpent;
  hear(line: string): void;
  /** What was heard since this was asked last. */
  heard(): string;
  /**
   * Ends it, with all that it started. What can still do something is killed before this returns;
   * resolves when all of it is gone.
   */
  finish(why: AgentEnd['why'], reason: string): Promise<void>;
}

export function makeRun(parts: RunParts): Run {
  const { spec } = parts;
  const log = makeEventLog();
  const below = new Set<Run>();
  const owned = new Set<Compartment>();
  const counts = { steps: 0, tokens: 0, microdollars: 0 };
  const runner = makeRunner(parts);
  let timer: NodeJS.Timeout | undefined;
  let ending: Promise<void> | undefined;
  let tellEnded = (_: AgentEnd): void => undefined;
  const ended = new Promise<AgentEnd>((resolve) => {
    tellEnded = resolve;
  });

  function finish(why: AgentEnd['why'], reason: string): Promise<void> {
    ending ??= end({ why, reason, ...counts });
    return ending;
  }

  async function end(words: AgentEnd): Promise<void> {
    clearTimeout(timer);
    const error = new PowerboxError('compartment-ended', `The run has ended: ${words.reason}`);
    const gone = runner.kill(error);
    const left = [...owned].map((made) => made.end(error));
    const stopped = [...below].map((one) => one.finish('stopped', 'What started it has ended.'));
    parts.over(words);
    log.add({ type: 'ended', end: words });
    tellEnded(words);
    await Promise.all([gone, ...left, ...stopped]);
  }

  return {
    ...{ spec, log, ended, below, finish },
    subs: { made: 0, going: 0 },
    ...makeHeard(),
    isOver: () => ending !== undefined,
    own(made) {
      for (const one of owned) if (one.isOver()) owned.delete(one);
      owned.add(made);
      // It was on its way when the run ended.
      if (ending !== undefined) {
        void made.end(new PowerboxError('compartment-ended', 'The run has ended.'));
      }
    },
    async begin() {
      timer = setTimeout(() => {
        void finish('time', `The run took longer than ${Math.round(spec.timeMs / 1_000)} s.`);
      }, spec.timeMs);
      try {
        await runner.start((reason) => void finish('failed', reason));
      } catch (error) {
        const reason = PowerboxError.is(error) ? error.message : 'Its runner did not start.';
        await finish('failed', reason);
        throw error;
      }
    },
    step() {
      if (counts.steps >= spec.steps) {
        throw new PowerboxError('limit-exceeded', 'Cannot go on: all steps of this run are done.');
      }
      counts.steps += 1;
    },
    spend({ tokens, microdollars }) {
      counts.tokens += tokens;
      counts.microdollars += microdollars;
    },
    spent: () => ({ tokens: counts.tokens, microdollars: counts.microdollars }),
  };
}

interface Runner {
  /** `lost` is told when the process ends that nobody killed. */
  start(lost: (reason: string) => void): Promise<void>;
  /** At once, with the session and all that was made in it; also one that is only on its way. */
  kill(error: PowerboxError): Promise<unknown>;
}

function makeRunner(parts: RunParts): Runner {
  let box: WorkerBox | undefined;
  let session: Session | undefined;
  let killed = false;
  return {
    async start(lost) {
      box = await parts.startRunner();
      if (killed) {
        await box.kill();
        return;
      }
      session = parts.openSession(box, parts.door);
      void box.ended.then(({ why, status }) => {
        const gone = `its process is gone, with status ${status}`;
        const how = why === 'memory' ? 'it used too much memory' : gone;
        lost(`The runner of the model has ended: ${how}.`);
      });
    },
    async kill(error) {
      killed = true;
      const gone = box?.kill();
      session?.end(error);
      await gone;
    },
  };
}

/** Lines of a console until they are asked for, and how many more there were. */
function makeHeard(): Pick<Run, 'hear' | 'heard'> {
  let lines: string[] = [];
  let chars = 0;
  let more = 0;
  return {
    hear(line) {
      // An empty line takes room as well.
      chars += line.length + 1;
      if (chars > HEARD_CHARS_MAX) more += 1;
      else lines.push(line);
    },
    heard() {
      const rest = more === 0 ? [] : [`(and ${more} more lines)`];
      const text = [...lines, ...rest].join('\n');
      lines = [];
      chars = 0;
      more = 0;
      return text;
    },
  };
}

/** A row of the record as those who look on at a run are shown it; undefined for what they are not. */
export function eventsOf(
  entry: JournalEntry,
  name: string,
  kindOf: (grant: string) => string,
): readonly AgentEvent[] {
  switch (entry.kind) {
    case 'use': {
      const { calls = [entry.call], verdict, reason = null } = entry;
      // An answer of a model is read on hundreds of times; that it was asked for is shown.
      const isModel = kindOf(entry.grant) === 'model';
      return calls
        .filter((call) => !(isModel && call.startsWith('read on from ')))
        .map((call) => ({ type: 'use', guest: name, call, verdict, reason }));
    }
    case 'console':
      return [{ type: 'console', guest: name, level: entry.level, text: entry.text }];
    case 'mail':
      if (entry.what !== 'request') return [];
      return [{ type: 'request', id: entry.mail, guest: name, text: entry.text }];
    default:
      return [];
  }
}
