import { z } from 'zod';
import { definePower, type Invocation } from '../../ocap/power.ts';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { judgeRules, type RuleFault } from '../words/judge-rules.ts';
import { TEXTS_MAX } from '../words/limits.ts';
import { numberOf, readRules, switchOf, writeOptional, writeRule } from '../words/words.ts';
import { ID_CHARS_MAX, LETTER_CHARS_MAX } from './limits.ts';

export interface MailboxConfig {
  /** Id of the principal that the mail goes to. */
  readonly owner: string;
}

/** All that is not null must hold. */
export interface MailboxRule {
  /** Longest letter, in characters. */
  readonly chars: number | null;
  /** False: it may not answer a letter. */
  readonly replies: boolean | null;
}

/** A call is allowed that one of the rules allows. */
export type MailboxNarrowing = readonly MailboxRule[];

export interface MailboxCall {
  readonly owner: string;
  readonly text: string;
  /** The letter that it answers. */
  readonly replyTo: string | null;
}

const Id = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/)
  .max(ID_CHARS_MAX);
const Letter = z.string().min(1).max(LETTER_CHARS_MAX);
const Options = z.strictObject({ replyTo: Id.nullable().optional() }).optional();

/**
 * The mailbox of one principal, to put letters into and to see nothing of. How many is a matter of
 * the grant's budget and rate.
 *
 * A narrowing is written as words: `chars=500`, `replies=off`. All words of one text must hold; of
 * several texts one must. `any` narrows nothing. The power is written `mailbox:OWNER`, by id.
 */
export const mailboxPower = definePower<MailboxConfig, MailboxNarrowing, MailboxCall>({
  kind: 'mailbox',
  summary: 'Send mail to one principal.',
  config: z.strictObject({ owner: Id }),
  narrowing: z
    .array(z.strictObject({ chars: z.int().min(0).nullable(), replies: z.boolean().nullable() }))
    .min(1)
    .max(TEXTS_MAX),
  facets: {
    root: {
      send: {
        summary: 'Sends a letter and gives its id.',
        args: [
          { name: 'text', schema: Letter },
          { name: 'options', schema: Options },
        ],
        returns: z.object({ id: z.string() }),
      },
    },
  },
  concerns: (config, call) => config.owner === call.owner,
  permits: (narrowing, call) =>
    judgeRules(narrowing, call, faultOf, { code: 'narrowing-refused', describe }),
  effect: () => 'write',
  describe,
  callOf,
  readConfig(text) {
    const owner = Id.safeParse(text.trim());
    if (owner.success) return { owner: owner.data };
    throw new PowerboxError('power-invalid', 'Cannot read the mailbox: it names no principal.');
  },
  describeConfig: ({ owner }) => `mailbox:${owner}`,
  readNarrowing: (texts) =>
    readRules(texts, { chars: 'count', replies: 'switch' }, (words) => ({
      chars: numberOf(words, 'chars', 'count'),
      replies: switchOf(words, 'replies'),
    })),
  describeNarrowing: (narrowing) =>
    narrowing.map(({ chars, replies }) =>
      writeRule([...writeOptional('chars', chars), ...writeOptional('replies', replies)]),
    ),
  secretsOf: () => [],
});

function faultOf({ chars, replies }: MailboxRule, call: MailboxCall): RuleFault | null {
  if (replies === false && call.replyTo !== null) {
    return { distance: 1, reason: 'letters may not be answered' };
  }
  if (chars === null || call.text.length <= chars) return null;
  return { distance: 2, reason: `a letter has at most ${chars} characters` };
}

/** Of the letter only the length: its words are the receiver's. */
function describe({ owner, text, replyTo }: MailboxCall): string {
  const what = replyTo === null ? 'send a letter' : `answer ${replyTo} with a letter`;
  return `${what} of ${text.length} characters to ${owner}`;
}

function callOf({ owner }: MailboxConfig, { facet, method, args }: Invocation): MailboxCall {
  if (facet !== 'root' || method !== 'send') throw invalid(`there is no method ${quote(method)}`);
  const text = Letter.safeParse(args[0]);
  if (!text.success) throw invalid(`its text is not of 1 to ${LETTER_CHARS_MAX} characters`);
  const options = Options.safeParse(args[1]);
  if (!options.success) throw invalid('the options cannot be read');
  return { owner, text: text.data, replyTo: options.data?.replyTo ?? null };
}

function invalid(reason: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot send the letter: ${reason}.`);
}
