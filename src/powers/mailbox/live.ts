import { type Live, live } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { type MailboxConfig, mailboxPower } from './power.ts';

/** As much of the mailroom as a mailbox may know. */
export interface Post {
  send(
    from: string,
    to: string,
    text: string,
    enclosed: readonly never[],
    replyTo: string | null,
  ): { readonly id: string };
}

/** A letter is from whoever uses the mailbox, whoever gave it to them: nobody signs for another. */
export function openMailbox(config: MailboxConfig, post: Post): Live {
  return live({
    facet: 'root',
    at: null,
    call(method, args, { holder }) {
      const call = mailboxPower.callOf(config, { facet: 'root', at: null, method, args });
      if (holder === undefined) {
        throw new PowerboxError('power-failed', 'Cannot send the letter: nobody is its sender.');
      }
      return { id: post.send(holder, call.owner, call.text, [], call.replyTo).id };
    },
    close() {},
  });
}
