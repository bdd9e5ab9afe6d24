// Files are lent to a tool for one task and taken back, also from what is still going on. Run it:
//
//   node examples/caretaker.mjs
import { caretaker, compartment, Far, lockdown } from 'powerbox/ocap';

lockdown();

let asked;
const isAsked = new Promise((resolve) => {
  asked = resolve;
});
const files = Far('files', {
  read: (name) => `the text of ${name}`,
  // Nobody changes it, so its answer takes for ever.
  readWhenChanged: (name) => {
    asked(name);
    return new Promise(() => {});
  },
});

const { proxy, revoke } = caretaker(files);
const tool = compartment({
  name: 'tool',
  endowments: { files: proxy },
  console: (_level, text) => console.log(text),
});

const work = tool.evaluate(`
  console.log(await E(files).read('notes.txt'));
  const later = E(files).readWhenChanged('notes.txt');
  await later.then(
    (text) => console.log('it got', text),
    (error) => console.log('in flight:', error.message),
  );
`);
await isAsked;
revoke('the task is over');
await work;

await tool.evaluate(`
  await E(files).read('notes.txt').catch((error) => console.log('afterwards:', error.message));
`);
// The owner's own is as it was.
console.log(files.read('notes.txt'));

// prints: the text of notes.txt
// prints: in flight: Cannot wait for the answer: the task is over.
// prints: afterwards: Cannot call read: the task is over.
// prints: the text of notes.txt
