/** Which browser, and its home. A home of its own: what it trusts is nobody else's business. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of the system: Playwright's own would be a download of its own. */
export function chromium(): string {
  const found = [process.env.CHROMIUM ?? '', ...PLACES].find(isProgram);
  if (!found) throw new Error('there is no Chromium: sudo apt-get install chromium');
  return found;
}

export const browserHome = (results: string): string => join(results, 'browser');

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return path !== '';
  } catch {
    return false;
  }
}
