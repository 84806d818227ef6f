/**
 * Looks for barriers in each scene, and for what sticks out of it: narrow in the dark, wide in the light, since
 * a colour depends on no width. `npm run visual` looks at all four, and takes a picture of each.
 */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { NOW } from './answers.ts';
import { BILLING } from './scenes-billing.ts';
import { INSIDE } from './scenes-inside.ts';
import { OUTSIDE } from './scenes-outside.ts';
import { serve } from './serve.ts';

const NARROWEST = 320;
const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, scheme: 'dark' },
  desktop: { viewport: { width: 1280, height: 800 }, scheme: 'light' },
} as const;
const PICTURES = process.env.PICTURES === 'yes';

for (const scene of [...OUTSIDE, ...INSIDE, ...BILLING]) {
  for (const [size, { viewport, scheme: usual }] of Object.entries(SIZES)) {
    test(`${scene.name} at ${size} width`, async ({ page }) => {
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(String(error)));
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) faults.push(message.text());
      });
      await page.setViewportSize(viewport);
      await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: usual });
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
      for (const scheme of PICTURES ? (['light', 'dark'] as const) : [usual]) {
        await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: scheme });
        if (PICTURES) {
          const path = `tests/visual/shots/${scene.name}-${size}-${scheme}.png`;
          await page.screenshot({ path, fullPage: true });
        }
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
