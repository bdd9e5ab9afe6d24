import type { Connection } from './connection.ts';
import { REFUSAL_DELAY_MS_MAX } from './limits.ts';
import type { Refusal } from './refusal.ts';

/** Refuses what never became a judged request: its row, then `answer`, at the box's pace. */
export function refuseConnection(
  connection: Connection,
  refusal: Refusal,
  answer: () => void,
): void {
  const { box, port, declared, address } = connection;
  const name = declared?.host ?? address;
  const place = name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
  // A program may name a host as it likes, after a value of a secret too.
  const target = box.leaks.recordable(place);
  const reason = box.leaks.recordable(refusal.reason);
  const act = () => {
    box.recorder.note({
      kind: 'connection',
      box: box.config.box,
      target,
      verdict: 'deny',
      code: refusal.code,
      reason,
    });
    box.tellRefused(target, `${target} was refused: ${reason}`);
    answer();
  };
  const delay = box.refusals.count();
  if (delay === 0) act();
  else if (delay < REFUSAL_DELAY_MS_MAX) box.later(act, delay);
  else {
    box.recordFlood(target);
    answer();
  }
}
