import { z } from 'zod';
import { definePower, type Invocation } from '../../ocap/power.ts';
import type { Verdict } from '../../ocap/verdict.ts';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { judgeRules, type RuleFault } from '../words/judge-rules.ts';
import { TEXTS_MAX, VALUES_MAX } from '../words/limits.ts';
import { readRules, textFault, textOf, textsOf, writeOptional, writeRule } from '../words/words.ts';
import { PATH_CHARS_MAX } from './limits.ts';
import { isWithin, matchPath, PATH, PATTERN, reaches } from './path.ts';

export interface DirectoryConfig {
  /** Id of the principal whose names these are. */
  readonly holder: string;
  /** The directory that is the root of this power; empty for all names. */
  readonly path: string;
  readonly access: 'ro' | 'rw';
}

/** All that is not null must hold; paths are seen from the power's own root. */
export interface DirectoryRule {
  readonly access: 'ro' | 'rw' | null;
  /** Only this directory and what is in it. */
  readonly below: string | null;
  /** Patterns of names; `list` shows nothing else. */
  readonly names: readonly string[] | null;
}

/** A call is allowed that one of the rules allows. */
export type DirectoryNarrowing = readonly DirectoryRule[];

const READS = ['list', 'lookup'] as const;
const WRITES = ['makeDirectory', 'move', 'copy', 'remove'] as const;

export interface DirectoryCall {
  readonly method: (typeof READS)[number] | (typeof WRITES)[number];
  readonly holder: string;
  /** The root of the power that is used. */
  readonly root: string;
  readonly access: DirectoryConfig['access'];
  readonly path: string;
  /** Where to, with `move` and `copy`. */
  readonly to: string | null;
  /** With `remove`: also a directory that is not empty. */
  readonly recursive: boolean;
}

const Path = z.string().max(PATH_CHARS_MAX).regex(PATH);
const Entry = Path.min(1);
const Pattern = z.string().max(PATH_CHARS_MAX).regex(PATTERN);
const Options = z.strictObject({ recursive: z.boolean().optional() }).optional();
const Holder = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);

const TWO_PATHS = [
  { name: 'from', schema: Entry },
  { name: 'to', schema: Entry },
];

/**
 * Names of one principal, as a power. What is looked up through it works only as long as this
 * grant does.
 *
 * A narrowing is written as words: `ro`, `below=tools`, `name=github,tools/*,notes/**`. All words
 * of one text must hold; of several texts one must. `any` narrows nothing. The power is written
 * `directory:HOLDER[/PATH][:ro|:rw]`, the holder by id; it is `ro` unless it says `rw`.
 */
export const directoryPower = definePower<DirectoryConfig, DirectoryNarrowing, DirectoryCall>({
  kind: 'directory',
  summary: "Find powers by somebody's own names for them.",
  config: z.strictObject({ holder: Holder, path: Path, access: z.enum(['ro', 'rw']) }),
  narrowing: z
    .array(
      z.strictObject({
        access: z.enum(['ro', 'rw']).nullable(),
        below: Path.nullable(),
        names: z.array(Pattern).min(1).max(VALUES_MAX).nullable(),
      }),
    )
    .min(1)
    .max(TEXTS_MAX),
  facets: {
    root: {
      list: {
        summary: 'Lists the names in a directory that may be used.',
        args: [{ name: 'path', schema: Path }],
        returns: z.array(z.object({ name: z.string(), type: z.enum(['grant', 'directory']) })),
      },
      lookup: {
        summary: 'Gives the power at a name.',
        args: [{ name: 'path', schema: Entry }],
        returns: z.unknown(),
      },
      makeDirectory: {
        summary: 'Makes a directory.',
        args: [{ name: 'path', schema: Entry }],
        returns: z.void(),
      },
      move: { summary: 'Gives an entry another name.', args: TWO_PATHS, returns: z.void() },
      copy: { summary: 'Gives an entry one more name.', args: TWO_PATHS, returns: z.void() },
      remove: {
        summary: 'Forgets a name; a directory must be empty unless it is recursive.',
        args: [
          { name: 'path', schema: Entry },
          { name: 'options', schema: Options },
        ],
        returns: z.void(),
      },
    },
  },
  concerns: ({ holder, path, access }, call) =>
    holder === call.holder && path === call.root && access === call.access,
  permits: permitsDirectory,
  effect: ({ method }) => (isRead(method) ? 'read' : 'write'),
  describe,
  callOf,
  readConfig,
  describeConfig: ({ holder, path, access }) =>
    `directory:${holder}${path === '' ? '' : `/${path}`}${access === 'rw' ? ':rw' : ''}`,
  readNarrowing,
  describeNarrowing: (narrowing) =>
    narrowing.map(({ access, below, names }) =>
      writeRule([
        ...(access === null ? [] : [access]),
        ...writeOptional('below', below),
        ...writeOptional('name', names),
      ]),
    ),
  secretsOf: () => [],
});

