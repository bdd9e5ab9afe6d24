// Does random transactions on the state until it is killed. Prints the writes of each transaction
// before it begins, then `ok` once it is kept, or `no` once it was taken back on purpose; `fault`
// and a code when the disk takes no more.
// Arguments: folder of the compiled sources, POWERBOX_HOME, seed.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [sources, root, seed] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(sources, file)).href);
const { openHome } = await load('store/home.js');
const { openKernelStore } = await load('store/kernel-database.js');

const store = openKernelStore(openHome({ POWERBOX_HOME: root }));
const random = randomFrom(Number(seed));
const below = (count) => Math.floor(random() * count);
const pick = (list) => list[below(list.length)];
let made = 0;
const newId = (prefix) => `${prefix}-${seed}-${++made}`;

const principals = store.principals.all().filter((row) => row.removed === null);
const grants = store.grants.all().filter((row) => row.revoked === null);
const requests = store.mail.to('host', 1e6).filter((mail) => mail.state === 'open');
const names = principals.flatMap((row) => namesOf(row.id));
const approvals = [...store.approvals.pending()];
const parents = new Map(store.grants.all().map((grant) => [grant.id, grant]));

if (principals.length === 0) run([['principals', 'insert', principal('host')]], false);
for (;;) {
  const writes = pick([
    guest,
    power,
    delegate,
    delegate,
    spend,
    spend,
    ask,
    resolve,
    put,
    move,
    end,
  ])();
  run(writes, random() < 0.1);
}

function run(writes, fails) {
  writeSync(1, `${JSON.stringify({ fails, writes })}\n`);
  try {
    store.transaction(() => {
      for (const [table, verb, ...values] of writes) {
        // A pause now and then, so that many kills come in the middle.
        if (random() < 0.05) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
        store[table][verb](...values);
      }
      if (fails) throw new Error('taken back');
    });
    for (const write of writes) remember(write);
    writeSync(1, 'ok\n');
  } catch (error) {
    if (error.message !== 'taken back') {
      writeSync(1, `fault ${error.code}\n`);
      process.exit();
    }
    writeSync(1, 'no\n');
  }
}

function remember([table, verb, row]) {
  if (table === 'principals' && verb === 'insert') principals.push(row);
  if (table === 'grants' && verb === 'insert') {
    grants.push(row);
    parents.set(row.id, row);
  }
  if (table === 'grants' && verb === 'revoke') forget(grants, (each) => each.id === row);
  if (table === 'mail' && verb === 'insert') requests.push(row);
  if (table === 'mail' && verb === 'settle') forget(requests, (each) => each.id === row);
  if (table === 'names' && verb === 'put') names.push(row);
  if (table === 'approvals' && verb === 'insert') approvals.push(row);
}

function forget(list, which) {
  const index = list.findIndex(which);
  if (index >= 0) list.splice(index, 1);
}

function principal(id) {
  return { id, name: id, created: Date.now(), reason: '', box: null, removed: null };
}

function guest() {
  const id = newId('gu');
  const box = { id: newId('bx'), guest: id, token: 't', egress: null, created: Date.now() };
  const token = { digest: newId('d'), guest: id, created: Date.now(), expires: null };
  return [
    ['principals', 'insert', principal(id)],
    ['boxes', 'put', box],
    ['tokens', 'insert', token],
  ];
}

function grantRow(fields) {
  return {
    id: newId('gr'),
    from: 'host',
    to: 'host',
    parent: null,
    narrowing: random() < 0.5 ? null : { methods: ['GET'], text: 'x'.repeat(below(2_000)) },
    budget: random() < 0.5 ? null : { uses: below(100) },
    notBefore: null,
    expires: null,
    approval: 'none',
    delegable: true,
    reason: 'because',
    created: Date.now(),
    revoked: null,
    box: null,
    ...fields,
  };
}

