import { loadModule, parseSync } from 'libpg-query';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { isText, type Verb } from './dialect.ts';
import { STATEMENT_CHARS_MAX, STATEMENT_TOKENS_MAX, STATEMENTS_KEPT_MAX } from './limits.ts';
import { type Fields, isSet, tagged } from './syntax.ts';

// PostgreSQL's own parser, compiled to WebAssembly; it is ready before anything is judged.
await loadModule();

/** One statement as PostgreSQL's parser reads it. */
export interface Statement {
  readonly verb: Verb;
  readonly fields: Fields;
}

const VERB_OF: Readonly<Record<string, Verb>> = {
  SelectStmt: 'select',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
};

/** Newest last. Parsing is pure, so a tree that is kept is the tree that a new parse would give. */
const kept = new Map<string, Statement>();

/** Set when the parser has broken; it cannot be mended, so nothing is judged any more. */
let broken = false;

/**
 * Reads exactly one SELECT, INSERT, UPDATE or DELETE. Throws `statement-invalid` for what the
 * parser cannot read and `statement-refused` for any other statement.
 */
export function parseStatement(text: string): Statement {
  const before = kept.get(text);
  const statement = before ?? readStatement(text);
  kept.delete(text);
  kept.set(text, statement);
  for (const oldest of kept.keys()) {
    if (kept.size <= STATEMENTS_KEPT_MAX) break;
    kept.delete(oldest);
  }
  return statement;
}

function readStatement(text: string): Statement {
  requireSmall(text);
  const statements = parseAll(text);
  const only = statements[0];
  if (statements.length !== 1 || only === undefined) {
    throw invalid(`it holds ${statements.length} statements and must hold one`);
  }
  const { tag, fields } = tagged(only.stmt);
  const verb = Object.hasOwn(VERB_OF, tag) ? VERB_OF[tag] : undefined;
  if (verb === undefined || isSet(fields.isCall)) {
    throw new PowerboxError(
      'statement-refused',
      `The statement is refused, because it is a ${tag.replace(/Stmt$/, '')} and this power has SELECT, INSERT, UPDATE and DELETE only.`,
    );
  }
  return Object.freeze({ verb, fields });
}

/**
 * The parser and what writes its tree out go as deep as a statement nests, and every token can
 * nest once. After some overflows the parser would never work again, for any holder, so a
 * statement that could overflow it does not reach it.
 */
function requireSmall(text: string): void {
  if (text.length > STATEMENT_CHARS_MAX) {
    throw invalid(`it is longer than ${STATEMENT_CHARS_MAX} characters`);
  }
  if (!isText(text)) throw invalid('it holds a character of no text');
  let tokens = 0;
  for (const _ of text.matchAll(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu)) {
    tokens += 1;
    if (tokens > STATEMENT_TOKENS_MAX) {
      throw invalid(
        `it has more than ${STATEMENT_TOKENS_MAX} words and signs; values belong into parameters`,
      );
    }
  }
}

function parseAll(text: string): readonly { readonly stmt?: unknown }[] {
  if (broken) {
    throw new PowerboxError('internal', 'The parser of statements has failed; restart the daemon.');
  }
  try {
    const { stmts } = parseSync(text);
    return stmts ?? [];
  } catch (error) {
    // Anything but the parser's own answer means that its memory can no longer be trusted.
    if (!(error instanceof Error) || error.name === 'RuntimeError' || error instanceof RangeError) {
      broken = true;
    }
    throw invalid(`it cannot be parsed: ${quote(error instanceof Error ? error.message : '?')}`);
  }
}

function invalid(because: string): PowerboxError {
  return new PowerboxError('statement-invalid', `The statement is invalid, because ${because}.`);
}
