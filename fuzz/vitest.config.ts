import { defineConfig } from 'vitest/config';

/** Runs what `npm run fuzz` runs; `npm test` does not come here. */
export default defineConfig({
  test: { include: ['fuzz/long.test.ts'], root: `${import.meta.dirname}/..`, testTimeout: 0 },
});
