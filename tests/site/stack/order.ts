/** A project, from its name to an agent that runs, as a customer orders it. */
import { expect, type Page } from '@playwright/test';
import { checkout } from './checkout.ts';
import { environment } from './environment.ts';

/** Of a worker that has to be bought, and boots together with everything else on this machine. */
export const START_LIMIT_MS = 240_000;

/** Orders the Standard plan and does so much at the checkout. Comes back to the project's page. */
export async function order(page: Page, name: string, button: 'Pay' | 'Decline card') {
  await page.goto('/projects/new');
  await page.getByLabel('Name').first().fill(name);
  await page.getByRole('radio', { name: /Standard/ }).check();
  await page.getByRole('button', { name: 'Continue to payment' }).click();
  await checkout(page, button);
  await page.waitForURL((url) => url.href.startsWith(`${environment().appUrl}/projects/prj_`));
}

export async function untilItRuns(page: Page): Promise<void> {
  await expect(page.getByText('Your agent is running.')).toBeAttached({ timeout: START_LIMIT_MS });
}
