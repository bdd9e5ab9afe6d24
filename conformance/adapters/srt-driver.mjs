// Runs one command in srt, used as a library, since its request filter is for libraries alone.
// node srt-driver.mjs PACKAGE SETTINGS COMMAND, where SETTINGS is JSON: {settings, rules}.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [home, file, command] = process.argv.slice(2);
const { settings, rules } = JSON.parse(readFileSync(file, 'utf8'));
const { SandboxManager } = await import(pathToFileURL(`${home}/dist/index.js`).href);

settings.network.filterRequest = async (request, info) => {
  const body = request.body === null ? '' : await request.text();
  const found = rules.some((rule) => allows(rule, request, info, body));
  return found ? { action: 'allow' } : { action: 'deny', reason: 'no rule allows it' };
};
await SandboxManager.initialize(settings);
const wrapped = await SandboxManager.wrapWithSandbox(command);
const child = spawn(wrapped, { shell: true, stdio: 'inherit' });
child.once('exit', async (status) => {
  await SandboxManager.reset();
  process.exit(status ?? 1);
});

function allows(rule, request, { scheme, target }, body) {
  const url = new URL(request.url);
  const origin = new URL(rule.origin.replace('*.', ''));
  const port = Number(origin.port || (origin.protocol === 'https:' ? 443 : 80));
  const below = rule.origin.includes('*.') && target.host.endsWith(`.${origin.hostname}`);
  if (`${scheme}:` !== origin.protocol || target.port !== port) return false;
  if (rule.origin.includes('*.') ? !below : target.host !== origin.hostname) return false;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (rule.methods !== undefined && !rule.methods.includes(method)) return false;
  if (rule.path !== undefined && !patternOf(rule.path).test(url.pathname)) return false;
  if (rule.query !== undefined && !fits(Object.fromEntries(url.searchParams), rule.query))
    return false;
  return rule.body === undefined || fits(parsed(body), slashed(rule.body));
}

function patternOf(path) {
  const text = path.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('**', '\0');
  return new RegExp(`^${text.replaceAll('*', '[^/]+').replaceAll('\0', '.*')}$`);
}

/** Every field is named, and has a value that it may have. */
function fits(fields, allowed) {
  if (fields === null || typeof fields !== 'object' || Array.isArray(fields)) return false;
  const known = Object.entries(fields).every(
    ([name, value]) =>
      Object.hasOwn(allowed, name) &&
      typeof value === 'string' &&
      (allowed[name] === null || allowed[name].includes(value)),
  );
  return known && Object.keys(allowed).every((name) => Object.hasOwn(fields, name));
}

function slashed(body) {
  return Object.fromEntries(
    Object.entries(body).map(([pointer, values]) => [pointer.slice(1), values]),
  );
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
