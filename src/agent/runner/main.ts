/**
 * The runner of one model: a process in walls of its own that speaks with the daemon and with
 * nobody else. It reads what a model wrote, and holds what the guest holds.
 */
import { Writable } from 'node:stream';
import type { GuestDoor } from '../../wire/doors.ts';
import type { RunnerSide, RunnerTask } from '../../wire/runner.ts';
import { DECLARATIONS_CHARS_MAX } from '../limits.ts';
import { codePrompt, type NamedDeclaration, toolsPrompt } from '../prompt.ts';
import { answerHeartbeat, openChannel } from './channel.ts';
import { codeToolbox } from './code-mode.ts';
import { makeEmitter } from './emitter.ts';
import { failedEnd, runLoop } from './loop.ts';
import { type ModelPower, modelFetch } from './model-fetch.ts';
import { openLanguageModel } from './providers.ts';
import { toolToolbox } from './tool-mode.ts';

async function main(): Promise<void> {
  silence();
  answerHeartbeat();
  const side = openChannel() as unknown as RunnerSide;
  const task = await side.begin();
  const emitter = makeEmitter(side);
  const end = await run(side, task, emitter).catch(failedEnd);
  await emitter.flush();
  await side.end(end);
}

/**
 * Where a console would write to is the channel; the libraries have warnings for one, and Node
 * itself looks at the streams.
 */
function silence(): void {
  for (const name of ['stdin', 'stdout', 'stderr'] as const) {
    const value = new Writable({ write: (_chunk, _encoding, done) => done() });
    Object.defineProperty(process, name, { value });
  }
  // The library rejects promises of its own that nobody asked for.
  process.on('unhandledRejection', () => undefined);
  for (const level of ['debug', 'log', 'info', 'warn', 'error', 'trace'] as const) {
    console[level] = () => undefined;
  }
}

async function run(
  side: RunnerSide,
  task: RunnerTask,
  emitter: ReturnType<typeof makeEmitter>,
): ReturnType<typeof runLoop> {
  const door = await side.door();
  const fetching = modelFetch(task.provider, (await door.lookup('model')) as ModelPower);
  const model = openLanguageModel(task, fetching);
  const toolbox = task.mode === 'code' ? codeToolbox(side) : toolToolbox(door);
  const system = (): Promise<string> => promptOf(door, task);
  try {
    return await runLoop({ task, model, toolbox, side, emitter, system });
  } catch (error) {
    return failedEnd(fetching.failure() ?? error);
  }
}

async function promptOf(door: GuestDoor, task: RunnerTask): Promise<string> {
  const { guest, mode, agents, tools } = task;
  if (mode === 'tools') return toolsPrompt(guest);
  return codePrompt({ guest, agents, tools, powers: await declared(door) });
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

async function declared(door: GuestDoor): Promise<readonly NamedDeclaration[]> {
  const found: NamedDeclaration[] = [];
  let chars = 0;
  for (const { name, type, kind } of await door.list('')) {
    // Of its own model an agent needs no declaration: it is what answers.
    if (type !== 'grant' || kind === null || name === 'model' || !IDENTIFIER.test(name)) continue;
    const { declaration } = await door.describe(name);
    chars += declaration.length;
    if (chars > DECLARATIONS_CHARS_MAX) break;
    found.push({ name, kind, declaration });
  }
  return found;
}

void main().catch(() => process.exit(70));
