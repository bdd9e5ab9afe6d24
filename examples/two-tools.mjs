// Two tools of one agent, each in a room of its own: one may fetch, the other may read files, and
// neither can do both, so what is read cannot be sent away. Run it:
//
//   node examples/two-tools.mjs
import { compartment, Far, lockdown, narrow } from 'powerbox/ocap';

lockdown();

const sent = [];
const web = Far('web', {
  fetch: (url, body) => {
    sent.push({ url, body });
    return `the page of ${url}`;
  },
});
const files = Far('files', {
  read: (name) => `the text of ${name}`,
  remove: (name) => `${name} is gone`,
});

const tell = (tool) => (_level, text) => console.log(`${tool}: ${text}`);
const webTool = compartment({
  name: 'web',
  endowments: { web: narrow(web, { fetch: [(url) => url.startsWith('https://docs.example/')] }) },
  console: tell('web'),
});
const fileTool = compartment({
  name: 'files',
  endowments: { files: narrow(files, { read: true }) },
  console: tell('files'),
});

// Both have run code that an attacker wrote: it tries all ways that one tool could reach another.
const hostile = `
  console.log('has', typeof web, typeof files, typeof process, typeof require);
  globalThis.shared = 'for the other tool';
  for (const [name, work] of Object.entries({
    prototype: () => { Object.prototype.files = 'here'; },
    console: () => { console.log.files = 'here'; },
    function: () => { if ((() => {}).constructor('return globalThis')().files) throw 'reached'; },
  })) {
    try {
      work();
      console.log(name, 'changed nothing:', typeof ({}).files);
    } catch (error) {
      console.log(name, 'is refused:', error.name);
    }
  }
`;
await webTool.evaluate(hostile);
await fileTool.evaluate(`console.log('sees', typeof globalThis.shared); ${hostile}`);

const page = await webTool.evaluate(`await E(web).fetch('https://docs.example/a')`);
const text = await fileTool.evaluate(`await E(files).read('secret.txt')`);
// Only the agent itself, which holds both, can bring the two together.
console.log(page, 'and', text);
await webTool
  .evaluate(`await E(web).fetch('https://docs.example/a', 'something that I read')`)
  .catch((error) => console.log(error.message));
console.log('sent:', JSON.stringify(sent));

// prints: web: has object undefined undefined undefined
// prints: web: prototype is refused: TypeError
// prints: web: console is refused: TypeError
// prints: web: function is refused: TypeError
// prints: files: sees undefined
// prints: files: has undefined object undefined undefined
// prints: files: prototype is refused: TypeError
// prints: files: console is refused: TypeError
// prints: files: function is refused: TypeError
// prints: the page of https://docs.example/a and the text of secret.txt
// prints: Cannot call fetch: these arguments are not allowed.
// prints: sent: [{"url":"https://docs.example/a"}]
