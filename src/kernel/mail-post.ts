import type { KernelStore, Mail } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { MailEntry } from '../wire/journal-entry.ts';
import { atomically } from './atomically.ts';
import { MAIL_KEPT_MAX } from './limits.ts';
import type { MailroomParts } from './mail.ts';
import { makeMailLimits } from './mail-limits.ts';
import { type MailWaiters, makeMailWaiters } from './mail-waiters.ts';
import { shown } from './name-path.ts';

/**
 * Changes mail. Each change is one transaction with its journal row: the row is written last, and
 * without it nothing is kept.
 */
export interface PostOffice {
  /** Throws `guest-unknown`, `mail-invalid`, `mail-full`. */
  post(what: 'request' | 'send' | 'reply', mail: Mail): Mail;
  settle(what: 'resolve' | 'reject' | 'dismiss', mail: Mail, outcome: Outcome): Mail;
  /** For a change that the caller makes: a row in the words of the one who acts. */
  record(
    what: MailEntry['what'],
    mail: Mail,
    words: Pick<MailEntry, 'from' | 'to' | 'text'> & { readonly grant: string | null },
  ): void;
  readonly waiters: MailWaiters;
}

type Outcome = Pick<Mail, 'state' | 'grant' | 'answer'>;

export function makePostOffice({ store, journal, now }: MailroomParts): PostOffice {
  const limits = makeMailLimits(store, now);
  const waiters = makeMailWaiters(store);
  const record: PostOffice['record'] = (what, { id }, { from, to, text, grant }) =>
    journal({ kind: 'mail', mail: id, from, to, what, text, ...(grant === null ? {} : { grant }) });
  return {
    record,
    waiters,
    post(what, mail) {
      checkReceiver(store, mail);
      limits.check(mail);
      atomically(store, () => {
        store.mail.insert(mail);
        store.mail.prune(mail.from, MAIL_KEPT_MAX);
        record(what, mail, { ...mail, grant: mail.enclosed[0]?.grant ?? null });
      });
      limits.count(mail);
      waiters.tell(mail);
      return mail;
    },
    settle(what, mail, outcome) {
      const text = outcome.answer ?? mail.text;
      atomically(store, () => {
        store.mail.settle(mail.id, outcome.state, outcome.grant, outcome.answer);
        record(what, mail, { from: mail.to, to: mail.from, text, grant: outcome.grant });
      });
      const settled = { ...mail, ...outcome };
      waiters.answer(settled);
      return settled;
    },
  };
}

function checkReceiver(store: KernelStore, { from, to }: Mail): void {
  const receiver = store.principals.get(to);
  if (receiver === undefined || receiver.removed !== null) {
    throw new PowerboxError('guest-unknown', `Cannot send mail to "${shown(to)}".`);
  }
  if (to === from) throw new PowerboxError('mail-invalid', 'Cannot send mail to oneself.');
}
