import type { KernelStore, Mail } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { JournalEntry } from '../wire/journal-entry.ts';
import { atomically } from './atomically.ts';
import { newId } from './ids.ts';
import { HOST } from './kernel.ts';
import { MAIL_LISTED_MAX } from './limits.ts';
import { makePostOffice } from './mail-post.ts';
import { checkEnclosed, checkText, readAsk } from './mail-words.ts';
import { shown } from './name-path.ts';
import type { Names } from './names.ts';

/** Mail between principals, with the verbs of Endo. */
export interface Mailroom {
  /** Asks somebody (the host, when left out) for a power. Throws `mail-invalid`, `mail-full`. */
  request(from: string, ask: RequestAsk): Mail;
  /** Newest first. */
  inbox(holder: string): readonly Mail[];
  /** What the holder sent, newest first. */
  sent(holder: string): readonly Mail[];
  /** One that `holder` sent or was sent. Throws `mail-unknown`. */
  read(holder: string, id: string): Mail;
  /**
   * Answers a request with a grant that was made for it: `grant` must be from the holder of the
   * mail to its sender. Throws `mail-decided` when it was answered before.
   */
  resolve(holder: string, id: string, grant: string): Mail;
  reject(holder: string, id: string, reason: string): Mail;
  dismiss(holder: string, id: string): Mail;
  /** Sends words, and grants that were made for the receiver. */
  send(
    from: string,
    to: string,
    text: string,
    enclosed: Mail['enclosed'],
    replyTo?: string | null,
  ): Mail;
  /** Takes an enclosed grant under a name of one's own. Returns the path. */
  adopt(holder: string, id: string, enclosed: string, path: string): string;
  /** Resolves when the request has been answered; rejects when the signal ends. */
  answered(id: string, signal: AbortSignal): Promise<Mail>;
  /** Calls back for each new mail to a principal. */
  onMail(listener: (mail: Mail) => void): void;
}

export interface RequestAsk {
  readonly to?: string;
  readonly kind: string;
  /** What for, in the asker's words. */
  readonly text: string;
  /** The power that is meant, as a person writes it, for example a rule of http. */
  readonly power?: string | null;
  readonly only?: readonly string[];
}

export interface MailroomParts {
  readonly store: KernelStore;
  readonly names: Names;
  /** Appends a row; when it throws, nothing is sent or answered. */
  readonly journal: (entry: JournalEntry) => void;
  readonly now: () => number;
  isHeldBy(grant: string, holder: string): boolean;
  givenBy(grant: string): string | undefined;
}

/** Every principal comes from the session that speaks, so nobody writes in another's name. */
export function makeMailroom(parts: MailroomParts): Mailroom {
  const { store, names, now } = parts;
  const { post, settle, record, waiters } = makePostOffice(parts);
  return {
    request: (from, ask) =>
      post('request', { ...newMail(from, ask.to ?? HOST, now()), ...readAsk(ask) }),
    inbox: (holder) => store.mail.to(holder, MAIL_LISTED_MAX),
    sent: (holder) => store.mail.from(holder, MAIL_LISTED_MAX),
    read: (holder, id) => readMail(store, holder, id),
    resolve(holder, id, grant) {
      const mail = openRequest(store, holder, id);
      checkGiven(parts, grant, holder, mail.from);
      return settle('resolve', mail, { state: 'resolved', grant, answer: null });
    },
    reject(holder, id, reason) {
      const mail = openRequest(store, holder, id);
      const answer = checkText('the reason', reason);
      return settle('reject', mail, { state: 'rejected', grant: null, answer });
    },
    dismiss(holder, id) {
      const mail = openMail(store, holder, id);
      return settle('dismiss', mail, { state: 'dismissed', grant: null, answer: null });
    },
    send(from, to, text, enclosed, replyTo = null) {
      const words = { text: checkText('the text', text), enclosed: checkEnclosed(enclosed) };
      for (const { grant } of words.enclosed) checkGiven(parts, grant, from, to);
      if (replyTo !== null) checkThread(readMail(store, from, replyTo), from, to);
      const what = replyTo === null ? 'send' : 'reply';
      return post(what, { ...newMail(from, to, now()), ...words, replyTo });
    },
    adopt(holder, id, enclosed, path) {
      const mail = received(store, holder, id);
      const found = mail.enclosed.find(({ name }) => name === enclosed);
      if (found === undefined) {
        throw new PowerboxError('name-unknown', `Mail ${id} holds no "${shown(enclosed)}".`);
      }
      checkGiven(parts, found.grant, mail.from, holder);
      atomically(store, () => {
        names.write(holder, path, found.grant);
        record('adopt', mail, { from: holder, to: mail.from, text: path, grant: found.grant });
      });
      return path;
    },
    answered: waiters.answered,
    onMail: waiters.onMail,
  };
}

function newMail(from: string, to: string, created: number): Mail {
  return {
    id: newId('ml'),
    from,
    to,
    kind: 'message',
    text: '',
    wanted: null,
    enclosed: [],
    replyTo: null,
    created,
    state: 'open',
    grant: null,
    answer: null,
  };
}

/** To everybody else the mail is not there. */
function readMail(store: KernelStore, holder: string, id: string): Mail {
  const mail = store.mail.get(id);
  if (mail !== undefined && (mail.from === holder || mail.to === holder)) return mail;
  throw new PowerboxError('mail-unknown', `Cannot find the mail "${shown(id)}".`);
}

function received(store: KernelStore, holder: string, id: string): Mail {
  const mail = readMail(store, holder, id);
  if (mail.to === holder) return mail;
  throw new PowerboxError('mail-unknown', `Cannot find the mail "${shown(id)}" in the inbox.`);
}

function openMail(store: KernelStore, holder: string, id: string): Mail {
  const mail = received(store, holder, id);
  if (mail.state === 'open') return mail;
  throw new PowerboxError('mail-decided', `Cannot answer ${id}: it is ${mail.state} already.`);
}

function openRequest(store: KernelStore, holder: string, id: string): Mail {
  const mail = openMail(store, holder, id);
  if (mail.kind === 'request') return mail;
  throw new PowerboxError('mail-invalid', `Cannot decide ${id}: it is a message, no request.`, {
    hint: 'Reply to it, or dismiss it.',
  });
}

/** One answer for a grant that is not there and one of others, so that nobody can find out. */
function checkGiven(parts: MailroomParts, grant: string, giver: string, holder: string): void {
  if (parts.givenBy(grant) === giver && parts.isHeldBy(grant, holder)) return;
  throw new PowerboxError(
    'grant-unknown',
    `Cannot use the grant "${shown(grant)}": it is not one from ${giver} to ${holder}.`,
  );
}

/** An answer goes to the other one of those two whose mail it answers. */
function checkThread(answered: Mail, from: string, to: string): void {
  const other = answered.from === from ? answered.to : answered.from;
  if (to === other) return;
  throw new PowerboxError(
    'mail-invalid',
    `Cannot reply to ${answered.id} with mail to "${shown(to)}".`,
  );
}
