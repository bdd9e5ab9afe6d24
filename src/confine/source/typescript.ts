import { SOURCE_CHARS_MAX } from '../limits.ts';
import { sourceInvalid } from './faults.ts';
import type { Place } from './lines.ts';

type Swc = typeof import('@swc/wasm-typescript');

/** What pure WebAssembly of Rust gives its glue beyond the typed functions. */
interface Machine {
  readonly __wasm: { __wbindgen_add_to_stack_pointer(delta: number): number };
}

let swc: (Swc & Machine) | null = null;

/** Takes a twelfth of a second the first time, and nothing after. */
export async function loadTypeScript(): Promise<void> {
  if (swc !== null) return;
  const loaded = (await import('@swc/wasm-typescript')) as unknown as { default: Swc & Machine };
  swc = loaded.default;
}

/**
 * JavaScript at the same lines and columns: types become spaces. What TypeScript would have to
 * write anew (enums, namespaces, parameter properties) is refused. `loadTypeScript` comes first.
 */
export function stripTypes(code: string, file: string): string {
  const plain = stripped(code);
  if (plain.ok) return plain.code;
  // A `return` at the top level is ours, not TypeScript's; a program with it has no imports.
  if (/^Return statement is not allowed/.test(plain.why)) {
    const wrapped = stripped(`${OPEN}${code}${CLOSE}`);
    if (wrapped.ok) return wrapped.code.slice(OPEN.length, -CLOSE.length);
  }
  throw sourceInvalid(file, plain.place, plain.why);
}

const OPEN = 'async()=>{';
const CLOSE = '\n}';

type Stripped =
  | { readonly ok: true; readonly code: string }
  | { readonly ok: false; readonly place: Place | null; readonly why: string };

function stripped(code: string): Stripped {
  if (swc === null) throw new Error('loadTypeScript() comes first.');
  if (code.length > SOURCE_CHARS_MAX) return { ok: false, place: null, why: 'it is too long' };
  const { __wasm: machine } = swc;
  const stack = machine.__wbindgen_add_to_stack_pointer(0);
  try {
    const { code: made } = swc.transformSync(code, { mode: 'strip-only', module: true });
    return { ok: true, code: made };
  } catch (error) {
    // Where the stack overflowed nothing was put back, and every later call would fail with it.
    machine.__wbindgen_add_to_stack_pointer(stack - machine.__wbindgen_add_to_stack_pointer(0));
    if (error instanceof Error) {
      return { ok: false, place: null, why: 'its TypeScript is nested too deeply' };
    }
    return refusal(error as Readonly<Record<string, unknown>>);
  }
}

function refusal({ message, startLine, startColumn }: Readonly<Record<string, unknown>>): Stripped {
  const known = typeof startLine === 'number' && typeof startColumn === 'number';
  const place = known ? { line: startLine, column: startColumn + 1 } : null;
  const why = typeof message === 'string' ? message : 'it is not TypeScript';
  return { ok: false, place, why: why.replace(/\s+/g, ' ') };
}
