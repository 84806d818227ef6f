/** Letters, as the stand-in for the mail shows them. */
import { environment } from './environment.ts';

interface Letter {
  readonly subject: string;
  readonly text: string;
}

const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 500;

/** The link of the newest letter to `address` that leads to `path` of the site; waits for it. */
export async function linkTo(path: string, address: string): Promise<string> {
  const { appUrl } = environment();
  const until = Date.now() + LIMIT_MS;
  let letters: Letter[] = [];
  while (Date.now() < until) {
    letters = await lettersTo(address);
    const link = letters.map(({ text }) => linkIn(text, `${appUrl}${path}`)).find(Boolean);
    if (link) return link;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const subjects = letters.map((it) => it.subject).join(', ') || 'none';
  throw new Error(`no letter to ${address} leads to ${path}; there are: ${subjects}`);
}

/** The secret that a letter's link carries behind its `#token=`. */
export async function tokenFor(path: string, address: string): Promise<string> {
  const token = new URLSearchParams(new URL(await linkTo(path, address)).hash.slice(1)).get(
    'token',
  );
  if (!token) throw new Error(`the link to ${path} carries no token`);
  return token;
}

async function lettersTo(address: string): Promise<Letter[]> {
  const url = new URL('/api/messages', environment().mailboxUrl);
  url.searchParams.set('to', address);
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the mailbox answers ${answer.status}`);
  const { messages } = (await answer.json()) as { messages: Letter[] };
  return messages;
}

function linkIn(text: string, start: string): string | undefined {
  return text.split(/\s+/).find((word) => word.startsWith(start));
}
