// Makes the first chat of a gateway as fast as the later ones, and leaves no trace of having done so.
// usage: warm-up.mjs LIMIT_S; for a gateway in this container that nobody has used yet, whose provider
// `platform` is http://127.0.0.1:18790/v1. May be repeated.
//
// The session is an ordinary one: one that is not stored, or that the memory does not index, is faster
// to get rid of, but leaves cold what writes and indexes sessions, which is half of a first chat.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveModel } from './fake-model.mjs';
import { chat, connect } from './gateway.mjs';
import { eraseTraces } from './traces.mjs';

const SESSION = 'agent:main:openai-user:warm';
const QUIET_SHARE = 0.15;
const SAMPLE_MS = 1000;
const TICK_MS = 10;

const [limitS] = process.argv.slice(2).map(Number);
setTimeout(() => fail(new Error(`not done within ${limitS} s`)), limitS * 1000).unref();

function fail(error) {
  console.error(`warm-up: ${error.message}`);
  process.exit(1);
}

function cpuMs() {
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return others.map(cpuMsOf).reduce((sum, ms) => sum + ms, 0);
}

function cpuMsOf(pid) {
  try {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ').slice(11, 13);
    return (Number(user) + Number(system)) * TICK_MS;
  } catch {
    return 0; // it has ended meanwhile
  }
}

// After a first chat the gateway puts its databases in order, which a next chat would have to wait for,
// and writes its audit history.
async function untilQuiet() {
  for (let before = cpuMs(), after; ; before = after) {
    await sleep(SAMPLE_MS);
    after = cpuMs();
    if (after - before < SAMPLE_MS * QUIET_SHARE) return;
  }
}

async function warmUp() {
  const { token } = JSON.parse(readFileSync(`${process.env.OPENCLAW_STATE_DIR}/openclaw.json`, 'utf8')).gateway.auth;
  const model = await serveModel();
  const chatsMs = [await chat(token, SESSION), await chat(token, SESSION)];
  const gateway = await connect(token);
  await gateway.call('sessions.delete', { key: SESSION });
  gateway.close();
  model.close();
  model.closeAllConnections();
  // At once, before the archive of the session is indexed as well; and what was still on its way.
  eraseTraces(SESSION);
  await untilQuiet();
  eraseTraces(SESSION);
  console.log(JSON.stringify({ chats_ms: chatsMs }));
}

await warmUp().catch(fail);
