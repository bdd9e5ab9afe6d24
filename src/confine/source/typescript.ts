import { TYPESCRIPT_BYTES_MAX } from '../limits.ts';
import { sourceInvalid } from './faults.ts';
import type { Place } from './lines.ts';

type Swc = typeof import('@swc/wasm-typescript');

/** What is behind the typed functions. */
interface Machine {
  readonly memory: { readonly buffer: ArrayBuffer };
  __wbindgen_add_to_stack_pointer(delta: number): number;
}

interface Loaded {
  readonly swc: Swc;
  readonly machine: Machine;
  /** Its memory and its stack before anything was read. */
  readonly fresh: Uint8Array;
  readonly stack: number;
}

let loaded: Loaded | null = null;

/** Takes a twelfth of a second the first time, and nothing after. */
export async function loadTypeScript(): Promise<void> {
  if (loaded !== null) return;
  const { default: swc } = (await import('@swc/wasm-typescript')) as unknown as {
    default: Swc & { __wasm: Machine };
  };
  const machine = swc.__wasm;
  tellDetached(machine.memory);
  const stack = machine.__wbindgen_add_to_stack_pointer(0);
  loaded ??= { swc, machine, fresh: new Uint8Array(machine.memory.buffer.slice(0)), stack };
}

/**
 * A memory that grows gets a new buffer. What calls it looks at `detached` of the old one, which SES
 * answers with false where the engine has no such property; without an answer it compares.
 */
function tellDetached(memory: Machine['memory']): void {
  const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(memory), 'buffer') ?? {};
  Object.defineProperty(memory, 'buffer', {
    get(): ArrayBuffer {
      const buffer = get?.call(memory) as ArrayBuffer;
      if (!Object.hasOwn(buffer, 'detached')) {
        Object.defineProperty(buffer, 'detached', { value: undefined });
      }
      return buffer;
    },
  });
}

/**
 * A stack that overflows stops it anywhere, with its memory half written, and all later calls would
 * fail; so everything is put back. What it took of memory it does not give back.
 */
function startOver({ machine, fresh, stack }: Loaded): void {
  new Uint8Array(machine.memory.buffer).set(fresh);
  machine.__wbindgen_add_to_stack_pointer(stack - machine.__wbindgen_add_to_stack_pointer(0));
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
  if (loaded === null) throw new Error('loadTypeScript() comes first.');
  const { swc, machine } = loaded;
  if (machine.memory.buffer.byteLength > TYPESCRIPT_BYTES_MAX) {
    return { ok: false, place: null, why: 'the memory for reading TypeScript is used up' };
  }
  try {
    const { code: made } = swc.transformSync(code, { mode: 'strip-only', module: true });
    return { ok: true, code: made };
  } catch (error) {
    if (!(error instanceof Error)) return refusal(error as Readonly<Record<string, unknown>>);
    startOver(loaded);
    return { ok: false, place: null, why: 'its TypeScript is nested too deeply' };
  }
}

function refusal({ message, startLine, startColumn }: Readonly<Record<string, unknown>>): Stripped {
  const known = typeof startLine === 'number' && typeof startColumn === 'number';
  const place = known ? { line: startLine, column: startColumn + 1 } : null;
  const why = typeof message === 'string' ? message : 'it is not TypeScript';
  return { ok: false, place, why: why.replace(/\s+/g, ' ') };
}
