/** Takes a picture of each scene, narrow and wide, light and dark, and looks for barriers in it. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { type Answers, NOW, replyTo } from './answers.ts';
import { INSIDE } from './scenes-inside.ts';
import { OUTSIDE } from './scenes-outside.ts';

const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

// As the site is served.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self' https://*.1mins.in; frame-ancestors 'none'";

async function serve(page: Page, answers: Answers) {
  await page.route('**/*', async (route) => {
    const request = route.request();
    const url = new URL(request.url());
    if (!url.pathname.startsWith('/api/')) {
      const response = await route.fetch();
      const headers = { ...response.headers(), 'content-security-policy': POLICY };
      await route.fulfill({ response, headers });
      return;
    }
    const reply = replyTo(answers, request.method(), url.pathname);
    if (reply.silent) return;
    if (reply.broken) {
      await route.abort('connectionfailed');
      return;
    }
    const headers = { 'content-type': 'application/json', ...reply.headers };
    const body = reply.body === undefined ? '' : JSON.stringify(reply.body);
    await route.fulfill({ status: reply.status ?? 200, headers, body });
  });
}

for (const scene of [...OUTSIDE, ...INSIDE]) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`${scene.name} at ${size} width`, async ({ page }) => {
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(String(error)));
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) faults.push(message.text());
      });
      await page.setViewportSize(viewport);
      await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
      await page.clock.install({ time: NOW });
      await serve(page, scene.answers);
      if (scene.remembers) {
        await page.addInitScript(() => localStorage.setItem('1mins.signed-in', '1'));
      }
      await page.goto(scene.path);
      await page.locator('h1, main .skeleton').first().waitFor();
      await scene.act?.(page);
      if (scene.awaits) {
        await page.getByText(scene.awaits).filter({ visible: true }).first().waitFor();
      }
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: scheme });
        const path = `tests/visual/shots/${scene.name}-${size}-${scheme}.png`;
        await page.screenshot({ path, fullPage: true });
        const { violations } = await new AxeBuilder({ page }).analyze();
        const found = violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html)}`);
        expect(found, `barriers, ${scheme}`).toEqual([]);
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, 'nothing sticks out').toBeLessThanOrEqual(viewport.width);
      expect(faults).toEqual([]);
    });
  }
}
