/** A browser on the stack that runs: `set -a; source run/env`, then `npm test`. */
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';
import { browserHome, chromium } from './stack/browser.ts';
import { environment } from './stack/environment.ts';

const results = process.env.SITE_TEST_RESULTS ?? join(import.meta.dirname, 'results');

export default defineConfig({
  testDir: 'specs',
  outputDir: join(results, 'failed'),
  globalSetup: './stack/trust.ts',
  // One machine runs the stack, its workers and the browser: more at once only makes them time out.
  workers: 1,
  timeout: 60_000,
  // An operation may be a function's first, which starts it.
  expect: { timeout: 15_000 },
  forbidOnly: process.env.CI === 'true',
  // A test that passes at the second attempt has found something.
  retries: 0,
  reporter: [['list'], ['html', { open: 'never', outputFolder: join(results, 'report') }]],
  use: {
    baseURL: environment().appUrl,
    locale: 'en-GB',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium(),
      env: { ...process.env, HOME: browserHome(results) } as Record<string, string>,
      // Its own fence needs rights that containers and root do not have.
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    },
  },
});
