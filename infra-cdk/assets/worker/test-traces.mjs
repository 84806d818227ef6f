// usage: node - WORD...; prints which table of which database of a gateway has a row with one of the words.
import { globSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const words = process.argv.slice(2);
const text = (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : typeof value === 'bigint' ? `${value}` : value);

for (const file of globSync('/home/node/.openclaw/**/*.sqlite').filter((name) => !/lock|writer/.test(name))) {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  for (const { name } of tables) {
    for (const row of database.prepare(`SELECT * FROM "${name}"`).all()) {
      if (words.some((word) => JSON.stringify(row, text).includes(word))) console.log(name);
    }
  }
}
