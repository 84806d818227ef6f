/** Signing in with Google, on the page that stands for Google's. */
import type { Page } from '@playwright/test';
import { environment } from '../stack/environment.ts';
import { expect, test } from '../stack/fixtures.ts';
import { newCredentials } from '../stack/people.ts';

/** Google answers for addresses of its own, and for no others. */
const gmail = () => newCredentials().email.replace('example.com', 'gmail.com');

async function chooseAccount(page: Page, email: string): Promise<void> {
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  await page.waitForURL((url) => url.port === environment().googlePort);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByRole('button', { name: 'Continue' }).first().click();
  await page.waitForURL((url) => url.href.startsWith(environment().appUrl));
}

test('a first sign-in with Google opens an account, and a second one finds it', async ({
  page,
}) => {
  const email = gmail();
  for (const visit of ['first', 'second']) {
    await test.step(`the ${visit} visit`, async () => {
      await page.context().clearCookies();
      await chooseAccount(page, email);
      await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
      await page.goto('/settings');
      await expect(page.getByRole('main').getByText(email)).toBeVisible();
    });
  }
});

test('who has a password already is asked for it first', async ({ page, person }) => {
  await chooseAccount(page, person.email);
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByText(/account with this address already/)).toBeVisible();
});

test('who turns back at Google is nobody, and is told so', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByText(/You left the sign-in with Google/)).toBeVisible();
});
