import type { Mail } from '../store/kernel-store.ts';
import type { GuestDoor } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { readGrant } from './grant-words.ts';
import type { DoorDeps } from './guest-door.ts';
import { mailInfo, mailInfos } from './infos.ts';

type MailMethods = Pick<
  GuestDoor,
  'request' | 'answered' | 'inbox' | 'sent' | 'send' | 'resolve' | 'reject' | 'dismiss' | 'adopt'
>;

/** The letters of one principal. */
export function mailDoor({ kernel, ended, now }: DoorDeps, holder: string): MailMethods {
  const { mail } = kernel;
  return {
    async request({ to, ...ask }) {
      const addressed = to === undefined ? ask : { ...ask, to: kernel.principal(to).id };
      return mailInfo(kernel, mail.request(holder, addressed));
    },
    async answered(id) {
      mail.read(holder, id);
      return mailInfo(kernel, await mail.answered(id, ended));
    },
    inbox: async () => mailInfos(kernel, mail.inbox(holder)),
    sent: async () => mailInfos(kernel, mail.sent(holder)),
    async send(to, text, enclosed, replyTo) {
      const receiver = kernel.principal(to).id;
      const gifts = await Promise.all(
        enclosed.map(async ({ name, words }) => {
          const give = await readGrant(kernel, holder, { ...words, to: receiver }, now());
          return { name, give };
        }),
      );
      const sent = kernel.together(() => {
        const given = gifts.map(({ name, give }) => ({ name, grant: give().id }));
        return mail.send(holder, receiver, text, given, replyTo);
      });
      return mailInfo(kernel, sent);
    },
    async resolve(id, words) {
      const asked = openRequest(mail.read(holder, id), holder);
      const give = await readGrant(
        kernel,
        holder,
        {
          reason: asked.text,
          only: asked.wanted?.only ?? [],
          ...words,
          power: words.power ?? powerWanted(asked),
          to: asked.from,
        },
        now(),
      );
      return mailInfo(
        kernel,
        kernel.together(() => mail.resolve(holder, id, give().id)),
      );
    },
    reject: async (id, reason) => mailInfo(kernel, mail.reject(holder, id, reason)),
    dismiss: async (id) => mailInfo(kernel, mail.dismiss(holder, id)),
    adopt: async (id, enclosed, path) => mail.adopt(holder, id, enclosed, path),
  };
}

/** Nothing is granted for a request that cannot be answered any more. */
function openRequest(mail: Mail, holder: string): Mail {
  if (mail.kind !== 'request' || mail.to !== holder) {
    throw new PowerboxError('mail-invalid', `Cannot resolve ${mail.id}: it is no request to you.`);
  }
  if (mail.state === 'open') return mail;
  throw new PowerboxError('mail-decided', `Cannot resolve ${mail.id}: it was ${mail.state}.`);
}

function powerWanted(mail: Mail): string {
  const power = mail.wanted?.power;
  if (typeof power === 'string') return power;
  throw new PowerboxError(
    'grant-invalid',
    `Cannot resolve ${mail.id}: it names no power, so name the one to give.`,
  );
}
