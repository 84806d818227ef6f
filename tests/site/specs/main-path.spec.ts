/** The main job in a browser: from the front page to an agent that runs. */
import { checkout } from '../stack/checkout.ts';
import { environment } from '../stack/environment.ts';
import { expect, test } from '../stack/fixtures.ts';
import { linkTo } from '../stack/mailbox.ts';
import { newCredentials } from '../stack/people.ts';

/** Of a worker that has to be bought, and boots together with everything else on this machine. */
const START_LIMIT_MS = 240_000;

test('a visitor signs up, pays, and sees the agent start until it runs', async ({ page }) => {
  test.setTimeout(START_LIMIT_MS + 120_000);
  const { email, password } = newCredentials();

  await test.step('the front page leads to a new account', async () => {
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.getByRole('link', { name: 'Create your agent' }).first().click();
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  });

  await test.step('the letter opens the account', async () => {
    await page.goto(await linkTo('/confirm', email));
    await expect(page.getByRole('heading', { name: 'Your account is open' })).toBeVisible();
    expect(new URL(page.url()).hash, 'the secret is gone from the address').toBe('');
    await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  });

  await test.step('a project is named and paid for', async () => {
    await page.goto('/projects/new');
    await page.getByLabel('Name').first().fill('Browser');
    await page.getByRole('radio', { name: /Standard/ }).check();
    await page.getByRole('button', { name: /pay|create|continue/i }).click();
    await checkout(page, 'Pay');
    await page.waitForURL((url) => url.href.startsWith(`${environment().appUrl}/projects/prj_`));
  });

  await test.step('each step appears, and the last one says that it runs', async () => {
    await expect(page.getByRole('listitem').filter({ hasText: 'Agent answers' })).toBeVisible();
    await expect(page.getByText('Your agent is running.')).toBeAttached({
      timeout: START_LIMIT_MS,
    });
  });

  await test.step('who comes back is still signed in', async () => {
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Browser');
  });
});

test('a declined card leaves a project that can still be paid for', async ({ home }) => {
  await home.goto('/projects/new');
  await home.getByLabel('Name').first().fill('Declined');
  await home.getByRole('radio', { name: /Standard/ }).check();
  await home.getByRole('button', { name: /pay|create|continue/i }).click();
  await checkout(home, 'Decline card');
  await home.waitForURL((url) => url.href.startsWith(environment().appUrl));
  await expect(home.getByRole('button', { name: /pay/i })).toBeVisible();
});
