import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { InstalledKind, Kinds } from '../kernel/kernel.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';

/**
 * The kinds that come with Powerbox, and those of the modules that config.json names. A module
 * exports `definition` and `open`. It runs in the daemon, with everything that the daemon has.
 * Throws `config-invalid`.
 */
export async function loadKinds(
  home: Home,
  own: readonly InstalledKind[],
  modules: readonly string[],
): Promise<Kinds> {
  const kinds = new Map(own.map((kind) => [kind.definition.kind, kind]));
  for (const path of modules) {
    const fault = (why: string): PowerboxError =>
      new PowerboxError('config-invalid', `Cannot use the kind of ${path}: ${why}.`, {
        hint: `Mend "kinds" in ${home.config}.`,
      });
    checkOwner(path, fault);
    const kind = await importKind(path, fault);
    if (kinds.has(kind.definition.kind)) {
      throw fault(`there is a kind "${kind.definition.kind}" already`);
    }
    kinds.set(kind.definition.kind, kind);
  }
  return kinds;
}

/** Whoever can write the file can do all that the daemon can. */
function checkOwner(path: string, fault: (why: string) => PowerboxError): void {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(path);
  } catch {
    throw fault('the file is not there');
  }
  const uids = [0, process.getuid?.()];
  if (!stat.isFile() || !uids.includes(stat.uid) || (stat.mode & 0o022) !== 0) {
    throw fault('others than its owner can write it, or it is no file of yours');
  }
}

/** What a definition has besides its schemas and facets. */
const FUNCTIONS = [
  'concerns',
  'permits',
  'effect',
  'describe',
  'callOf',
  'readConfig',
  'describeConfig',
  'readNarrowing',
  'describeNarrowing',
  'secretsOf',
] as const;

async function importKind(
  path: string,
  fault: (why: string) => PowerboxError,
): Promise<InstalledKind> {
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : 'it throws';
    throw fault(`it cannot be loaded (${why})`);
  }
  const { definition, open } = module;
  if (typeof definition !== 'object' || definition === null || typeof open !== 'function') {
    throw fault('it does not export definition and open');
  }
  const fields = definition as Record<string, unknown>;
  if (typeof fields.kind !== 'string' || !/^[a-z][a-z0-9-]{0,31}$/.test(fields.kind)) {
    throw fault('the name of the kind is not lower-case letters, digits and "-"');
  }
  if (typeof fields.summary !== 'string') throw fault('it has no summary');
  const missing = FUNCTIONS.find((name) => typeof fields[name] !== 'function');
  if (missing !== undefined) throw fault(`it does not say "${missing}"`);
  for (const schema of ['config', 'narrowing'] as const) {
    if (!hasParse(fields[schema])) throw fault(`its "${schema}" is no schema`);
  }
  const facets = fields.facets as Record<string, unknown> | null | undefined;
  if (typeof facets !== 'object' || facets === null || typeof facets.root !== 'object') {
    throw fault('it has no facet "root"');
  }
  return { definition, open } as unknown as InstalledKind;
}

function hasParse(schema: unknown): boolean {
  return (
    typeof schema === 'object' &&
    schema !== null &&
    typeof (schema as { safeParse?: unknown }).safeParse === 'function'
  );
}
