/** How long a first visit takes until the page can be used, with nothing kept from before. */
import { type Browser, test } from '@playwright/test';

const VISITS = 10;

/** Pages, and what can be used on them once their script runs: they are drawn by it. */
const PAGES = [
  ['/', 'link', 'Create your agent'],
  ['/sign-in', 'button', 'Sign in'],
] as const;

const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function visit(browser: Browser, path: string, role: 'link' | 'button', name: string) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const began = performance.now();
  await page.goto(path, { waitUntil: 'commit' });
  await page.getByRole('main').getByRole(role, { name }).first().click({ trial: true });
  const usable = performance.now() - began;
  const paint = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
  );
  const bytes = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .reduce((sum, it) => sum + (it as PerformanceResourceTiming).transferSize, 0),
  );
  await context.close();
  return { usable, paint, bytes };
}

for (const [path, role, name] of PAGES) {
  test(`a first visit of ${path}`, async ({ browser }) => {
    const visits = [];
    for (let i = 0; i < VISITS; i += 1) visits.push(await visit(browser, path, role, name));
    const of = (key: 'usable' | 'paint') => Math.round(middle(visits.map((it) => it[key])) ?? 0);
    console.log(
      `${path}: first paint ${of('paint')} ms, usable ${of('usable')} ms, ` +
        `${Math.round((visits[0]?.bytes ?? 0) / 1024)} KiB beside the page (median of ${VISITS})`,
    );
  });
}
