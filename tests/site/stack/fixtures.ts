/** What every test of the site begins with, and what none of them may leave behind unnoticed. */
import {
  type BrowserContext,
  test as base,
  type ConsoleMessage,
  type Page,
} from '@playwright/test';
import { environment } from './environment.ts';
import { newPerson, type Person } from './people.ts';

interface Fixtures {
  /** An owner with a workspace of their own and nothing in it. */
  readonly person: Person;
  /** A page of the site on which `person` is signed in. */
  readonly home: Page;
}

export const test = base.extend<Fixtures>({
  context: async ({ context }, use) => {
    const faults: string[] = [];
    context.on('weberror', (error) => faults.push(`error: ${error.error().message}`));
    context.on('console', (message) => {
      if (isFault(message)) faults.push(`console: ${message.text()}`);
    });
    await use(context);
    // Also what the content security policy refused is said there, and nowhere else.
    base.expect(faults, 'what the browser complained about').toEqual([]);
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names from it
  person: async ({}, use) => use(await newPerson()),
  home: async ({ context, person }, use) => {
    await comeBack(context, person);
    const page = await context.newPage();
    await page.goto('/projects');
    await use(page);
  },
});

export const { expect } = base;

/** Gives a browser the cookie of `person`, as if they had signed in there before. */
export async function comeBack(context: BrowserContext, person: Person): Promise<void> {
  const { appUrl } = environment();
  await context.addCookies([
    {
      name: '__Host-refresh',
      value: person.refresh,
      url: appUrl,
      secure: true,
      httpOnly: true,
      sameSite: 'Strict',
    },
  ]);
}

/** A refused request is written to the console as well, and may be what a test is about. */
function isFault(message: ConsoleMessage): boolean {
  const refused = message.text().startsWith('Failed to load resource');
  return message.type() === 'error' && !refused && ownPage(message);
}

/** The checkout and the agent's own pages are not ours to judge. */
const ownPage = (message: ConsoleMessage): boolean =>
  (message.page()?.url() ?? '').startsWith(environment().appUrl);
