// Runs small programs as the modules that the language itself has, for tests to compare with:
//   node --experimental-vm-modules module-reference.mjs
// Gets { entry, modules } from its parent, and answers what was logged, exported and thrown.
import { createContext, SourceTextModule, SyntheticModule } from 'node:vm';

process.on('message', async (program) => process.send(await run(program)));

async function run({ entry, modules }) {
  const said = [];
  const context = createContext({ log: (...values) => said.push(JSON.stringify(values)) });
  const made = new Map();
  const get = (specifier) => {
    if (made.has(specifier)) return made.get(specifier);
    const code = modules[specifier];
    if (code === undefined) throw new Error('module-missing');
    const module = specifier.endsWith('.json')
      ? new SyntheticModule(['default'], () => module.setExport('default', JSON.parse(code)), {
          context,
        })
      : new SourceTextModule(code, {
          context,
          identifier: specifier,
          initializeImportMeta: (meta) => {
            meta.url = `compartment:${specifier}`;
          },
          importModuleDynamically: async (name) => {
            const loaded = get(name);
            if (loaded.status === 'unlinked') await loaded.link(get);
            await loaded.evaluate();
            return loaded;
          },
        });
    made.set(specifier, module);
    return module;
  };
  try {
    const module = get(entry);
    await module.link(get);
    await module.evaluate();
    await new Promise((next) => setImmediate(next));
    const exported = Object.entries(module.namespace).map(([name, value]) => [name, typeof value]);
    return { said, exported };
  } catch (error) {
    await new Promise((next) => setImmediate(next));
    return { said, error: error?.name ?? String(error) };
  }
}
