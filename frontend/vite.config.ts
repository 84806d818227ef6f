import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The content security policy knows neither inline scripts nor `data:` sources.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Served by us for what went wrong at a customer's; not a secret, the source is public.
    sourcemap: false,
    reportCompressedSize: false,
  },
  // One origin, as in production: the session cookie is for this host only.
  server: { proxy: { '/api': process.env.API_URL ?? 'http://127.0.0.1:8080' } },
});
