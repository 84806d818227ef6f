// usage: node - WORD...; prints which table of which database of a gateway has a row with one of the words.
// It reads copies: a gateway that writes keeps its databases locked.
import { copyFileSync, existsSync, globSync, mkdtempSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const words = process.argv.slice(2);
const text = (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : typeof value === 'bigint' ? `${value}` : value);

const files = globSync('/home/node/.openclaw/**/*.sqlite').filter((name) => !/lock|writer/.test(name));
if (files.length === 0) throw new Error('there is no database');

// With what was written last, which is beside it.
function copied(file) {
  const copy = `${mkdtempSync('/tmp/traces-')}/copy.sqlite`;
  for (const part of ['', '-wal']) if (existsSync(file + part)) copyFileSync(file + part, copy + part);
  return copy;
}

for (const file of files) {
  const database = new DatabaseSync(copied(file));
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  for (const { name } of tables) {
    for (const row of database.prepare(`SELECT * FROM "${name}"`).all()) {
      if (words.some((word) => JSON.stringify(row, text).includes(word))) console.log(name);
    }
  }
}
