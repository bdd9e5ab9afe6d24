import { malformedFrame } from '../http2/fault.ts';
import { FAULT, SETTING } from '../http2/frames.ts';
import { readSettings } from '../http2/settings.ts';

/** What of a server's settings is of effect here; null where a frame does not say it. */
export interface ServerSettings {
  /** Window that each stream begins with, in bytes. */
  readonly window: number | null;
  readonly streams: number | null;
  /** RFC 8441 section 3; null is as before. */
  readonly extendedConnect: boolean | null;
}

/** Reads a SETTINGS payload (RFC 9113 section 6.5.2); throws an Http2Fault where it is malformed. */
export function readServerSettings(payload: Buffer): ServerSettings {
  const window = readSettings(payload);
  let streams: number | null = null;
  let extendedConnect: boolean | null = null;
  for (let at = 0; at < payload.length; at += 6) {
    const id = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    if (id === SETTING.maxConcurrentStreams) streams = value;
    if (id === SETTING.enableConnectProtocol) extendedConnect = value === 1;
    // RFC 9113 section 6.5.2: only a client may set it.
    if (id === SETTING.enablePush && value !== 0) throw malformedFrame(FAULT.protocol, '');
  }
  return { window, streams, extendedConnect };
}
