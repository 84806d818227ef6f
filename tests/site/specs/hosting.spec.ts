/** How the site is served: what may run in it, what is kept, and that the API stays itself. */
import { call, insist } from '../stack/api.ts';
import { expect, test } from '../stack/fixtures.ts';

test('every address of the site opens it, also when it is the first', async ({ page }) => {
  for (const path of ['/', '/sign-in', '/sign-up', '/forgot', '/docs/api']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
});

test('an address that nobody knows says so, in the site', async ({ page }) => {
  await page.goto('/there/is/nothing/here');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
});

test('nothing runs in a page but what the site brought', async ({ browser }) => {
  // A browser of its own: its complaint is what this is about.
  const page = await browser.newPage();
  await page.goto('/sign-in');
  const refused = page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) =>
          resolve(event.effectiveDirective),
        );
        document.body.append(document.createRange().createContextualFragment('<img src=x:y>'));
      }),
  );
  expect(await refused).toBe('img-src');
  await page.close();
  const { headers } = await insist(200, 'GET', '/sign-in');
  expect(headers['content-security-policy']).toContain("script-src 'self';");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['strict-transport-security']).toMatch(/^max-age=\d{8}/);
});

test('files with a hash are kept, the page that names them is not', async () => {
  const { body, headers } = await insist(200, 'GET', '/');
  expect(headers['cache-control']).toBe('no-cache');
  const files = [...String(body).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)];
  expect(files.length).toBeGreaterThan(0);
  for (const [, file = ''] of files) {
    const asset = await insist(200, 'GET', file);
    expect(asset.headers['cache-control'], file).toContain('immutable');
  }
});

test('what is not there is not the site', async () => {
  const gone = await insist(404, 'GET', '/assets/index-00000000.js');
  expect(gone.headers['cache-control']).toBe('no-store');
  const unknown = await insist(404, 'GET', '/api/there-is-no-such-thing');
  expect(unknown.headers['content-type']).toBe('application/problem+json');
  const { headers } = await call('GET', '/api/me');
  expect(headers['content-type']).toBe('application/problem+json');
});
