// A person gives to an agent, the agent gives less of it to a tool that it made, and each can take
// back what they gave, with all that came of it. Run it:
//
//   node examples/person-agent-tool.mjs
import {
  caretaker,
  compartment,
  E,
  Far,
  lockdown,
  membrane,
  narrow,
  rateLimit,
  watch,
} from 'powerbox/ocap';

lockdown();
const tell = (who) => (_level, text) => console.log(`${who}: ${text}`);

// What the person has: a workspace whose folders give files.
const makeFile = (name) =>
  Far('file', { read: () => `the text of ${name}`, write: (text) => `${name} is now ${text}` });
const workspace = Far('workspace', {
  open: (name) => makeFile(name),
  remove: (name) => `${name}!`,
});

// The person gives the agent all but `remove`, of every file that it ever opens, until it is over.
const lent = membrane(workspace, {
  call: ({ method }) => method !== 'remove' || 'nothing is removed',
});

// What the agent may do with what it holds: hand some of it on. The person sees every call.
const patterns = {
  caretaker,
  compartment: (name, endowments) => compartment({ name, endowments, console: tell(name) }),
  narrow,
  rateLimit,
};
const agent = compartment({
  name: 'agent',
  endowments: {
    workspace: watch(lent.proxy, (method, args) => console.log(`person sees ${method}(${args})`)),
    patterns,
  },
  console: tell('agent'),
});

const tool = await agent.evaluate(`
  await E(workspace).remove('plan.txt').catch((error) => console.log(error.message));
  const plan = await E(workspace).open('plan.txt');
  // The tool may read one file, twice, for as long as the agent wants.
  const { narrow, rateLimit, caretaker, compartment } = patterns;
  const loan = caretaker(rateLimit(narrow(plan, { read: true }), { calls: 2 }));
  const tool = compartment('tool', { plan: loan.proxy });
  await tool.evaluate("console.log(await E(plan).read(), typeof plan.write)");
  ({ tool, plan, takeBack: () => loan.revoke('the agent took it back') });
`);

await tool.tool.evaluate(`console.log(await E(plan).read())`);
await tool.tool.evaluate(`await E(plan).read().catch((error) => console.log(error.message))`);
tool.takeBack();
await tool.tool.evaluate(`await E(plan).read().catch((error) => console.log(error.message))`);

// The person takes back what they gave; the agent's own file ends with it.
lent.revoke('the person took it back');
await E(tool.plan)
  .read()
  .catch((error) => console.log(error.message));

// prints: person sees remove("plan.txt")
// prints: agent: Cannot call remove: nothing is removed.
// prints: person sees open("plan.txt")
// prints: tool: the text of plan.txt undefined
// prints: tool: the text of plan.txt
// prints: tool: Cannot call read: 2 calls are used.
// prints: tool: Cannot call read: the agent took it back.
// prints: Cannot call read: the person took it back.
