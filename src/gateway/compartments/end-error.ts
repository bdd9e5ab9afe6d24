import type { WorkerEnd } from '../../boxes/compartment/start.ts';
import type { CompartmentLimits } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';

/** What everybody hears who had something to do with a compartment whose process has ended. */
export function endError(
  { why, status }: WorkerEnd,
  limits: Required<CompartmentLimits>,
): PowerboxError {
  switch (why) {
    case 'memory':
      return overLimit(`it used more memory than ${limits.memoryBytes / 1024 ** 2} MiB`);
    case 'turn':
      return overLimit(`it held its thread for more than ${seconds(limits.turnMs)}`);
    case 'processor':
      return overLimit(`it used more processor time than ${seconds(limits.cpuMs)}`);
    case 'time':
      return overLimit(`its life of ${seconds(limits.lifeMs)} is over`);
    case 'killed':
    case 'closed':
      return new PowerboxError(
        'compartment-ended',
        'The compartment has ended: its process is gone.',
      );
    case 'failed':
      return new PowerboxError(
        'compartment-ended',
        `The compartment has ended: its process failed with status ${status}.`,
      );
  }
}

export function overLimit(what: string): PowerboxError {
  return new PowerboxError('compartment-limit', `The compartment was ended: ${what}.`);
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}
