import { defineConfig } from 'vite';

// The server writes its root path into <base> of index.html; everything else is relative to it. Nothing is inlined: the
// content security policy allows no inline scripts, styles or data URLs.
export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    target: 'es2021',
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 400,
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': process.env.WINDLASS_WEB ?? 'http://127.0.0.1:8080' } },
});
