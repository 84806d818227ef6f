// Weighs the JavaScript of a first visit: what index.html names, and what that imports at once.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_KIB = 120;

const html = readFileSync('dist/index.html', 'utf8');
const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((it) => it[1]);
const weights = new Map();
const weigh = (file) => {
  if (weights.has(file)) return;
  const text = readFileSync(`dist/${file}`);
  weights.set(file, gzipSync(text, { level: 9 }).length);
  const imports = text.toString().matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g);
  for (const [, name] of imports) weigh(`assets/${name}`);
};
for (const file of named) weigh(file);

let total = 0;
for (const [file, bytes] of weights) {
  total += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(7)} KiB  ${file}`);
}
console.log(
  `${(total / 1024).toFixed(1).padStart(7)} KiB  first load, gzip (budget ${BUDGET_KIB})`,
);
if (named.length === 0 || total > BUDGET_KIB * 1024) {
  console.error('the first load is over its budget, or was not found');
  process.exit(1);
}
