import type { KernelStore, Mail } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import {
  MAIL_OPEN_ALWAYS_MAX,
  MAIL_OPEN_OF_RECEIVER_MAX,
  MAIL_OPEN_OF_SENDER_MAX,
  MAIL_PER_MINUTE_MAX,
} from './limits.ts';

/** Who floods is refused; who writes little gets through, however full the inbox is. */
export interface MailLimits {
  /** Throws `mail-full`. */
  check(mail: Pick<Mail, 'from' | 'to'>): void;
  /** Counts a mail that was sent. */
  count(mail: Pick<Mail, 'from' | 'to'>): void;
}

const MINUTE_MS = 60_000;

export function makeMailLimits(
  { mail: table }: Pick<KernelStore, 'mail'>,
  now: () => number,
): MailLimits {
  /** Times of what each sender sent in the last minute; as many senders as have sent anything. */
  const times = new Map<string, readonly number[]>();
  const recent = (from: string): readonly number[] => {
    const end = now();
    // A time ahead of the clock is one of before it was set back.
    return (times.get(from) ?? []).filter((time) => time <= end && time > end - MINUTE_MS);
  };
  return {
    check({ from, to }) {
      if (recent(from).length >= MAIL_PER_MINUTE_MAX) {
        throw new PowerboxError(
          'mail-full',
          `Cannot send more than ${MAIL_PER_MINUTE_MAX} mails in a minute.`,
          { hint: 'Wait a minute.' },
        );
      }
      const own = table.countOpen(to, from);
      const isFull =
        own >= MAIL_OPEN_ALWAYS_MAX && table.countOpen(to) >= MAIL_OPEN_OF_RECEIVER_MAX;
      if (own < MAIL_OPEN_OF_SENDER_MAX && !isFull) return;
      throw new PowerboxError(
        'mail-full',
        `Cannot send more mail to ${to}: ${own} of yours wait there.`,
      );
    },
    count({ from }) {
      times.set(from, [...recent(from), now()]);
    },
  };
}
