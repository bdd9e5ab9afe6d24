import type { AnyNode, Comment, Program } from 'acorn';
import { SOURCE_CHARS_MAX } from '../limits.ts';
import { sourceInvalid } from './faults.ts';
import { lineStarts, type Place, placeAt } from './lines.ts';
import { asFault, type ParsedText, parseText } from './parse.ts';
import { type ModuleRecord, recordOf } from './record.ts';
import { type Names, namesOf, type Use } from './scopes.ts';
import { loadTypeScript, stripTypes } from './typescript.ts';

/** A file of source, read but not run. Lines and columns are those of what was given. */
export interface SourceText {
  readonly file: string;
  readonly language: 'js' | 'ts';
  /** JavaScript: types, and the line of a `#!`, are spaces. */
  readonly text: string;
  readonly ast: Program;
  readonly comments: readonly Comment[];
  readonly starts: readonly number[];
  readonly record: ModuleRecord;
  readonly names: Names;
  /** Every module that it names, in the order of the source. */
  readonly imports: readonly SourceImport[];
  /** Every use of a name that it neither declares nor imports, in the order of the source. */
  readonly freeNames: readonly FreeName[];
}

export interface SourceImport extends Place {
  /** `null` for `import(EXPRESSION)`, which can name anything. */
  readonly specifier: string | null;
  readonly dynamic: boolean;
}

export interface FreeName extends Place {
  readonly name: string;
  readonly use: Use;
}

/**
 * Reads JavaScript or TypeScript. Without a language the name of the file decides; a name that says
 * nothing means JavaScript, and TypeScript where it is not that. Throws `source-invalid`.
 */
export async function readSource(
  code: string,
  file: string,
  language?: 'js' | 'ts',
): Promise<SourceText> {
  if (code.length > SOURCE_CHARS_MAX) {
    throw sourceInvalid(file, null, `it has more than ${SOURCE_CHARS_MAX} characters`);
  }
  const plain = plainText(code, file);
  const said = language ?? languageOf(file);
  if (said === 'ts') return finish(await parseTypeScript(plain, file), file, 'ts');
  let parsed: ParsedText;
  try {
    parsed = parseText(plain, file);
  } catch (error) {
    if (said === 'js') throw error;
    const typed = await parseTypeScript(plain, file).catch((fault: unknown) => {
      throw /TypeScript|not supported in (?:type )?strip/.test(String(fault)) ? fault : error;
    });
    return finish(typed, file, 'ts');
  }
  return finish(parsed, file, 'js');
}

async function parseTypeScript(text: string, file: string): Promise<ParsedText> {
  await loadTypeScript();
  return parseText(stripTypes(text, file), file);
}

function languageOf(file: string): 'js' | 'ts' | null {
  const end = /\.([cm]?[jt]sx?)$/i.exec(file)?.[1]?.toLowerCase();
  if (end === 'tsx' || end === 'jsx') {
    throw sourceInvalid(file, null, 'JSX is not understood; build it to JavaScript first');
  }
  if (end === undefined) return null;
  return end.endsWith('ts') ? 'ts' : 'js';
}

/** Without what only a file has: the mark of its encoding and a first line for the shell. */
function plainText(code: string, file: string): string {
  const nul = code.indexOf('\0');
  if (nul >= 0) throw sourceInvalid(file, placeAt(lineStarts(code), nul), 'a NUL stands there');
  const text = code.startsWith('\uFEFF') ? ` ${code.slice(1)}` : code;
  return text.replace(/^ ?#![^\n\r\u2028\u2029]*/, (line) => ' '.repeat(line.length));
}

function finish(parsed: ParsedText, file: string, language: 'js' | 'ts'): SourceText {
  const { ast, starts } = parsed;
  try {
    const names = namesOf(ast);
    const record = recordOf(ast);
    const freeNames = names.references
      .filter(({ name }) => !names.declared.has(name) && !record.imports.has(name))
      .sort((one, other) => one.node.start - other.node.start)
      .map(({ name, use, node }) => ({ name, use, ...placeAt(starts, node.start) }));
    return {
      ...parsed,
      file,
      language,
      record,
      names,
      imports: importsOf(starts, record, names),
      freeNames,
    };
  } catch (error) {
    throw asFault(error, file, starts);
  }
}

function importsOf(
  starts: readonly number[],
  record: ModuleRecord,
  names: Names,
): readonly SourceImport[] {
  const statements = record.requests.map(({ specifier, start }) => {
    return { specifier, dynamic: false, start };
  });
  const calls = names.imports.map(({ source, start }) => {
    return { specifier: literalOf(source), dynamic: true, start };
  });
  return [...statements, ...calls]
    .sort((one, other) => one.start - other.start)
    .map(({ specifier, dynamic, start }) => ({ specifier, dynamic, ...placeAt(starts, start) }));
}

/** The text that an expression surely is. */
function literalOf(node: AnyNode): string | null {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type !== 'TemplateLiteral' || node.expressions.length > 0) return null;
  return node.quasis[0]?.value.cooked ?? null;
}
