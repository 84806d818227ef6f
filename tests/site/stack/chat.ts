/** OpenClaw's own page, as its owner uses it. */
import { type BrowserContext, expect, type Page } from '@playwright/test';

/** The page loads, pairs its browser and connects, beside whatever else this machine does. */
const CONNECT_LIMIT_MS = 120_000;
/** An agent's first answer starts its model client, its tools and its memory. */
const ANSWER_LIMIT_MS = 180_000;

/** What opens in a new tab when the chat is opened on a project's page. */
export async function openChat(context: BrowserContext, project: Page): Promise<Page> {
  const opened = context.waitForEvent('page');
  await project.getByRole('button', { name: 'Open chat' }).click();
  return opened;
}

/** Asks in the chat, and waits for what the model's stand-in answers to it. */
export async function askAgent(chat: Page, question: string, answer: string): Promise<void> {
  const composer = chat.getByPlaceholder(/^Message /);
  await expect(composer, 'signed in, without a token').toBeVisible({ timeout: CONNECT_LIMIT_MS });
  // A page that is still settling keeps what was typed instead of sending it.
  await expect(async () => {
    await composer.fill(question);
    await composer.press('Enter');
    await expect(composer).toHaveValue('', { timeout: 1_000 });
  }).toPass({ timeout: CONNECT_LIMIT_MS });
  await expect(chat.getByText(answer).last()).toBeVisible({ timeout: ANSWER_LIMIT_MS });
}
