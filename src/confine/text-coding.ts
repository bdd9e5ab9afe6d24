import { copyBytes, typedArrayTag } from './bytes.ts';

/**
 * `TextEncoder`, `TextDecoder`, `atob` and `btoa` for compartments. As with `URL`, code gets
 * classes of ours: what the platform's throw leads to prototypes that all compartments could
 * change.
 */

interface PlatformDecoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: Uint8Array, options?: { stream: boolean }): string;
}

interface Platform {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new (
    label: string,
    options: { fatal: boolean; ignoreBOM: boolean },
  ) => PlatformDecoder;
  readonly atob: (text: string) => string;
  readonly btoa: (text: string) => string;
}

const platform = globalThis as unknown as Platform;
const encoder = new platform.TextEncoder();
const PlatformTextDecoder = platform.TextDecoder;
const { atob: platformAtob, btoa: platformBtoa } = platform;

export class TextEncoder {
  get encoding(): string {
    return 'utf-8';
  }

  encode(text: unknown = ''): Uint8Array {
    return encoder.encode(`${text}`);
  }

  encodeInto(text: unknown, into: unknown): { read: number; written: number } {
    if (typeof into !== 'object' || into === null || typedArrayTag(into) !== 'Uint8Array') {
      throw new TypeError('Cannot encode: the second argument is no Uint8Array.');
    }
    const bytes = into as Uint8Array;
    let read = 0;
    let written = 0;
    for (const character of `${text}`) {
      const encoded = encoder.encode(character);
      if (written + encoded.length > bytes.length) break;
      Reflect.apply(Uint8Array.prototype.set, bytes, [encoded, written]);
      read += character.length;
      written += encoded.length;
    }
    return { read, written };
  }
}

export class TextDecoder {
  readonly #decoder: PlatformDecoder;

  constructor(label: unknown = 'utf-8', options: { fatal?: unknown; ignoreBOM?: unknown } = {}) {
    const name = `${label}`;
    const chosen = { fatal: Boolean(options.fatal), ignoreBOM: Boolean(options.ignoreBOM) };
    const decoder = attempt(() => new PlatformTextDecoder(name, chosen));
    if (decoder === undefined) throw new RangeError('Cannot decode: the encoding is not known.');
    this.#decoder = decoder;
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }

  get fatal(): boolean {
    return this.#decoder.fatal;
  }

  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }

  decode(bytes?: unknown, options: { stream?: unknown } = {}): string {
    const copy = bytes === undefined ? new Uint8Array() : copyBytes(bytes);
    if (copy === undefined) throw new TypeError('Cannot decode: the argument holds no bytes.');
    const stream = Boolean(options.stream);
    const text = attempt(() => this.#decoder.decode(copy, { stream }));
    if (text === undefined) {
      throw new TypeError(`Cannot decode: the bytes are not ${this.encoding}.`);
    }
    return text;
  }
}

export function atob(text: unknown): string {
  const whole = `${text}`;
  const bytes = attempt(() => platformAtob(whole));
  if (bytes === undefined) throw new TypeError('Cannot decode: the text is not base64.');
  return bytes;
}

export function btoa(text: unknown): string {
  const whole = `${text}`;
  const encoded = attempt(() => platformBtoa(whole));
  if (encoded === undefined) {
    throw new TypeError('Cannot encode as base64: a character is above U+00FF.');
  }
  return encoded;
}

/** Runs what is the platform's and knows only texts and bytes of ours; its errors stay here. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
