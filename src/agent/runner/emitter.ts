import type { RunnerEvent, RunnerSide } from '../../wire/runner.ts';

/** Tells the daemon what happens, in order, and no faster than it takes it. */
export interface Emitter {
  emit(event: RunnerEvent): void;
  /** Resolves when all of it was taken. */
  flush(): Promise<void>;
}

export function makeEmitter(side: Pick<RunnerSide, 'emit'>): Emitter {
  let waiting: RunnerEvent[] = [];
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await side.emit(batch);
    }
    sending = undefined;
  }

  return {
    emit(event) {
      const last = waiting.at(-1);
      if (event.type === 'text' && last?.type === 'text') {
        waiting[waiting.length - 1] = { type: 'text', text: last.text + event.text };
      } else waiting.push(event);
      sending ??= send();
    },
    flush: () => sending ?? Promise.resolve(),
  };
}
