// A small world of objects that give each other in every way there is, and programs that walk
// through a membrane around it. A child of confined.ts runs it; test/integration has the test.

const SIZE = 5;

/** Objects of the inside. `taken` is what they were handed, `calls` counts what they were asked. */
function makeWorld() {
  const world = { nodes: [], taken: [], calls: 0 };
  for (let at = 0; at < SIZE; at += 1) world.nodes.push(makeNode(world, at));
  for (const [at, node] of world.nodes.entries()) node.next = world.nodes[(at + 1) % SIZE];
  return world;
}

function makeNode(world, at) {
  const to = (index) => world.nodes[(at + index) % SIZE];
  return {
    next: undefined,
    get got() {
      return to(1);
    },
    ping() {
      world.calls += 1;
    },
    give: (n) => to(n),
    later: async (n) => to(n),
    list: (n) => ({ deep: [to(n), { more: to(n + 1) }] }),
    callback: (n, work) => world.taken.push(work, work(to(n))),
    *generator(n) {
      yield to(n);
    },
    async *stream(n) {
      yield to(n);
    },
    map: (n) => new Map([['held', to(n)]]),
    thrown(n) {
      throw to(n);
    },
    bound: (n) => () => to(n),
    keep: (_n, own) => world.taken.push(own),
    self() {
      return this;
    },
  };
}

/** How the outside gets an object of another, by each way. */
const WAYS = {
  property: (node) => node.next,
  getter: (node) => node.got,
  give: (node, n) => node.give(n),
  later: (node, n) => node.later(n),
  list: (node, n) => node.list(n).deep[0],
  nested: (node, n) => node.list(n).deep[1].more,
  generator: (node, n) => [...node.generator(n)][0],
  map: (node, n) => node.map(n).get('held'),
  bound: (node, n) => node.bound(n)(),
  self: (node) => node.self(),
  async stream(node, n) {
    for await (const one of node.stream(n)) return one;
  },
  callback(node, n, own) {
    let heard;
    node.callback(n, (given) => {
      heard = given;
      return own;
    });
    return heard;
  },
  thrown(node, n) {
    try {
      return node.thrown(n);
    } catch (thrown) {
      return thrown;
    }
  },
  keep(node, n, own) {
    node.keep(n, own);
    return node;
  },
};

/** Nothing between the two sides, to see that what goes wrong is seen. */
const nothing = (object) => ({ proxy: object, revoke: () => {} });

/** Runs each program in a world of its own. Gives what went wrong, and how much was done. */
export async function work({ membrane }, { programs, walled }) {
  const totals = { reached: 0, calls: 0, refused: 0, faults: [] };
  for (const program of programs) await runProgram(walled ? membrane : nothing, program, totals);
  return totals;
}

async function runProgram(membrane, program, totals) {
  const world = makeWorld();
  const inside = new Set(world.nodes.flatMap((node) => [node, ...Object.values(node)]));
  const outside = new Set();
  const { proxy, revoke } = membrane(world.nodes[0]);
  const held = [proxy];
  for (const { way, from, to } of program) {
    const own = { hear: (given) => given };
    outside.add(own).add(own.hear);
    const got = await WAYS[way](held[from % held.length], to, own);
    if (inside.has(got)) totals.faults.push(`${way} gave the inside itself`);
    held.push(got);
    totals.reached += 1;
  }
  if (world.taken.some((one) => outside.has(one))) totals.faults.push('the inside got the outside');
  for (const one of held) one.ping();
  totals.calls += world.calls;
  if (world.calls !== held.length) totals.faults.push('a call was lost');
  revoke();
  const mustFail = (what, act) => {
    try {
      act();
      totals.faults.push(`${what} after the end`);
    } catch (error) {
      if (error.code === 'grant-revoked') totals.refused += 1;
      else totals.faults.push(error.message);
    }
  };
  for (const one of held) mustFail('a call', () => one.ping());
  for (const one of world.taken) {
    if (typeof one === 'function') mustFail('a callback', () => one(world.nodes[0]));
    else if (Object(one) === one) mustFail('a callback', () => one.hear(world.nodes[0]));
  }
}
