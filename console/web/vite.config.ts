import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The output is committed and compared by `make console-check`: names depend on content alone.
export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: '../assets/dist',
    emptyOutDir: true,
    target: ['chrome123', 'firefox121', 'safari17.5'],
    modulePreload: { polyfill: false },
    // The content security policy has no data: for scripts and styles.
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/v1': process.env.DROVER_CONSOLE ?? 'http://127.0.0.1:8300' } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
