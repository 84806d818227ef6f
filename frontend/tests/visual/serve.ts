import type { BrowserContext, Page } from '@playwright/test';
import { type Answers, replyTo } from './answers.ts';

/** As the site is served, but for the agents' host, which is this one here. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self' https://*.1mins.in",
  "frame-ancestors 'none'",
].join('; ');

/** Answers for the API; the site itself comes from its build, under the policy. */
export async function serve(target: Page | BrowserContext, answers: Answers): Promise<void> {
  await target.route('**/*', async (route) => {
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
