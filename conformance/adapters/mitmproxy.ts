import type { Adapter } from '../types.ts';
export const mitmproxy = (_root: string): Adapter => ({ name: 'mitmproxy', version: () => null, missing: 'x', lacks: {}, start: async () => { throw new Error('x'); } });
