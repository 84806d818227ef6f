import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** What the site can live with. Whoever serves it adds the hosts of the agents to `form-action`. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

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
  preview: { headers: { 'content-security-policy': POLICY } },
  server: { proxy: { '/api': process.env.API_URL ?? 'http://127.0.0.1:8080' } },
});
