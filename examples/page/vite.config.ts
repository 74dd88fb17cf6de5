import { defineConfig } from 'vitest/config';

// What is built is committed and embedded in the examples: names without hashes, and nothing that depends on when or
// where it is built. `npm run dev` talks to an example on port 8000, or on `SERVER`.
const server = process.env['SERVER'] ?? 'http://127.0.0.1:8000';
const routes = ['/chatkit', '/page.json', '/upload', '/direct', '/files', '/entities'];

export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: { entryFileNames: 'page.js', chunkFileNames: 'page-[name].js', assetFileNames: 'page[extname]' },
    },
  },
  server: { proxy: Object.fromEntries(routes.map((route) => [route, server])) },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'] },
});
