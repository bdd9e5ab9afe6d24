import { z } from 'zod';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { readPath } from './path.ts';
import { parseSize } from './size.ts';

/** A directory of the host. */
export const filesConfig = z
  .strictObject({
    /** Absolute, without links on the way: what is opened is what was named. */
    root: z.string().refine((root) => root.startsWith('/') && readPath(root).ok, {
      error: 'is no absolute path',
    }),
    access: z.enum(['rw', 'ro']),
    /** Bytes of all files in it, beyond which nothing more is written; null sets no bound. */
    quotaBytes: z.int().nonnegative().nullable(),
  })
  .readonly();

export type FilesConfig = z.infer<typeof filesConfig>;

/** `/srv/data`, `/srv/data:ro`, `/srv/data:quota=10M`, `/srv/data:rw:quota=1G`. */
export function readConfig(text: string): FilesConfig {
  const [path = '', ...words] = text.split(':');
  const root = readRoot(text, path);
  let access: FilesConfig['access'] | undefined;
  let quotaBytes: number | undefined;
  for (const word of words) {
    if ((word === 'ro' || word === 'rw') && access === undefined) {
      access = word;
    } else if (word.startsWith('quota=') && quotaBytes === undefined) {
      const bytes = parseSize(word.slice('quota='.length));
      if (bytes === null) throw invalid(text, 'the quota is not a size such as 500K or 10M');
      quotaBytes = bytes;
    } else {
      throw invalid(text, 'after the path comes `:ro`, `:rw` or `:quota=SIZE`, each once');
    }
  }
  return { root, access: access ?? 'rw', quotaBytes: quotaBytes ?? null };
}

/** As the words of a person would be: `files:/srv/data:ro`. */
export function describeConfig({ root, access, quotaBytes }: FilesConfig): string {
  const quota = quotaBytes === null ? '' : `:quota=${quotaBytes}`;
  return `files:${root}${access === 'ro' ? ':ro' : ''}${quota}`;
}

function readRoot(text: string, path: string): string {
  if (!path.startsWith('/')) throw invalid(text, 'the path does not begin with /');
  // A shell completes a folder's name with a slash.
  const root = readPath(path.length > 1 ? path.replace(/\/$/, '') : path);
  if (!root.ok) throw invalid(text, root.reason);
  return root.path;
}

function invalid(text: string, why: string): PowerboxError {
  return new PowerboxError('power-invalid', `Cannot make a files power of ${quote(text)}: ${why}.`);
}
