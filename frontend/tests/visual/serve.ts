import type { BrowserContext, Page } from '@playwright/test';
import { type Answers, replyTo } from './answers.ts';

/** Answers for the API. The site itself comes from its build. */
export async function serve(target: Page | BrowserContext, answers: Answers): Promise<void> {
  await target.route('**/api/**', async (route) => {
    const request = route.request();
    const url = new URL(request.url());
    const reply = replyTo(answers, request.method(), url.pathname);
    if (reply.silent) return;
    if (reply.broken) {
      await route.abort('connectionfailed');
      return;
    }
    const headers = { 'content-type': 'application/json', ...reply.headers };
    const body = reply.file ?? (reply.body === undefined ? '' : JSON.stringify(reply.body));
    await route.fulfill({ status: reply.status ?? 200, headers, body });
  });
}
