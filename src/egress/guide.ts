import type { Readable } from 'node:stream';
import type { MailInfo } from '../wire/doors.ts';
import { ERRORS, PowerboxError } from '../wire/errors.ts';
import type { BoxState } from './box-egress.ts';
import { type Caller, goneSignal } from './exchange/caller.ts';
import type { RequestHead } from './exchange/request-head.ts';
import { readGuideCall, requestNamed } from './guide-routes.ts';
import { leakInHead } from './leaks/check-head.ts';
import { GUIDE_BODY_BYTES_MAX } from './limits.ts';
import type { Refusal } from './refusal.ts';
import type { Target } from './target.ts';
import { refused } from './use.ts';

/** The name at which a box can ask what it was given, and for more. */
const GUIDE_HOST = 'powerbox.internal';

export function isGuide(target: Target): boolean {
  return target.host.host === GUIDE_HOST;
}

/**
 * The box's own door: what it holds, its letters, and what it may do with both. What is said there
 * is kept and read by others, so it is searched for values like everything that leaves the box.
 */
export async function guide(
  box: BoxState,
  target: Target,
  head: RequestHead,
  caller: Caller,
): Promise<void> {
  if (!box.mayAsk()) {
    const reason = 'The box asks too often at powerbox.internal: wait a minute.';
    caller.refuse({ code: 'rate-exceeded', reason }, null);
    return;
  }
  const url = `http://${GUIDE_HOST}${head.path.path.slice(0, 200)}`;
  const refuse = async (leak: Refusal, place: string): Promise<void> => {
    await refused(box, target, { method: box.leaks.recordable(head.method) }, place, leak);
    caller.refuse(leak, null);
  };
  const inHead = leakInHead(box.leaks, target, head);
  if (inHead !== null) {
    await refuse(inHead, inHead.inUrl ? `http://${GUIDE_HOST}/…` : url);
    return;
  }
  box.recorder.note({
    kind: 'request',
    box: box.config.box,
    ...(box.link.grants.guest === '' ? {} : { guest: box.link.grants.guest }),
    method: head.method,
    url,
    verdict: 'allow',
    rule: GUIDE_HOST,
    secrets: [],
  });
  try {
    const bytes = isRead(head) ? NOTHING : await readBytes(caller.body);
    const leak = box.leaks.refusalOf(bytes, 'the body');
    if (leak !== null) await refuse(leak, url);
    else caller.reply(200, await answer(box, head, textOf(bytes), caller));
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    const { code, message, hint } = error;
    caller.reply(ERRORS[code].http, { error: code, message, hint, by: 'powerbox' });
  }
}

const NOTHING = Buffer.alloc(0);

function isRead({ method }: RequestHead): boolean {
  return method === 'GET' || method === 'HEAD';
}

async function answer(
  box: BoxState,
  head: RequestHead,
  body: string,
  caller: Caller,
): Promise<unknown> {
  const { path, query } = head.path;
  if (path === '/' && isRead(head)) return describeBox(box);
  const call = readGuideCall(isRead(head) ? 'GET' : head.method, path, query, body);
  if (call === null) {
    throw new PowerboxError('method-unknown', `There is no ${head.method} ${path.slice(0, 80)}.`, {
      hint: 'GET http://powerbox.internal/ says what there is.',
    });
  }
  const signal = goneSignal(caller);
  const given = await box.link.door(call.method, call.args, signal);
  const named = requestNamed(path);
  const asked = named === null ? (given as MailInfo) : mailNamed(given, named);
  if (call.method !== 'request' && named === null) return given;
  return call.waitMs === 0 || asked.state !== 'open'
    ? asked
    : waitFor(box, asked, call.waitMs, signal);
}

/** The answer to a request, or the request as it is when the time is over. */
async function waitFor(
  box: BoxState,
  asked: MailInfo,
  ms: number,
  signal: AbortSignal,
): Promise<unknown> {
  const late = AbortSignal.timeout(ms);
  try {
    return await box.link.door('answered', [asked.id], AbortSignal.any([signal, late]));
  } catch (error) {
    if (late.aborted) return asked;
    throw error;
  }
}

function mailNamed(sent: unknown, id: string): MailInfo {
  const found = (sent as readonly MailInfo[]).find((mail) => mail.id === id);
  if (found !== undefined) return found;
  throw new PowerboxError('mail-unknown', `Cannot find the request "${id.slice(0, 40)}".`);
}

async function readBytes(request: Readable | null): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of (request ?? []) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > GUIDE_BODY_BYTES_MAX) {
      const reason = `a call has ${GUIDE_BODY_BYTES_MAX} bytes at most`;
      throw new PowerboxError('limit-exceeded', `Cannot read the call: ${reason}.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new PowerboxError('call-invalid', 'Cannot read the call: it is not UTF-8.');
  }
}

/** What this box may do and how to ask for more, for a program or a model to read. */
async function describeBox(box: BoxState): Promise<unknown> {
  await box.link.known();
  const { grants } = box.link;
  return {
    box: box.config.box,
    guest: grants.guest,
    allowed: grants.all().map((grant) => grant.text),
    grants: grants.all().map(({ id, text, expires, asks, approval }) => ({
      id,
      text,
      ...(expires === null ? {} : { expires: new Date(expires).toISOString() }),
      ...(asks ? { counted: true } : {}),
      ...(approval === 'none' ? {} : { approval }),
    })),
    secrets: box.secrets.all.map((secret) => ({
      name: secret.name,
      origins: secret.bindings.map((binding) => binding.origin),
    })),
    ask: "powerbox request 'GET https://api.example.com/v1/**' --because 'what you need it for' --wait 600",
    doors: DOORS,
    person: 'Whoever started this box can also start it with powerbox run --allow RULE …',
  };
}

/** Every place here, with an example. Bodies are JSON; all answers are. */
const DOORS = {
  'GET /grants': 'what you hold and what you gave, with budgets',
  'POST /requests':
    '{"kind":"http","power":"GET https://api.example.com/v1/**","text":"what for"}; add ?wait=600 to wait for the answer',
  'GET /requests/ID': 'what became of a request; ?wait=600 waits',
  'GET /inbox': 'letters to you, with the grants that came with them',
  'GET /sent': 'letters and requests from you',
  'POST /inbox/ID/adopt': '{"name":"theirs","path":"yours"} takes a grant that came with a letter',
  'POST /inbox/ID/resolve': '{"power":"petname","only":["GET /a/**"]} answers a request to you',
  'POST /inbox/ID/reject': '{"reason":"why not"}',
  'POST /inbox/ID/dismiss': '{}',
  'POST /mail': '{"to":"host","text":"words"}',
  'POST /grants':
    '{"power":"petname or grant id","to":"guest","only":["GET /a/**"],"budget":["uses=10"],"expires":"2h"}',
  'POST /revoke': '{"grant":"ID","reason":"why"}; only what you gave',
  'GET /names': 'your own names for what you hold',
};
