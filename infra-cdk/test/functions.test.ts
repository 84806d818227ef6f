/** The table of functions against the functions themselves. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { functionRows } from '../lib/functions.js';
import { buildApp, resourcesOf } from './product.js';

const FOLDER = '../functions';
const names = functionRows.map(([name]) => name);
const functionsOf = (stage: string, change = {}) =>
  resourcesOf(buildApp(stage, change), 'AWS::Lambda::Function').map(([, it]) => it.Properties);
const functions = functionsOf('prod');
/** Of a stage that has everything that a stage can have. */
const functionsOfAll = functionsOf('local');

test('every function has a row, and every row a function', () => {
  const folders = readdirSync(FOLDER).filter((it) => existsSync(`${FOLDER}/${it}/Cargo.toml`));
  expect(names.toSorted()).toEqual(folders.toSorted());
});

/** The names of the environment variables that the sources of a function read. */
function askedBy(name: string): string[] {
  const folder = `${FOLDER}/${name}/src`;
  const sources = readdirSync(folder)
    .filter((file) => file.endsWith('.rs'))
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8'));
  const asked = sources
    .join()
    .matchAll(/\b(?:require|require_json|secret)(?:::<[^"]*>)?\(\s*"([A-Z_]+)"\s*,?\s*\)/g);
  return [...asked].map(([, variable]) => variable as string);
}

test('the sources are read as they are written', () => {
  expect(names.flatMap(askedBy).length).toBeGreaterThan(names.length);
});

test.each(names)('%s is told what it asks for, and nothing beside', (name) => {
  const function_ = functionsOfAll.find((it) => it.FunctionName === `1mins-local-${name}`);
  const told = Object.keys(function_.Environment?.Variables ?? {});
  expect(told.toSorted()).toEqual([...new Set(askedBy(name))].toSorted());
});

test.each(functionRows)('%s runs with the memory and time of its row', (name, row) => {
  const function_ = functions.find((it) => it.FunctionName === `1mins-prod-${name}`);
  expect(function_).toMatchObject({
    MemorySize: row.memoryMib,
    Timeout: row.timeoutS,
    Runtime: 'provided.al2023',
    Handler: 'bootstrap',
  });
});

test('who places is told every place that the stage buys in', () => {
  const places = (of: typeof functions, name: string) => {
    const function_ = of.find((it) => it.FunctionName.endsWith(`-${name}`));
    return JSON.parse(function_.Environment.Variables.REGIONS);
  };
  for (const name of ['placement', 'warm-pool']) {
    expect(places(functions, name)).toEqual(['us-east-1']);
    expect(places(functionsOfAll, name)).toEqual(['us-east-1', 'fsn1']);
  }
});

test('a stage without Hetzner says so', () => {
  const told = functions.map((it) => it.Environment?.Variables ?? {});
  const buying = told.filter((it) => it.HETZNER !== undefined);
  expect(buying.length).toBeGreaterThan(0);
  for (const it of buying) expect(it.HETZNER).toBe('null');
});

test('where AWS is elsewhere, a machine that joins is told where', () => {
  const told = functionsOfAll.map((it) => JSON.stringify(it.Environment?.Variables?.HETZNER ?? ''));
  expect(told.filter((it) => it.includes('AWS_ENDPOINT_URL')).length).toBeGreaterThan(0);
});

test('no function is told a secret', () => {
  const values = functions.flatMap((it) => Object.entries(it.Environment?.Variables ?? {}));
  for (const [name, value] of values) {
    if (!/KEY|SECRET|TOKEN|WEBHOOK/.test(name) || name === 'KEY_ID') continue;
    expect(value, name).toMatch(
      /^\/(1mins\/prod\/secrets|aws\/reference\/secretsmanager\/1mins\/prod)\//,
    );
  }
});
