/** What each flow begins with: an API that answers, and a record of what it was asked. */
import type { BrowserContext, Page, Request } from '@playwright/test';
import type { Answers } from '../visual/answers.ts';
import { serve } from '../visual/serve.ts';

export const ID = 'prj_k3v9q2m7xw';
export const SESSION = {
  access_token: 'a.b.c',
  expires_in_s: 900,
  user_id: 'usr_1',
  tenant_id: 'ten_1',
};

/** What was asked, in order. Answers may be changed while it goes on. */
export async function begin(target: Page | BrowserContext, answers: Answers) {
  const asked: Request[] = [];
  target.on('request', (request: Request) => {
    if (new URL(request.url()).pathname.startsWith('/api/')) asked.push(request);
  });
  await serve(target, answers);
  const of = (method: string, path: string) =>
    asked.filter((it) => it.method() === method && new URL(it.url()).pathname === path);
  return { of };
}
