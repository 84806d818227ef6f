/** Has an instance's last lines read, and waits for them. */
import { api, ask, type Outcome } from '../api/client.ts';
import { untilRead } from '../model/logs.ts';

const pause = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms));

export async function readLogs(project: string, tail: number): Promise<Outcome<string>> {
  const params = { path: { id: project } };
  const asked = await ask(api.POST('/api/projects/{id}/logs', { params, body: { tail } }));
  if (asked.problem) return asked;
  return untilRead(() => look(project, asked.data.id), pause);
}

/** `null` while they are being read. */
async function look(project: string, id: string): Promise<Outcome<string | null>> {
  const params = { path: { id: project, logs_id: id } };
  const call = api.GET('/api/projects/{id}/logs/{logs_id}', { params, parseAs: 'text' });
  const outcome = await ask(call);
  if (outcome.problem) return outcome;
  const { response } = await call;
  return { data: response.status === 202 ? null : String(outcome.data ?? '') };
}
