// usage: node snapshot.mjs VOLUME STAGING
// Copies every database below VOLUME to STAGING/databases, each at one moment, while its owner goes on writing;
// and writes down what there is to keep: STAGING/files and STAGING/copies, names that end in a zero byte.
// Prints a fingerprint of all that, which changes when any of it does.
// It runs as the tenant, in a container with nothing but these two, and reads what a tenant may have made.
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, closeSync, lstatSync, mkdirSync, openSync, readdirSync, readlinkSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';

const [volume, staging] = process.argv.slice(2);
const MAGIC = 'SQLite format 3\0';
/** The configuration holds keys, and who launches brings the newest one. The rest is made anew. */
const LEFT_OUT = /^(openclaw\.json[^/]*|cache|tmp)$/;
/** Part of a database, which its copy has already. */
const BESIDE = /-(wal|shm|journal)$/;
/** A database without data, which its owner holds locked for as long as it runs. */
const LOCK = /-(lock|writer)\.sqlite$/;
/** The gateway's own, without which a backup is none. */
const OWN = /^(state|agents\/[^/]+\/agent)\/[^/]+\.sqlite$/;

/** Who runs now, which a gateway notes every minute. It would keep a restored one from starting. */
const LEASES = 'state_leases';

const fingerprint = createHash('sha256');

function keep(list, name, ...content) {
  appendFileSync(join(staging, list), `./${name}\0`);
  fingerprint.update(`${list} ${name}\0`);
  for (const part of content) fingerprint.update(part).update('\0');
}

/** By its times: reading all of it would be as much work as packing it. */
function keepFile(name) {
  const stat = attempt(() => lstatSync(join(volume, name), { bigint: true }));
  if (!stat) return;
  const link = stat.isSymbolicLink() ? attempt(() => readlinkSync(join(volume, name)), '') : '';
  const times = stat.isDirectory() ? '' : `${stat.size} ${stat.ctimeNs}`;
  keep('files', name, `${stat.mode} ${times} ${link}`);
}

/** What is gone or closed to us when we come to it is not part of the backup. */
function attempt(act, otherwise) {
  try {
    return act();
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'ELOOP'].includes(error.code)) throw error;
    return otherwise;
  }
}

function isDatabase(file) {
  const start = Buffer.alloc(MAGIC.length);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, start) === start.length && start.toString('latin1') === MAGIC;
  } finally {
    closeSync(descriptor);
  }
}

/** In one step, which sees one state of it; a second one would begin again whenever somebody writes. */
async function copy(name) {
  const [from, to] = [join(volume, name), join(staging, 'databases', name)];
  mkdirSync(dirname(to), { recursive: true });
  const source = new DatabaseSync(from, { readOnly: true, timeout: 10_000 });
  try {
    await backup(source, to, { rate: 2 ** 31 - 1 });
  } finally {
    source.close();
  }
  tidy(to, OWN.test(name));
  const { mode } = lstatSync(from);
  chmodSync(to, mode & 0o777);
  keep('copies', name, `${mode}`, pages(to));
}

function tidy(file, own) {
  const copied = new DatabaseSync(file);
  try {
    const [found] = copied.prepare('PRAGMA quick_check(1)').all();
    if (found?.quick_check !== 'ok') throw new Error(`the copy is damaged: ${found?.quick_check}`);
    const leased = copied.prepare('SELECT 1 FROM sqlite_master WHERE type = ? AND name = ?');
    if (own && leased.get('table', LEASES)) copied.exec(`PRAGMA secure_delete = ON; DELETE FROM ${LEASES}`);
  } finally {
    copied.close();
  }
}

/** Without the counters of the header, which count transactions that change nothing else. */
function pages(file) {
  const [hash, part] = [createHash('sha256'), Buffer.alloc(1 << 20)];
  const descriptor = openSync(file, 'r');
  for (let read, at = 0; (read = readSync(descriptor, part)) > 0; at += read) {
    if (at === 0) part.fill(0, 24, 28).fill(0, 92, 100);
    hash.update(part.subarray(0, read));
  }
  closeSync(descriptor);
  return hash.digest();
}

async function take(name) {
  if (LOCK.test(name) || !attempt(() => isDatabase(join(volume, name)), false)) {
    keepFile(name);
    return;
  }
  try {
    await copy(name);
  } catch (error) {
    if (OWN.test(name)) throw error;
    // A tenant's, and damaged or in use: as good as it lies there.
    keepFile(name);
  }
}

async function walk(folder) {
  const entries = attempt(() => readdirSync(join(volume, folder), { withFileTypes: true }), []);
  const names = new Set(entries.map((it) => it.name));
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = folder ? `${folder}/${entry.name}` : entry.name;
    if (LEFT_OUT.test(name)) continue;
    if (BESIDE.test(name) && names.has(entry.name.replace(BESIDE, ''))) continue;
    if (entry.isSymbolicLink()) keepFile(name);
    if (entry.isFile()) await take(name);
    if (entry.isDirectory()) {
      keepFile(name);
      await walk(name);
    }
  }
}

for (const list of ['files', 'copies']) writeFileSync(join(staging, list), '');
mkdirSync(join(staging, 'databases'), { recursive: true });
await walk('');
console.log(fingerprint.digest('hex'));
