/** The main job in a browser: from the front page to an agent that runs. */
import { askAgent, openChat } from '../stack/chat.ts';
import { expect, test } from '../stack/fixtures.ts';
import { linkTo } from '../stack/mailbox.ts';
import { order, START_LIMIT_MS, untilItRuns } from '../stack/order.ts';
import { newCredentials } from '../stack/people.ts';

test('a visitor signs up, pays, and talks to an agent of their own', async ({ page, browser }) => {
  test.setTimeout(3 * START_LIMIT_MS);
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
    await order(page, 'browser', 'Pay');
  });

  await test.step('each step appears, and the last one says that it runs', async () => {
    await expect(
      page.getByRole('listitem').filter({ hasText: 'Wait until it answers' }),
    ).toBeVisible();
    await untilItRuns(page);
  });

  await test.step('who comes back is still signed in', async () => {
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('browser');
  });

  await test.step('the chat opens, signed in, and the agent answers', async () => {
    const chat = await openChat(page.context(), page);
    await askAgent(chat, 'What is 6 times 7?', 'The answer is 42');
    expect(chat.url(), 'no secret in the address').not.toMatch(/ticket|token/i);
    await chat.close();
  });

  await test.step('an own key and another model are in use without a restart', async () => {
    const project = page.url();
    await page.goto('/keys');
    await page.getByRole('button', { name: 'Add a key' }).first().click();
    await page.getByLabel('Provider', { exact: true }).selectOption('anthropic');
    await page.getByLabel('Name', { exact: true }).fill('mine');
    await page.getByLabel('Key', { exact: true }).fill(`sk-ant-standin-${'k'.repeat(40)}`);
    await page.getByRole('button', { name: 'Store the key' }).click();
    await expect(page.getByText('mine').first()).toBeVisible();
    await page.goto(project);
    await page.getByLabel('Provider', { exact: true }).selectOption('anthropic');
    await page.getByRole('button', { name: 'Use this model' }).click();
    await expect(page.getByText('Being applied')).toBeVisible();
    await expect(page.getByText('In use')).toBeVisible({ timeout: 180_000 });
    const chat = await openChat(page.context(), page);
    await askAgent(chat, 'What is 7 times 8?', 'The answer is 56');
    await chat.close();
  });

  await test.step('a second browser is let in by the site and not by the address', async () => {
    const context = await browser.newContext();
    const other = await context.newPage();
    await other.goto('/sign-in');
    await other.getByLabel('E-mail address').fill(email);
    await other.getByLabel('Password', { exact: true }).fill(password);
    await other.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
    await expect(other.getByRole('navigation', { name: 'Main' })).toBeVisible();
    await other.goto(page.url());
    const chat = await openChat(context, other);
    await askAgent(chat, 'What is 5 times 5?', 'The answer is 25');
    await context.close();
  });
});

test('a declined card leaves a project that can still be paid for', async ({ home }) => {
  await order(home, 'declined', 'Decline card');
  await expect(home.getByRole('button', { name: 'Pay now' })).toBeVisible();
});
