/**
 * Makes the browser trust the stack's own authority, as a person would who imports it. So a page with a
 * wrong certificate fails here as it would at a customer's.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FullConfig } from '@playwright/test';
import { browserHome } from './browser.ts';
import { environment } from './environment.ts';

export default function trust(config: FullConfig): void {
  const outputs = config.projects[0]?.outputDir ?? '.';
  const database = join(browserHome(dirname(outputs)), '.pki/nssdb');
  rmSync(database, { recursive: true, force: true });
  mkdirSync(database, { recursive: true });
  const certutil = (...args: string[]) =>
    execFileSync('certutil', ['-d', `sql:${database}`, ...args], { stdio: 'pipe' });
  certutil('-N', '--empty-password');
  certutil('-A', '-n', 'the stack', '-t', 'C,,', '-i', environment().caFile);
}
