// What a deleted session leaves behind: a compressed transcript, in a table and as a file, a line a chat
// in the audit history, and what was said in the memory that the agent searches. On a gateway that
// nobody has used yet all of it is ours.
import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const STATE = process.env.OPENCLAW_STATE_DIR;
const DATABASES = [`${STATE}/agents/main/agent/openclaw-agent.sqlite`, `${STATE}/state/openclaw.sqlite`];
const ARCHIVES = [`${STATE}/agents/main/sessions`, '/tmp/openclaw/session-archive-read-cache'];
// The gateway has these open too.
const BUSY_MS = 5000;

// Found by their columns: a table of a later version is not forgotten.
const TABLES = `
  SELECT m.name AS name, c.name AS place FROM sqlite_master m JOIN pragma_table_info(m.name) c
  WHERE m.type = 'table'
    AND (c.name = 'session_key' OR c.name = 'source' AND m.name LIKE 'memory_index_%')`;

export function eraseTraces(session) {
  const ours = { session_key: session, source: 'sessions' };
  for (const file of DATABASES.filter(existsSync)) {
    const database = new DatabaseSync(file, { timeout: BUSY_MS });
    for (const { name, place } of database.prepare(TABLES).all()) {
      database.prepare(`DELETE FROM "${name}" WHERE "${place}" = ?`).run(ours[place]);
    }
    database.close();
  }
  for (const folder of ARCHIVES) rmSync(folder, { recursive: true, force: true });
}
