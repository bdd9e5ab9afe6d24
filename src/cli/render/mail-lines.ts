import type { MailInfo } from '../../wire/doors.ts';
import { type Paint, painter } from './colour.ts';
import { visible } from './text.ts';
import { localTime } from './time.ts';

/** One letter. All but its id was written by somebody who may mean ill, so all of it is escaped. */
export function mailLines(mail: MailInfo, colour: boolean): readonly string[] {
  const paint = painter(colour);
  const what = mail.replyTo === null ? mail.kind : `reply to ${mail.replyTo}`;
  return [
    `${paint('bold', visible(mail.id))}  ${localTime(mail.created)}  ${visible(`${mail.from} to ${mail.to}`)}  ${visible(what)}  ${stateOf(mail, paint)}`,
    ...wantedLines(mail),
    ...mail.enclosed.map(({ name, grant }) => `  enclosed ${visible(`${name}: ${grant}`)}`),
    ...(mail.text === '' ? [] : [`  ${visible(mail.text)}`]),
    ...(mail.answer === null ? [] : [`  answer: ${visible(mail.answer)}`]),
  ];
}

function wantedLines({ wanted }: MailInfo): readonly string[] {
  if (wanted === null) return [];
  const power = wanted.power === null ? wanted.kind : `${wanted.kind} ${wanted.power}`;
  return [`  wants ${visible(power)}`, ...wanted.only.map((rule) => `  only ${visible(rule)}`)];
}

function stateOf({ state, grant }: MailInfo, paint: Paint): string {
  if (state === 'open') return paint('yellow', state);
  if (state === 'resolved')
    return paint('green', grant === null ? state : `${state} with ${grant}`);
  return paint('dim', state);
}
