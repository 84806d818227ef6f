/** The payment provider's page, as a customer uses it. */
import { expect, type Page } from '@playwright/test';
import { environment } from './environment.ts';

/** Waits until the page is the checkout, and presses a button there. */
export async function checkout(page: Page, button: 'Pay' | 'Decline card'): Promise<void> {
  await page.waitForURL((url) => url.port === environment().dodoPort);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('1mins.in');
  await page.getByRole('button', { name: new RegExp(`^${button}`) }).click();
}
