/** A stage that is wrong is refused, by the name of what is wrong in it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BIGGEST_PLAN, parseStage } from '../lib/config.js';
import { rawStage, STAGE_NAMES, stageOf } from './product.js';

const offering = (change: object) => {
  const [first] = rawStage('prod').offerings as object[];
  return { offerings: [{ ...first, ...change }] };
};

describe('a wrong field is named', () => {
  const cases: [string, string, object][] = [
    [
      'an offering without a price',
      'offerings[0].usd_per_hour',
      offering({ usd_per_hour: undefined }),
    ],
    ['an offering too small for a plan', 'offerings[0].memory_mib', offering({ memory_mib: 2048 })],
    [
      'an offering with too few processors',
      'offerings[0].cpu_millis',
      offering({ cpu_millis: 1000 }),
    ],
    ['a stage without offerings', 'offerings', { offerings: [] }],
    ['a port without its colon', 'instanceUrlPort', { instanceUrlPort: '8443' }],
    ['an address that ends in a slash', 'appUrl', { appUrl: 'https://1mins.in/' }],
    [
      'a model without a name',
      'model.id',
      { model: { url: 'https://m.example', id: '', egress: '' } },
    ],
    ['an image without a tag', 'agentImage', { agentImage: 'openclaw-agent' }],
    ['an edge that is no network', 'edgeCidr', { edgeCidr: '10.40.0.0' }],
    ['production that forgets its data', 'keepsData', { keepsData: false }],
    ['production without the cloud', 'cloud', { cloud: undefined }],
    ['a field that nobody reads', 'colour', { colour: 'red' }],
  ];
  test.each(cases)('%s: %s', (_, field, change) => {
    expect(() => parseStage('prod', { ...rawStage('prod'), ...change })).toThrow(field);
  });
});

test('the local stage must be told its worker image', () => {
  const stage = { ...rawStage('local'), workerImage: { id: undefined } };
  expect(() => parseStage('local', stage)).toThrow('workerImage');
  expect(parseStage('local', stage, 'ami-12ab').workerImage).toEqual({ id: 'ami-12ab' });
});

test('an unknown stage is refused by name', () => {
  expect(() => parseStage('staging', undefined)).toThrow('`staging`');
});

test.each(STAGE_NAMES)('%s is in order', (name) => {
  expect(stageOf(name).name).toBe(name);
});

test('the biggest plan is the biggest on sale', () => {
  const source = readFileSync('../shared/domain/src/plan.rs', 'utf8');
  const limits = source.matchAll(/memory_mib: (\d+), cpu_millis: (\d+)/g);
  const plans = [...limits].map(([, memory, cpu]) => [Number(memory), Number(cpu)] as const);
  expect(plans.length).toBeGreaterThan(0);
  expect(BIGGEST_PLAN.memoryMib).toBe(Math.max(...plans.map(([memory]) => memory)));
  expect(BIGGEST_PLAN.cpuMillis).toBe(Math.max(...plans.map(([, cpu]) => cpu)));
});
