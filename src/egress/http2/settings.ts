import { malformedFrame } from './fault.ts';
import { FAULT, PAYLOAD_BYTES_MAX, SETTING, WINDOW_MAX } from './frames.ts';

/**
 * Reads a SETTINGS payload (RFC 9113 section 6.5.2); gives the initial window where it has one. The
 * other settings are checked and otherwise of no effect: answers are packed without a table, frames
 * are of the size that every peer takes, and nothing is pushed.
 */
export function readSettings(payload: Buffer): number | null {
  if (payload.length % 6 !== 0) throw malformedFrame(FAULT.frameSize, 'a SETTINGS frame is cut');
  let window: number | null = null;
  for (let at = 0; at < payload.length; at += 6) {
    const id = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    if (id === SETTING.initialWindowSize) {
      if (value > WINDOW_MAX) throw malformedFrame(FAULT.flowControl, 'a window is too large');
      window = value;
    }
    const isSwitch = id === SETTING.enablePush || id === SETTING.enableConnectProtocol;
    const small = id === SETTING.maxFrameSize && value < PAYLOAD_BYTES_MAX;
    const large = id === SETTING.maxFrameSize && value > 0xffffff;
    if ((isSwitch && value > 1) || small || large) {
      throw malformedFrame(FAULT.protocol, 'a setting has a value that it cannot have');
    }
  }
  return window;
}
