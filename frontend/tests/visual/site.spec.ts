/** Takes a picture of each scene, narrow and wide, light and dark, and looks for barriers in it. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { NOW } from './answers.ts';
import { BILLING } from './scenes-billing.ts';
import { INSIDE } from './scenes-inside.ts';
import { OUTSIDE } from './scenes-outside.ts';
import { serve } from './serve.ts';

const NARROWEST = 320;
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

for (const scene of [...OUTSIDE, ...INSIDE, ...BILLING]) {
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
      for (const width of size === 'phone' ? [viewport.width, NARROWEST] : [viewport.width]) {
        await page.setViewportSize({ ...viewport, width });
        const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
        // Polled, since a media query takes hold a frame later than the new width.
        await expect.poll(wide, `nothing sticks out at ${width}`).toBeLessThanOrEqual(width);
      }
      expect(faults).toEqual([]);
    });
  }
}
