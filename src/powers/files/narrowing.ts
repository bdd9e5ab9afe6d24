import { z } from 'zod';
import { ALLOWED, type Refused, refuse, type Verdict } from '../../ocap/verdict.ts';
import { listWords, shorten } from '../../policy/quote.ts';
import type { Access, FilesCall, Target } from './call.ts';
import { describeCall } from './call.ts';
import { compileGlob, type Glob, leadsToMatch, matchesTree, matchGlob } from './glob.ts';
import { GLOB_CHARS_MAX, GLOBS_MAX } from './limits.ts';

const globs = z
  .array(
    z
      .string()
      .max(GLOB_CHARS_MAX)
      .refine((text) => compileGlob(text).ok, { error: 'is no pattern of file paths' }),
  )
  .max(GLOBS_MAX)
  .readonly()
  .nullable();

/** What may be read and written: null narrows nothing, an empty list allows nothing. */
export const filesNarrowing = z
  .strictObject({
    /** Files whose content may be read; directories that may be listed, and those on the way. */
    read: globs,
    /** Files and directories that may be made, changed, moved and removed. */
    write: globs,
    /** Bytes that one call may read or write. */
    maxBytes: z.int().nonnegative().nullable(),
  })
  .readonly();

export type FilesNarrowing = z.infer<typeof filesNarrowing>;

interface Compiled {
  readonly read: readonly Glob[] | null;
  readonly write: readonly Glob[] | null;
}

/** A narrowing is compiled once; it is never changed. */
const compiled = new WeakMap<FilesNarrowing, Compiled>();

/** Nearer than any miss of a path. */
const DISTANCE = { path: 1, bytes: 2 } as const;

/** Patterns that a refusal lists. */
const GLOBS_SHOWN_MAX = 8;

/** Every place that the call touches must be allowed, and its bytes with them. */
export function permits(narrowing: FilesNarrowing, call: FilesCall): Verdict {
  for (const target of call.targets) {
    if (!mayUse(narrowing, target.access, target.path)) {
      return missed(narrowing, call, target);
    }
  }
  const { maxBytes } = narrowing;
  if (maxBytes !== null && call.bytes !== null && call.bytes > maxBytes) {
    return refuse(
      'narrowing-refused',
      `${describeCall(call)} is not allowed: one call may move ${maxBytes} bytes, not ${call.bytes}.`,
      DISTANCE.bytes,
    );
  }
  return ALLOWED;
}

/** Does this narrowing by itself let this be done at this path? */
export function mayUse(narrowing: FilesNarrowing, access: Access, path: string): boolean {
  const { read, write } = compile(narrowing);
  switch (access) {
    case 'read':
      return some(read, path, matchGlob);
    case 'write':
      return some(write, path, matchGlob);
    case 'list':
      return some(read, path, matchGlob) || some(read, path, leadsToMatch);
    case 'enter':
      return mayUse(narrowing, 'list', path) || some(write, path, leadsToOrMatches);
    case 'take':
      // What is taken from here may be read where it goes to.
      return some(write, path, matchGlob) && some(read, path, matchGlob);
  }
}

/** As `mayUse`, of a directory with all that is in it now or later. */
export function mayUseTree(narrowing: FilesNarrowing, access: Access, path: string): boolean {
  const { read, write } = compile(narrowing);
  const reads = some(read, path, matchesTree);
  const writes = some(write, path, matchesTree);
  if (access === 'take') return reads && writes;
  return access === 'write' ? writes : reads;
}

const leadsToOrMatches = (glob: Glob, path: string): boolean =>
  matchGlob(glob, path) || leadsToMatch(glob, path);

function some(
  globs: readonly Glob[] | null,
  path: string,
  test: (glob: Glob, path: string) => boolean,
): boolean {
  return globs === null || globs.some((glob) => test(glob, path));
}

function compile(narrowing: FilesNarrowing): Compiled {
  let found = compiled.get(narrowing);
  if (found === undefined) {
    found = { read: compileAll(narrowing.read), write: compileAll(narrowing.write) };
    compiled.set(narrowing, found);
  }
  return found;
}

/** What does not compile allows nothing; the schema lets no such text in. */
function compileAll(texts: readonly string[] | null): readonly Glob[] | null {
  if (texts === null) return null;
  return texts.flatMap((text) => {
    const result = compileGlob(text);
    return result.ok ? [result.glob] : [];
  });
}

function missed(narrowing: FilesNarrowing, call: FilesCall, target: Target): Refused {
  const writes = target.access === 'write' || target.access === 'take';
  const read = `${listGlobs(narrowing.read)} may be read`;
  const write = `${listGlobs(narrowing.write)} may be written`;
  const why = target.access === 'take' ? `${read} and ${write}` : writes ? write : read;
  return refuse(
    'narrowing-refused',
    `${describeCall(call)} is not allowed: ${why}.`,
    DISTANCE.path,
  );
}

function listGlobs(globs: readonly string[] | null): string {
  if (globs === null) return 'everything';
  if (globs.length === 0) return 'nothing';
  const shown = globs.slice(0, GLOBS_SHOWN_MAX).map(shorten);
  return `only ${listWords(globs.length > shown.length ? [...shown, 'others'] : shown)}`;
}
