export function withPrograms(programs: readonly string[]): NodeJS.ProcessEnv | null;
export function locate(name: string): string | null;
export function sandboxRuntime(): {
  readonly version: string;
  readonly home: string;
  readonly path: string;
  readonly node: string;
} | null;
export function mitmproxy(): string | null;