export function permitsDirectory(narrowing: DirectoryNarrowing, call: DirectoryCall): Verdict {
  return judgeRules(narrowing, call, faultOf, { code: 'narrowing-refused', describe });
}

function faultOf(rule: DirectoryRule, call: DirectoryCall): RuleFault | null {
  if (rule.access === 'ro' && !isRead(call.method)) {
    return { distance: 3, reason: 'names may only be read' };
  }
  const paths = call.to === null ? [call.path] : [call.path, call.to];
  const outside = paths.find((path) => !lies(rule, path, call));
  if (outside === undefined) return null;
  return { distance: 1, reason: `${quote(outside)} is not among the names that may be used` };
}

/**
 * Moving, copying or removing a directory takes all that is in it along: then every name in it must
 * be one that may be used.
 */
function lies({ below, names }: DirectoryRule, path: string, { method }: DirectoryCall): boolean {
  if (method === 'list') {
    const leads = below === null || isWithin(path, below) || isWithin(below, path);
    return leads && (names === null || names.some((name) => reaches(name, path)));
  }
  if (below !== null && (!isWithin(path, below) || path === below)) return false;
  if (names === null) return true;
  const whole = method === 'move' || method === 'copy' || method === 'remove';
  return names.some((name) => matchPath(name, path) && (!whole || name.endsWith('**')));
}

function isRead(method: string): boolean {
  return READS.some((read) => read === method);
}

function describe({ method, holder, root, path, to }: DirectoryCall): string {
  const of = (name: string) => quote([holder, root, name].filter((part) => part !== '').join('/'));
  return `${method} ${of(path)}${to === null ? '' : ` to ${of(to)}`}`;
}

function callOf(config: DirectoryConfig, { facet, method, args }: Invocation): DirectoryCall {
  const known = [...READS, ...WRITES].find((name) => name === method);
  if (facet !== 'root' || known === undefined) throw invalid(`there is no ${quote(method)}`);
  if (config.access === 'ro' && !isRead(known)) {
    throw new PowerboxError('narrowing-refused', `Cannot ${known}: the names may only be read.`);
  }
  const two = known === 'move' || known === 'copy';
  const options = known === 'remove' ? Options.safeParse(args[1]) : null;
  if (options?.success === false) throw invalid('the options cannot be read');
  return {
    method: known,
    holder: config.holder,
    root: config.path,
    access: config.access,
    path: pathOf(known === 'list' ? Path : Entry, args[0]),
    to: two ? pathOf(Entry, args[1]) : null,
    recursive: options?.data?.recursive === true,
  };
}

function pathOf(schema: z.ZodType<string>, value: unknown): string {
  const path = schema.safeParse(value);
  if (path.success) return path.data;
  throw invalid('a path is not plain names with "/" between them');
}

function readConfig(text: string): DirectoryConfig {
  const match = /^([a-z][a-z0-9-]{0,63})(?:\/([^:]+))?(?::(ro|rw))?$/.exec(text.trim());
  const path = Path.safeParse(match?.[2] ?? '');
  if (match === null || !path.success) {
    throw new PowerboxError(
      'power-invalid',
      `Cannot read the directory ${quote(text)}: it is not HOLDER[/PATH][:ro|:rw].`,
    );
  }
  return {
    holder: match[1] as string,
    path: path.data,
    access: match[3] === 'rw' ? 'rw' : 'ro',
  };
}

function readNarrowing(texts: readonly string[]): DirectoryNarrowing {
  const forms = { ro: 'alone', rw: 'alone', below: 'text', name: 'texts' } as const;
  return readRules(texts, forms, (words, text) => {
    const below = textOf(words, 'below');
    const names = textsOf(words, 'name');
    if (below !== null && !Path.safeParse(below).success) {
      throw textFault('narrowing-invalid', text, `${quote(below)} is no path of names`);
    }
    const bad = names?.find((name) => !Pattern.safeParse(name).success);
    if (bad !== undefined) {
      throw textFault('narrowing-invalid', text, `${quote(bad)} is no pattern of names`);
    }
    return { access: words.has('ro') ? 'ro' : words.has('rw') ? 'rw' : null, below, names };
  });
}

function invalid(reason: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot use the directory: ${reason}.`);
}
