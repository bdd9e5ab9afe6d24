import type { AgentEvent } from '../../wire/agent.ts';
import {
  EVENTS_CHARS_MAX,
  EVENTS_MAX,
  EVENTS_PER_READ_MAX,
  EVENTS_READ_CHARS_MAX,
} from './limits.ts';

/** What happened in a run, for whoever looks on, now or later. */
export interface EventLog {
  add(event: AgentEvent): void;
  /** Those after the first `count`; waits until there is one, or there will be none. */
  after(count: number): Promise<readonly AgentEvent[]>;
}

export function makeEventLog(): EventLog {
  const events: { readonly event: AgentEvent; readonly chars: number }[] = [];
  const readers = new Set<() => void>();
  let chars = 0;
  let full = false;
  let ended = false;

  function push(event: AgentEvent): void {
    const size = JSON.stringify(event).length;
    chars += size;
    events.push({ event, chars: size });
  }

  return {
    add(event) {
      if (ended) return;
      ended = event.type === 'ended';
      if (ended || (events.length < EVENTS_MAX && chars < EVENTS_CHARS_MAX)) push(event);
      else if (!full) {
        full = true;
        const text = 'More happens than is shown here; `powerbox log` has every use.';
        push({ type: 'console', guest: '', level: 'warn', text });
      }
      for (const wake of [...readers]) wake();
    },
    async after(count) {
      if (events.length <= count && !ended) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            readers.delete(wake);
            resolve();
          };
          readers.add(wake);
        });
      }
      const found: AgentEvent[] = [];
      let size = 0;
      for (const one of events.slice(count, count + EVENTS_PER_READ_MAX)) {
        size += one.chars;
        if (size > EVENTS_READ_CHARS_MAX && found.length > 0) break;
        found.push(one.event);
      }
      return found;
    },
  };
}
