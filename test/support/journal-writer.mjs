// Appends rows to a journal until it is killed; prints the number of each row once it is written.
// Arguments: folder of the compiled sources, POWERBOX_HOME, name of the box.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [sources, root, box] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(sources, file)).href);
const { openHome } = await load('store/home.js');
const { openJournal } = await load('journal/journal.js');

try {
  const journal = openJournal(openHome({ POWERBOX_HOME: root }), Buffer.alloc(32, 7));
  for (let index = 0; ; index += 1) {
    const url = `https://api.example.com/${index}`;
    const entry = {
      kind: 'request',
      box,
      method: 'GET',
      url,
      verdict: 'allow',
      rule: 'r',
      secrets: [],
    };
    const seqs = index % 3 === 0 ? journal.appendMany([entry, entry]) : [journal.append(entry)];
    writeSync(1, seqs.map((seq) => `${seq}\n`).join(''));
  }
} catch (error) {
  writeSync(1, `${error.code ?? ''} ${error.message}\n`);
}
