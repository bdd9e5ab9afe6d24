import type { JSONSchema7 } from 'ai';
import type { GuestDoor, PowerInfo } from '../../wire/doors.ts';
import type { RunnerSide } from '../../wire/runner.ts';
import { OBJECTS_MAX, RESULT_CHARS_MAX, TOOLS_MAX } from '../limits.ts';
import { letGo } from './code-mode.ts';
import { showValue } from './show.ts';
import type { CallOutcome, OfferedTool, Toolbox } from './toolbox.ts';

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => PromiseLike<unknown>>>;

interface MethodTool extends OfferedTool {
  readonly power: string;
  readonly method: string;
  /** Names of the arguments, in order, and which of them are bytes. */
  readonly args: readonly { readonly name: string; readonly bytes: boolean }[];
}

/** Each method of each power is a tool, with the schema that its kind declared. */
export function toolToolbox(door: GuestDoor, _side: Pick<RunnerSide, 'heard'>): Toolbox {
  const objects = makeObjects();
  let tools = new Map<string, MethodTool>();
  return {
    async offered() {
      tools = new Map((await methodTools(door)).map((one) => [one.name, one]));
      return [...OWN_TOOLS, ...tools.values()];
    },
    async call(name, input) {
      if (name === 'object_call') return callObject(objects, input);
      if (name === 'powerbox__request') return ask(door, input);
      const tool = tools.get(name);
      if (tool === undefined) return { text: `There is no tool ${name}.`, failed: true };
      const power = (await door.lookup(tool.power)) as Methods & Partial<Disposable>;
      const value = await power[tool.method]?.(...argumentsOf(tool, input));
      return { text: objects.shown(value), failed: false };
    },
  };
}

const OWN_TOOLS: readonly OfferedTool[] = [
  {
    name: 'object_call',
    description: 'Calls a method of an object that an earlier call gave, such as object_1.',
    input: {
      type: 'object',
      properties: {
        object: { type: 'string' },
        method: { type: 'string' },
        args: { type: 'array' },
      },
      required: ['object', 'method'],
    },
  },
  {
    name: 'powerbox__request',
    description: 'Asks the person for a power that you lack: its kind, and why you want it.',
    input: {
      type: 'object',
      properties: { kind: { type: 'string' }, text: { type: 'string' } },
      required: ['kind', 'text'],
    },
  },
];

async function methodTools(door: GuestDoor): Promise<readonly MethodTool[]> {
  const found: MethodTool[] = [];
  for (const { name, type, kind } of await door.list('')) {
    if (type !== 'grant' || kind === 'model') continue;
    const { methods } = await door.describe(name);
    for (const method of methods) {
      if (method.facet === 'root') found.push(toolOf(name, method));
      if (found.length >= TOOLS_MAX) return found;
    }
  }
  return found;
}

function toolOf(power: string, { name, summary, args }: PowerInfo['methods'][number]): MethodTool {
  const { prefixItems, minItems } = args as { prefixItems?: unknown; minItems?: unknown };
  const items = Array.isArray(prefixItems) ? (prefixItems as readonly JSONSchema7[]) : [];
  const named = items.map((schema, index) => ({
    name: typeof schema.title === 'string' ? schema.title : `argument${index + 1}`,
    bytes: schema.format === 'binary',
    schema,
  }));
  const input: JSONSchema7 = {
    type: 'object',
    properties: Object.fromEntries(named.map((one) => [one.name, one.schema])),
    required: named.slice(0, Number(minItems)).map((one) => one.name),
    additionalProperties: false,
  };
  const plain = power.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 40);
  return {
    name: `${plain}__${name}`,
    description: summary,
    input,
    power,
    method: name,
    args: named,
  };
}

/** By their names; those at the end that were left out stay so. */
function argumentsOf(
  { args }: MethodTool,
  input: Readonly<Record<string, unknown>>,
): readonly unknown[] {
  const last = args.findLastIndex(({ name }) => Object.hasOwn(input, name));
  return args.slice(0, last + 1).map(({ name, bytes }) => {
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    return bytes && typeof value === 'string' ? new TextEncoder().encode(value) : value;
  });
}

async function ask(
  door: GuestDoor,
  { kind, text }: Readonly<Record<string, unknown>>,
): Promise<CallOutcome> {
  const { id } = await door.request({ kind: String(kind), text: String(text) });
  return { text: `The person was asked (${id}). Go on without it, or end here.`, failed: false };
}

interface Objects {
  get(name: string): Methods | undefined;
  /** Objects in the value are kept under names, and shown by them. */
  shown(value: unknown): string;
}

function makeObjects(): Objects {
  const kept = new Map<string, Methods>();
  let made = 0;
  const keep = (stub: Methods): string => {
    made += 1;
    const name = `object_${made}`;
    kept.set(name, stub);
    for (const [oldest, object] of kept) {
      if (kept.size <= OBJECTS_MAX) break;
      kept.delete(oldest);
      letGo(object);
    }
    return name;
  };
  const named = (value: unknown): unknown => {
    if (typeof value === 'function') return `<${keep(value as unknown as Methods)}>`;
    if (Array.isArray(value)) return value.map(named);
    if (typeof value !== 'object' || value === null) return value;
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, named(item)]));
  };
  return {
    get: (name) => kept.get(name),
    shown: (value) => showValue(named(value), RESULT_CHARS_MAX),
  };
}

async function callObject(
  objects: Objects,
  { object, method, args }: Readonly<Record<string, unknown>>,
): Promise<CallOutcome> {
  const found = objects.get(String(object));
  if (found === undefined) return { text: `There is no object ${String(object)}.`, failed: true };
  const value = await found[String(method)]?.(...(Array.isArray(args) ? args : []));
  return { text: objects.shown(value), failed: false };
}