function power() {
  const row = {
    id: newId('pw'),
    kind: 'http',
    config: { origin: 'https://api.example.com' },
    text: 'example',
    secrets: ['KEY'],
    created: Date.now(),
  };
  const grant = grantRow({ power: row.id });
  return [
    ['powers', 'insert', row],
    ['grants', 'insert', grant],
    ['names', 'put', nameOf('host', grant)],
  ];
}

function nameOf(holder, grant) {
  return { holder, directory: holder, name: newId('n'), target: { type: 'grant', id: grant.id } };
}

function child(parent) {
  return grantRow({
    from: parent.to,
    to: pick(principals).id,
    power: parent.power,
    parent: parent.id,
  });
}

function delegate() {
  if (grants.length === 0) return power();
  const grant = child(pick(grants));
  return [
    ['grants', 'insert', grant],
    ['names', 'put', nameOf(grant.to, grant)],
  ];
}

/** Through all that the grant hangs on, as a use would. */
function spend() {
  const writes = [];
  for (let grant = pick(grants); grant !== undefined; grant = parents.get(grant.parent)) {
    writes.push(['spent', 'add', grant.id, 'uses', 0, 1]);
    writes.push(['spent', 'add', grant.id, 'bytes', 0, below(5_000)]);
    writes.push(['spent', 'add', grant.id, 'rate', Math.floor(Date.now() / 1_000) * 1_000, 1]);
  }
  return writes.length === 0 ? power() : writes;
}

function ask() {
  const from = pick(principals).id;
  if (from === 'host') return guest();
  const mail = {
    id: newId('ml'),
    from,
    to: 'host',
    kind: 'request',
    text: 'y'.repeat(below(3_000)),
    wanted: { kind: 'http', power: null, only: [] },
    enclosed: [],
    replyTo: null,
    created: Date.now(),
    state: 'open',
    grant: null,
    answer: null,
  };
  return [['mail', 'insert', mail]];
}

function resolve() {
  if (requests.length === 0 || grants.length === 0) return ask();
  const request = pick(requests);
  const grant = { ...child(pick(grants)), to: request.from };
  return [
    ['grants', 'insert', grant],
    ['mail', 'settle', request.id, 'resolved', grant.id, null],
    ['names', 'put', nameOf(grant.to, grant)],
  ];
}

function put() {
  if (grants.length === 0) return power();
  const grant = pick(grants);
  const id = newId('dr');
  const directory = { ...nameOf(grant.to, grant), target: { type: 'directory', id } };
  return [
    ['names', 'put', directory],
    ['names', 'put', { ...nameOf(grant.to, grant), directory: id }],
  ];
}

function move() {
  const entry = pick(names);
  if (entry === undefined) return power();
  forget(names, (each) => each === entry);
  return [
    ['names', 'remove', entry.directory, entry.name],
    ['names', 'put', { ...entry, name: newId('n') }],
  ];
}

/** A grant and what hangs on it directly; now and then what waits is decided. */
function end() {
  const grant = pick(grants);
  if (grant === undefined) return power();
  if (random() < 0.5) return decide(grant);
  const ended = { time: Date.now(), by: 'host', reason: 'over' };
  const ids = [grant, ...grants.filter((each) => each.parent === grant.id)].map(({ id }) => id);
  return ids.map((id) => ['grants', 'revoke', id, ended]);
}

function decide(grant) {
  const waiting = approvals.pop();
  if (waiting !== undefined) return [['approvals', 'settle', waiting.id, 'approved', 'fine']];
  const row = {
    id: newId('ap'),
    guest: grant.to,
    grant: grant.id,
    power: grant.power,
    call: 'POST x',
    digest: 'd',
    effect: 'write',
    created: Date.now(),
    expires: Date.now(),
    state: 'pending',
    reason: '',
  };
  return [
    ['approvals', 'insert', row],
    ['spent', 'add', grant.id, 'uses', 0, 1],
  ];
}

function namesOf(directory) {
  return store.names
    .list(directory)
    .flatMap((entry) =>
      entry.target.type === 'directory' ? [entry, ...namesOf(entry.target.id)] : [entry],
    );
}

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(start) {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
