import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/*.test.ts'],
    // Loading the CDK takes longer than any test: once is enough.
    isolate: false,
    fileParallelism: false,
    // Templates are looked at, not deployed: nothing has to be compiled for that.
    env: { ONEMINS_FUNCTIONS: 'placeholder' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
