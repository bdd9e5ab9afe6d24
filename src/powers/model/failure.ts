import { PowerboxError } from '../../wire/errors.ts';
import type { FetchAnswer } from '../http/fetcher.ts';
import type { ModelConfig } from './config.ts';
import { FAILURE_BYTES_MAX, FAILURE_CHARS_MAX } from './limits.ts';

import { field } from './usage.ts';

/** What a provider says that does not answer, in one line. */
export async function failureOf(
  { origin }: ModelConfig,
  answer: FetchAnswer,
): Promise<PowerboxError> {
  const text = await beginning(answer);
  answer.cancel();
  const words = messageIn(text)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, FAILURE_CHARS_MAX);
  const said = words === '' ? 'nothing more' : JSON.stringify(words);
  return new PowerboxError(
    'power-failed',
    `The models at ${origin} answered with status ${answer.status} and ${said}.`,
  );
}

async function beginning({ body }: FetchAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= FAILURE_BYTES_MAX) break;
    }
  } catch {
    // What has come is enough.
  }
  return Buffer.concat(chunks).subarray(0, FAILURE_BYTES_MAX).toString('utf8');
}

/** All three providers say `error`, as a text or with a message in it. */
function messageIn(text: string): string {
  try {
    const error = field(JSON.parse(text), 'error');
    const message = typeof error === 'string' ? error : field(error, 'message');
    return typeof message === 'string' ? message : '';
  } catch {
    return '';
  }
}
