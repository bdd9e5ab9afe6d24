import type { JSONSchema7 } from 'ai';
import type { GuestDoor, PowerInfo } from '../../wire/doors.ts';
import { OBJECT_METHODS_CHARS_MAX, OBJECTS_MAX, RESULT_CHARS_MAX, TOOLS_MAX } from '../limits.ts';
import { letGo } from './code-mode.ts';
import { bounded, showValue } from './show.ts';
import type { CallOutcome, OfferedTool, Toolbox } from './toolbox.ts';

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => PromiseLike<unknown>>>;

interface MethodTool extends OfferedTool {
  readonly power: string;
  readonly method: string;
  /** Names of the arguments, in order, and which of them are bytes. */
  readonly args: readonly { readonly name: string; readonly bytes: boolean }[];
}

/** Each method of each power is a tool, with the schema that its kind declared. */
export function toolToolbox(door: GuestDoor): Toolbox {
  const objects = makeObjects();
  let tools = new Map<string, MethodTool>();
  return {
    async offered() {
      const found = await methodTools(door);
      tools = new Map(found.tools.map((one) => [one.name, one]));
      return [objectTool(found.ofObjects), REQUEST, ...tools.values()];
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

function objectTool(methods: ReadonlySet<string>): OfferedTool {
  const what = 'Calls a method of an object that an earlier call gave, such as object_1.';
  const known = methods.size === 0 ? '' : ` Methods of objects: ${[...methods].join('; ')}.`;
  return {
    name: 'object_call',
    description: bounded(`${what}${known}`, OBJECT_METHODS_CHARS_MAX),
    input: {
      type: 'object',
      properties: {
        object: { type: 'string' },
        method: { type: 'string' },
        args: { type: 'array' },
      },
      required: ['object', 'method'],
    },
  };
}

const REQUEST: OfferedTool = {
  name: 'powerbox__request',
  description: 'Asks the person for a power that you lack: its kind, and why you want it.',
  input: {
    type: 'object',
    properties: { kind: { type: 'string' }, text: { type: 'string' } },
    required: ['kind', 'text'],
  },
};

interface Found {
  readonly tools: readonly MethodTool[];
  readonly ofObjects: ReadonlySet<string>;
}

async function methodTools(door: GuestDoor): Promise<Found> {
  const tools: MethodTool[] = [];
  const ofObjects = new Set<string>();
  for (const { name, type, kind } of await door.list('')) {
    if (type !== 'grant' || kind === 'model') continue;
    const { methods } = await door.describe(name);
    for (const method of methods) {
      if (method.facet !== 'root') ofObjects.add(`${method.facet}.${method.name}`);
      else if (tools.length < TOOLS_MAX && !wantsFunction(method)) tools.push(toolOf(name, method));
    }
  }
  return { tools, ofObjects };
}

/** A model can write no function of its own here. */
function wantsFunction({ args }: PowerInfo['methods'][number]): boolean {
  const { prefixItems, minItems } = args as { prefixItems?: unknown; minItems?: unknown };
  const needed = Array.isArray(prefixItems) ? prefixItems.slice(0, Number(minItems)) : [];
  return needed.some((item: JSONSchema7) => item.format === 'callback');
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
