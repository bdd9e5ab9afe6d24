// Boxes that this process holds itself, many on one egress, as the command line holds one.
import { startBox } from '../../dist/boxes/process/start.js';
import { linkPath, openLinkedBox } from '../../dist/host/daemon-link.js';
import { startEgress } from '../../dist/host/egress-process.js';
import { prepare } from '../../dist/host/prepare.js';
import { deriveKey, loadKey } from '../../dist/vault/key.js';
import { watchedOf } from '../../dist/vault/watched.js';
import { HOST } from './place.mjs';

/** `told` is given each line that the person would read. */
export function holdEgress(home, told) {
  const events = { refused: told, failed: told, restarted: () => told('the egress was restarted') };
  return startEgress(home, deriveKey(loadKey(home), 'journal'), events);
}

const NOTHING = { mounts: [], masks: [], env: [], kit: null, policy: null, as: null };
const LIMITS = { memory: undefined, cpus: undefined, disk: undefined, timeout: undefined };

/** A running box on this egress, which may reach HOST. */
export async function holdBox(place, home, egress, program, options = {}) {
  const prepared = await prepare(home, {
    ...NOTHING,
    ...LIMITS,
    program,
    pids: options.pids ?? '64',
    secrets: options.secrets ?? [],
    workspace: options.workspace ?? 'none',
    cwd: place.workspace,
    hostEnv: process.env,
    allow: [HOST],
    allowAllHosts: false,
    detach: false,
  });
  const { spec } = prepared;
  const linked = await openLinkedBox(home, daemonIsUp, prepared.opening);
  const link = { socket: linkPath(home), token: linked.token };
  const watched = watchedOf(home, prepared.masked);
  egress.open({ ...prepared.egress, link, watched });
  const starting = await startBox({ ...spec, stdio: ['pipe', 'pipe', 'inherit'] });
  void egress.listen(spec.id, starting.listeners).then(starting.handedOver);
  const box = await starting.go();
  return { id: spec.id, box, linked, egress };
}

/** It was started with the place. */
function daemonIsUp() {
  throw new Error('The daemon is gone.');
}

export async function endBoxes(boxes) {
  await Promise.all(boxes.map(({ box }) => box.stop(0)));
  await Promise.all(boxes.map(({ id, egress }) => egress.close(id)));
  await Promise.all(boxes.map(({ linked }) => linked.close()));
  for (const { egress } of boxes) egress.end();
  for (const { box } of boxes) await box.cleanUp();
}
