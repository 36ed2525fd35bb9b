import { defineConfig } from 'vitest/config';

// Real pages of the real server, in a real browser. One file after the other: each starts servers and a browser.
export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 150_000,
    hookTimeout: 150_000,
  },
});
