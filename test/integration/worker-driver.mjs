// Starts one worker as the user that runs this, with the compiled sources in argv[2], and has it do
// what argv[3] (JSON) says. The result is one line of JSON. It speaks the protocol of capnweb by
// itself, as an ordinary user may not reach the packages of the repository.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , dist, text] = process.argv;
const { startWorker } = await import(join(dist, 'boxes/compartment/start.js'));
const { programs, limits, tell, ...options } = JSON.parse(text);
const began = performance.now();
const box = await startWorker({ program: 'compartment', ...options });
if (limits !== undefined) box.watch(limits);
const answers = new Map();
let waiting = () => undefined;
let rest = '';
box.channel.setEncoding('utf8').on('data', (data) => {
  const lines = (rest + data).split('\n');
  rest = lines.pop();
  for (const line of lines.filter((one) => one !== '')) take(JSON.parse(line));
});
let end = null;
box.ended.then((how) => {
  end = how;
  waiting();
});
const say = (message) => box.channel.write(`${JSON.stringify(message)}\n`);
let calls = 0;

function take([name, id, value]) {
  if (name === 'resolve' || name === 'reject') answers.set(id, { [name]: value });
  if (name === 'push') calls += 1;
  if (name === 'pull') say(['resolve', id, null]);
  waiting();
}

async function call(id, target, method, args) {
  say(['push', ['pipeline', target, [method], args]]);
  say(['pull', id]);
  while (!answers.has(id) && end === null) {
    await new Promise((resolve) => {
      waiting = resolve;
    });
  }
  return answers.get(id) ?? 'ended';
}

const spec = {
  ...{ id: 'cm-1', powers: [[]], clock: false, random: false },
  limits: { memoryBytes: 1, turnMs: 1, cpuMs: 1, lifeMs: 1, outputChars: 100_000 },
};
say(['push', ['pipeline', 0, ['open'], [spec, ['export', -1]]]]);
if (tell === true) {
  await box.ready;
  console.log(JSON.stringify({ pid: box.pid }));
}
const results = [];
let id = 1;
for (const code of programs) results.push(await call(++id, 1, 'evaluate', [{ code }]));
const ready = performance.now() - began;
const stats = box.stats();
const walls = (name) => {
  try {
    return readFileSync(`/proc/${box.pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
};
const status = walls('status');
const ended = await Promise.race([
  box.ended,
  new Promise((resolve) => setTimeout(resolve, 100)).then(() => box.kill()),
]);
console.log(JSON.stringify({ results, ended, ready, stats, status, calls }));
process.exit();
