/** What a paying owner does about a subscription, seen through to the instance and the invoice. */
import { environment } from '../stack/environment.ts';
import { expect, test } from '../stack/fixtures.ts';
import { order, START_LIMIT_MS, untilItRuns } from '../stack/order.ts';

test('an owner upgrades, cancels, thinks better of it, and has an invoice', async ({ home }) => {
  test.setTimeout(2 * START_LIMIT_MS + 120_000);
  const card = home.getByRole('region', { name: 'Plan and payment' });
  const press = (name: string) => card.getByRole('button', { name }).click();
  const dialog = home.getByRole('dialog');

  /** What the records say, which learn of a change a moment after the one who made it. */
  const lasts = (text: RegExp) =>
    expect(async () => {
      await home.reload();
      await expect(card.getByText(text)).toBeVisible({ timeout: 5_000 });
    }).toPass({ timeout: 30_000 });

  await test.step('a project runs under the smallest plan', async () => {
    await order(home, 'upgraded', 'Pay');
    await untilItRuns(home);
    await expect(card.getByText(/^Renews on .* for \$49\.$/)).toBeVisible();
  });

  await test.step('another plan costs what was said, and the instance takes it up', async () => {
    await press('Change plan');
    await dialog.getByRole('radio', { name: /Pro/ }).check();
    await expect(dialog.getByText(/^\$1\d\.\d\d now, then \$65\.00 a month\.$/)).toBeVisible();
    await dialog.getByRole('button', { name: 'Change to Pro' }).click();
    await expect(card.getByText('Changing to Pro')).toBeVisible();
    await expect(home.getByText('Pro plan')).toBeVisible({ timeout: START_LIMIT_MS });
    await untilItRuns(home);
    await lasts(/^Renews on .* for \$65\.$/);
  });

  await test.step('a cancellation ends it with the period', async () => {
    await press('Cancel subscription');
    await dialog.getByRole('button', { name: 'Cancel subscription' }).click();
    await expect(card.getByText(/^Ends on /)).toBeVisible();
    await lasts(/^Ends on /);
  });

  await test.step('and is taken back', async () => {
    await press('Keep the subscription');
    await expect(card.getByText(/^Renews on /)).toBeVisible();
    await lasts(/^Renews on /);
  });

  await test.step('both payments are listed, and their invoices can be had', async () => {
    await home.goto('/billing');
    const paid = home.getByRole('row', { name: /upgraded.*Paid/ });
    await expect(paid).toHaveCount(2);
    await expect(paid.last()).toContainText('$49.00');
    const started = home.waitForEvent('download');
    await paid
      .last()
      .getByRole('button', { name: /^Invoice/ })
      .click();
    const invoice = await started;
    expect(invoice.suggestedFilename()).toMatch(/^1mins-invoice-[\w-]+\.pdf$/);
    const content = Buffer.concat(await (await invoice.createReadStream()).toArray());
    expect(content.subarray(0, 5).toString()).toBe('%PDF-');
  });

  await test.step('the page of the payment provider opens for its customer', async () => {
    await home.getByRole('button', { name: 'Payment method and invoices' }).click();
    await home.waitForURL((url) => url.port === environment().dodoPort);
    await expect(home.getByRole('heading', { level: 1 })).toHaveText('Your subscriptions');
  });
});
