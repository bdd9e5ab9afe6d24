import type { Provider } from './config.ts';
import { EVENT_BYTES_MAX } from './limits.ts';

/** Cuts a streamed answer into its events; what is split anywhere comes out whole. */
export interface EventReader {
  /** The events that end in these bytes, as JSON values; `[DONE]` comes as null. */
  push(bytes: Uint8Array): readonly unknown[];
  /** What stands behind the last end of a line. */
  end(): readonly unknown[];
}

/**
 * A reader of server-sent events (WHATWG HTML §9.2), of which only `data` matters, or of Ollama's
 * lines of JSON. Lines that cannot be read are skipped, as comments and names of events are; a
 * longer one than EVENT_BYTES_MAX is dropped.
 */
export function eventReader(provider: Provider): EventReader {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  let dropping = false;
  const take = (text: string): readonly unknown[] => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (dropping && lines.length > 0) {
      lines.shift();
      dropping = false;
    }
    if (rest.length > EVENT_BYTES_MAX) {
      rest = '';
      dropping = true;
    }
    return lines.flatMap((line) => eventOf(provider, line));
  };
  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    end: () => take(`${decoder.decode()}\n`),
  };
}

function eventOf(provider: Provider, line: string): readonly unknown[] {
  let text = line.trim();
  if (provider !== 'ollama') {
    if (!text.startsWith('data:')) return [];
    text = text.slice('data:'.length).trim();
    if (text === '[DONE]') return [null];
  }
  if (text === '') return [];
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}
