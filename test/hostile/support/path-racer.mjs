// Swaps two names over and over, as fast as it can: what `--place` names, and what `--other` names.
// It is started by a test, says `racing` once it goes, and ends with whoever started it.
import { renameSync } from 'node:fs';

const [place, other] = process.argv.slice(2);
const spare = `${other}.spare`;
const ends = Date.now() + 60_000;

process.on('disconnect', () => process.exit());

function swap() {
  for (let times = 0; times < 100; times++) {
    renameSync(place, spare);
    renameSync(other, place);
    renameSync(spare, other);
  }
  if (Date.now() < ends) setImmediate(swap);
}

process.send('racing');
swap();
