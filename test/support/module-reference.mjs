// Runs small programs as the modules that the language itself has, for tests to compare with. Gets
// { entry, modules } from its parent, and answers what was logged, exported and thrown.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = mkdtempSync(join(tmpdir(), 'powerbox-modules-'));
writeFileSync(join(root, 'package.json'), '{"type":"module"}');
let programs = 0;

process.on('message', async (program) => process.send(await run(program)));
process.on('disconnect', () => {
  rmSync(root, { recursive: true });
  process.exit();
});

async function run({ entry, modules }) {
  const folder = join(root, String(programs++));
  mkdirSync(folder);
  for (const [key, code] of Object.entries(modules)) writeFileSync(join(folder, key), code);
  const said = [];
  const waits = [];
  globalThis.log = (...values) => said.push(JSON.stringify(values));
  globalThis.late = (promise) => waits.push(promise);
  const settle = async () => {
    for (const wait of waits) await wait;
    await new Promise((next) => setImmediate(next));
  };
  try {
    const namespace = await import(pathToFileURL(join(folder, entry)));
    await settle();
    const exported = Object.entries(namespace).map(([name, value]) => [name, typeof value]);
    return { said, exported };
  } catch (error) {
    await settle();
    return { said, error: error?.name ?? String(error) };
  }
}
