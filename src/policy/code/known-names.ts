/** Free names of a program that are nobody's power. */

/** What every compartment has, and every other place too. */
export const PLAIN_NAMES: ReadonlySet<string> = new Set([
  ...['undefined', 'NaN', 'Infinity', 'globalThis', 'arguments', 'Object', 'Array'],
  ...['Number', 'parseFloat', 'parseInt', 'Boolean', 'String', 'Symbol', 'Promise', 'RegExp'],
  ...['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError'],
  ...['TypeError', 'URIError', 'JSON', 'Math', 'Date', 'ArrayBuffer', 'DataView', 'Uint8Array'],
  ...['Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array', 'Float32Array'],
  ...['Float64Array', 'Uint8ClampedArray', 'BigUint64Array', 'BigInt64Array', 'Map', 'BigInt'],
  ...['Set', 'WeakMap', 'WeakSet', 'WeakRef', 'Proxy', 'Reflect', 'Iterator', 'isFinite', 'isNaN'],
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'unescape'],
  ...['console', 'URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'structuredClone'],
  ...['setTimeout', 'clearTimeout', 'E', 'Far', 'harden', 'crypto', 'Intl', 'atob', 'btoa'],
]);

/** What programs of Node and of browsers see, and a compartment does not. */
export const PLATFORM_NAMES: ReadonlySet<string> = new Set([
  ...['process', 'Buffer', 'require', 'module', 'exports', '__dirname', '__filename', 'global'],
  ...['fetch', 'Request', 'Response', 'Headers', 'FormData', 'Blob', 'File', 'WebSocket'],
  ...['XMLHttpRequest', 'EventSource', 'navigator', 'window', 'self', 'document', 'location'],
  ...['localStorage', 'sessionStorage', 'indexedDB', 'performance', 'setInterval', 'alert'],
  ...['clearInterval', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'AbortController'],
  ...['AbortSignal', 'Event', 'EventTarget', 'MessageChannel', 'MessagePort', 'Worker'],
  ...['BroadcastChannel', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'eval', 'ReadableStream'],
  ...['WritableStream', 'TransformStream', 'CompressionStream', 'DecompressionStream'],
  ...['DOMException', 'FinalizationRegistry'],
]);

/** Names of modules of Node, which may be written without `node:`. */
export const BUILTINS: ReadonlySet<string> = new Set([
  ...['assert', 'async_hooks', 'buffer', 'child_process', 'cluster', 'console', 'constants'],
  ...['crypto', 'dgram', 'diagnostics_channel', 'dns', 'domain', 'events', 'fs', 'http', 'http2'],
  ...['https', 'inspector', 'module', 'net', 'os', 'path', 'perf_hooks', 'process', 'punycode'],
  ...['querystring', 'readline', 'repl', 'stream', 'string_decoder', 'sys', 'timers', 'tls'],
  ...['trace_events', 'tty', 'url', 'util', 'v8', 'vm', 'wasi', 'worker_threads', 'zlib'],
]);

/** Clients of HTTP that are called like `fetch` or by the name of a method. */
export const HTTP_CLIENTS: ReadonlySet<string> = new Set([
  'axios',
  'got',
  'ky',
  'undici',
  'ofetch',
]);

/** Packages that are or make `fetch`. */
export const FETCHES: ReadonlySet<string> = new Set([
  'node-fetch',
  'cross-fetch',
  'isomorphic-fetch',
]);

/** Whose model a package of a provider asks. */
export const MODEL_PACKAGES: Readonly<Record<string, 'openai' | 'anthropic' | 'ollama'>> = {
  openai: 'openai',
  '@ai-sdk/openai': 'openai',
  '@anthropic-ai/sdk': 'anthropic',
  '@ai-sdk/anthropic': 'anthropic',
  ollama: 'ollama',
  'ollama-ai-provider': 'ollama',
  'ollama-ai-provider-v2': 'ollama',
};
