import { defineConfig } from 'vitest/config';

// Journeys of the browser on a real stack, which tests/endtoend/console starts.
export default defineConfig({
  test: {
    include: ['e2e/**/*.journey.ts'],
    fileParallelism: false,
    sequence: { concurrent: false },
    testTimeout: 240_000,
    hookTimeout: 60_000,
    bail: 1,
  },
});
