import type { Adapter } from '../types.ts';
export const srt = (_root: string): Adapter => ({ name: 'srt', version: () => null, missing: 'x', lacks: {}, start: async () => { throw new Error('x'); } });
