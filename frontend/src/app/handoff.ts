/** The way from this site into an agent's chat. */
import { api, ask } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';

const TAB = '1mins-chat';

/**
 * Opens the chat in a tab of its own.
 *
 * The tab is opened before anything is asked, since a browser allows it only at the click itself. It
 * forgets who opened it: an agent has no business with this page.
 */
export async function openChat(project: string): Promise<Problem | null> {
  const name = `${TAB}-${Date.now()}`;
  const tab = window.open('about:blank', name);
  if (tab) {
    tab.opener = null;
    tab.document.title = 'Opening the chat';
    tab.document.body.textContent = 'Opening the chat …';
  }
  const problem = await handOver(project, tab ? name : '_self');
  if (problem) tab?.close();
  return problem;
}

/** Submits a fresh ticket. In a form and not in an address: addresses are kept and passed on. */
export async function handOver(project: string, target: string): Promise<Problem | null> {
  const params = { path: { id: project } };
  const { data, problem } = await ask(api.POST('/api/projects/{id}/chat', { params }));
  if (problem) return problem;
  const form = document.createElement('form');
  form.method = 'post';
  form.action = data.action;
  form.target = target;
  const input = document.createElement('input');
  input.type = 'hidden';
  input.name = 'ticket';
  input.value = data.ticket;
  form.append(input);
  document.body.append(form);
  form.submit();
  form.remove();
  return null;
}
