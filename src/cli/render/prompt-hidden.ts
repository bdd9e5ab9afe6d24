import type { Readable } from 'node:stream';
import { PowerboxError } from '../../wire/errors.ts';

/** A terminal's keyboard, as `tty.ReadStream` has it. */
export interface Keyboard extends Readable {
  setRawMode?(raw: boolean): unknown;
}

const INTERRUPT = 0x03;
const END = 0x04;
const BACKSPACE: readonly number[] = [0x08, 0x7f];
const ERASE_LINE = 0x15;
const LINE_ENDS: readonly number[] = [0x0a, 0x0d];

/**
 * One line from a terminal that does not show it. What was pasted after the line comes along, so
 * that a value of several lines is refused and not cut. Throws `usage` when the person gives up.
 */
export function promptHidden(keyboard: Keyboard, bytesMax: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const typed: number[] = [];
    const end = (settle: () => void): void => {
      keyboard.off('data', onData);
      keyboard.off('end', onEnd);
      keyboard.setRawMode?.(false);
      keyboard.pause();
      settle();
    };
    const onEnd = (): void => end(() => reject(givenUp()));
    const onData = (chunk: Buffer): void => {
      for (const [at, byte] of chunk.entries()) {
        if (byte === INTERRUPT || (byte === END && typed.length === 0)) {
          onEnd();
          return;
        }
        if (LINE_ENDS.includes(byte) || byte === END) {
          end(() => resolve(lineOf(typed, byte === END ? [] : chunk.subarray(at))));
          return;
        }
        if (BACKSPACE.includes(byte)) eraseCharacter(typed);
        else if (byte === ERASE_LINE) typed.length = 0;
        else if (typed.length <= bytesMax) typed.push(byte);
      }
    };
    keyboard.setRawMode?.(true);
    keyboard.on('data', onData);
    keyboard.on('end', onEnd);
    keyboard.resume();
  });
}

/** A terminal sends CR for the end of a line; a value ends with LF wherever else it comes from. */
function lineOf(typed: readonly number[], rest: Iterable<number>): Uint8Array {
  const [first, ...more] = rest;
  return Uint8Array.from([...typed, ...(first === undefined ? [] : [0x0a]), ...more]);
}

/** A character of UTF-8 is a first byte and those after it that begin with the bits 10. */
function eraseCharacter(typed: number[]): void {
  let byte = typed.pop();
  while (byte !== undefined && (byte & 0xc0) === 0x80) byte = typed.pop();
}

function givenUp(): PowerboxError {
  return new PowerboxError('usage', 'Nothing was changed: no value was given at the prompt.', {
    hint: 'Run the command again, or give the value on standard input.',
  });
}
