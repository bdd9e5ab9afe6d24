import type { KernelStore, Mail } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import { MAIL_WAITERS_MAX } from './limits.ts';
import { shown } from './name-path.ts';

/** Those who wait for mail, or for an answer. They hear only of what is kept. */
export interface MailWaiters {
  onMail(listener: (mail: Mail) => void): void;
  tell(mail: Mail): void;
  answered(id: string, signal: AbortSignal): Promise<Mail>;
  answer(mail: Mail): void;
}

export function makeMailWaiters(store: KernelStore): MailWaiters {
  const listeners: ((mail: Mail) => void)[] = [];
  const waiting = new Map<string, Set<(mail: Mail) => void>>();

  /** What is written within a larger transaction is told when that is over, if it was kept. */
  const afterwards = (mail: Mail, work: (mail: Mail) => void): void => {
    if (!store.inTransaction()) {
      work(mail);
      return;
    }
    queueMicrotask(() => {
      if (store.mail.get(mail.id)?.state === mail.state) work(mail);
    });
  };

  const wait = (id: string, signal: AbortSignal): Promise<Mail> =>
    new Promise((resolve, reject) => {
      const waiters = waiting.get(id) ?? new Set();
      if (waiters.size >= MAIL_WAITERS_MAX) {
        throw new PowerboxError(
          'limit-exceeded',
          `Cannot wait for ${id}: ${MAIL_WAITERS_MAX} calls wait for it already.`,
        );
      }
      const leave = (): void => {
        waiters.delete(done);
        if (waiters.size === 0) waiting.delete(id);
        signal.removeEventListener('abort', abort);
      };
      const done = (mail: Mail): void => {
        leave();
        resolve(mail);
      };
      const abort = (): void => {
        leave();
        reject(signal.reason);
      };
      waiting.set(id, waiters.add(done));
      signal.addEventListener('abort', abort);
    });

  return {
    onMail: (listener) => void listeners.push(listener),
    tell: (mail) =>
      afterwards(mail, () => {
        for (const listener of listeners) listener(mail);
      }),
    async answered(id, signal) {
      signal.throwIfAborted();
      const mail = store.mail.get(id);
      if (mail?.kind !== 'request') {
        throw new PowerboxError('mail-unknown', `Cannot find the request "${shown(id)}".`);
      }
      return mail.state === 'open' ? wait(id, signal) : mail;
    },
    answer: (mail) =>
      afterwards(mail, () => {
        for (const done of [...(waiting.get(mail.id) ?? [])]) done(mail);
      }),
  };
}
