/** A stage that is wrong is refused, by the name of what is wrong in it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseStage } from '../lib/config.js';
import { PLANS } from '../lib/plans.js';
import { HETZNER, rawStage, STAGE_NAMES, stageOf } from './product.js';

const raw = (field: string, stage = 'prod') => rawStage(stage)[field] as object;
const offering = (change: object) => {
  const [first] = raw('offerings') as object[];
  return { offerings: [{ ...first, ...change }] };
};
const spot = (change: object) => {
  const [first] = offering({}).offerings;
  const name = { machine_type: 'x', purchase: 'spot' };
  const [mixed] = offering({ ...name, ...change }).offerings;
  return { keepsData: false, name: 'dev', offerings: [first, mixed] };
};
const neighbour = (change: object) =>
  spot({ alternatives: [{ machine_type: 'y', memory_mib: 16384, cpu_millis: 2000, ...change }] });
const warm = (change: object) => ({ warmPool: { ...raw('warmPool'), ...change } });
const stock = (plan: string, least: number, most: number) =>
  warm({ blanks: { [plan]: { least, most } } });
const ports = (first: number, count: number) => ({ instancePorts: { first, count } });

describe('a wrong field is named', () => {
  const cases: [string, string, object][] = [
    [
      'an offering without a price',
      'offerings[0].usd_per_hour',
      offering({ usd_per_hour: undefined }),
    ],
    ['an offering for nothing', 'offerings[0].usd_per_hour', offering({ usd_per_hour: 0 })],
    ['an offering of whom', 'offerings[0].provider', offering({ provider: 'gcp' })],
    ['an offering how', 'offerings[0].purchase', offering({ purchase: 'lease' })],
    ['an offering for what', 'offerings[0].architecture', offering({ architecture: 'riscv' })],
    ['nothing left to sell', 'offerings[0].reserved_mib', offering({ reserved_mib: 16384 })],
    ['no CPU sold', 'offerings[0].cpu_overcommit', offering({ cpu_overcommit: 0 })],
    [
      'an offering twice',
      'offerings[1].machine_type',
      { offerings: [...offering({}).offerings, ...offering({}).offerings] },
    ],
    ['a spot machine where data is kept', 'offerings[0].purchase', offering({ purchase: 'spot' })],
    [
      'a provider that the stage has no access to',
      'offerings[0].provider',
      offering({ provider: 'hetzner' }),
    ],
    [
      'a spot machine of somebody who has none',
      'offerings[0].purchase',
      offering({ provider: 'hetzner', purchase: 'spot' }),
    ],
    [
      'several types on demand',
      'offerings[0].alternatives',
      offering({ alternatives: [{ machine_type: 'y', memory_mib: 16384, cpu_millis: 2000 }] }),
    ],
    ['a base of itself', 'offerings[0].on_demand_base', offering({ on_demand_base: 1 })],
    ['a base of less than none', 'offerings[1].on_demand_base', spot({ on_demand_base: -1 })],
    [
      'an alternative with less memory',
      'offerings[1].alternatives[0].memory_mib',
      neighbour({ memory_mib: 16383 }),
    ],
    [
      'an alternative with fewer processors',
      'offerings[1].alternatives[0].cpu_millis',
      neighbour({ cpu_millis: 1999 }),
    ],
    [
      'an alternative to itself',
      'offerings[1].alternatives[0].machine_type',
      neighbour({ machine_type: 'x' }),
    ],
    [
      'a plan whose only machine waits for a base',
      'the plan `pro`',
      {
        ...spot({}),
        offerings: [
          ...offering({ memory_mib: 4096 }).offerings,
          spot({ on_demand_base: 1 }).offerings[1],
        ],
      },
    ],
    ['machines too small for a plan', 'the plan `pro`', offering({ memory_mib: 4096 })],
    [
      'machines with too few processors',
      'the plan `dedicated`',
      offering({ cpu_millis: 1000, cpu_overcommit: 1 }),
    ],
    [
      'machines that cannot run the agent',
      'the plan `standard`',
      offering({ architecture: 'arm64' }),
    ],
    ['a stage without offerings', 'offerings', { offerings: [] }],
    ['Hetzner, which the edge cannot reach safely', 'not encrypted', { hetzner: HETZNER }],
    [
      'a plan without a product',
      'dodo.products.dedicated',
      {
        dodo: { url: 'https://dodo.example', products: { standard: 'a', pro: 'b' } },
      },
    ],
    ['nobody to sign in with', 'google', { google: undefined }],
    [
      'an issuer that ends in a slash',
      'google.issuer',
      { google: { ...raw('google'), issuer: 'https://accounts.google.com/' } },
    ],
    ['blanks of a plan that is not on sale', 'warmPool.blanks', stock('free', 0, 1)],
    [
      'more blanks at least than at most',
      'warmPool.blanks.standard.least',
      stock('standard', 3, 2),
    ],
    [
      'room for a plan that is not on sale',
      'warmPool.headroom.plan',
      warm({ headroom: { plan: 'free', instances: 1 } }),
    ],
    ['blanks beside somebody who is alone', 'warmPool.blanks.dedicated', stock('dedicated', 0, 1)],
    [
      'room beside somebody who is alone',
      'warmPool.headroom.plan',
      warm({ headroom: { plan: 'dedicated', instances: 1 } }),
    ],
    ['a data centre of blanks', 'warmPool.blanks.standard.most', stock('standard', 0, 101)],
    ['a stock of hundreds', 'warmPool.stopped_workers', warm({ stopped_workers: 21 })],
    ['blanks for a minute', 'warmPool.blank_age_max_s', warm({ blank_age_max_s: 60 })],
    [
      'an hour that no clock shows',
      'warmPool.busy_hours_utc[1]',
      warm({ busy_hours_utc: [7, 24] }),
    ],
    ['an hour twice', 'warmPool.busy_hours_utc', warm({ busy_hours_utc: [7, 7] })],
    ['a factor that empties the stock', 'warmPool.busy_factor', warm({ busy_factor: 0 })],
    [
      'restarts for a whole worker at once',
      'warmPool.consolidation.most_moved',
      warm({ consolidation: { most_moved: 11, quiet_s: 3600, spare_instances: 1 } }),
    ],
    [
      'a move of who came a moment ago',
      'warmPool.consolidation.quiet_s',
      warm({ consolidation: { most_moved: 2, quiet_s: 60, spare_instances: 1 } }),
    ],
    [
      'a reaper that takes what the warm pool keeps',
      'reaper',
      { reaper: { ...raw('reaper'), blank_age_max_s: 43_200 } },
    ],
    [
      'a reaper that may remove everything',
      'reaper.stop_share_percent',
      { reaper: { ...raw('reaper'), stop_share_percent: 101 } },
    ],
    [
      'a warning before the end itself',
      'billing.remindSecondsBefore',
      { billing: { ...raw('billing'), remindSecondsBefore: [15 * 86_400, 86_400] } },
    ],
    [
      'a deletion without a warning',
      'billing.remindSecondsBefore',
      { billing: { ...raw('billing'), remindSecondsBefore: [] } },
    ],
    ['a limit of no instances', 'maximumInstances.pro', { maximumInstances: { pro: 0 } }],
    [
      'a limit of a plan that is not on sale',
      'maximumInstances',
      { maximumInstances: { free: 1 } },
    ],
    ['ports where SSH is', 'instancePorts.first', ports(22, 128)],
    ['ports below the first', 'instancePorts.first', ports(18788, 1)],
    ['ports beyond the last', 'instancePorts.count', ports(18789, 8193)],
    ['a pool of no parts', 'poolParts', { poolParts: 0 }],
    ['an engine where there is a cloud', 'engineForWorkers', { engineForWorkers: '10.0.0.1:1' }],
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

test('the last port of all may be given to an instance', () => {
  const stage = { ...rawStage('prod'), ...ports(18789, 8192) };
  expect(parseStage('prod', stage).instancePorts.count).toBe(8192);
});

test('the local stage must be told its worker image and its engine', () => {
  const stage = { ...rawStage('local'), workerImage: { id: undefined } };
  expect(() => parseStage('local', stage)).toThrow('workerImage');
  expect(parseStage('local', stage, 'ami-12ab').workerImage).toEqual({ id: 'ami-12ab' });
  const alone = { ...rawStage('local'), engineForWorkers: undefined };
  expect(() => parseStage('local', alone)).toThrow('engineForWorkers');
});

test('the local stage may buy at Hetzner: its way there does not leave the machine', () => {
  const stage = { ...rawStage('local'), hetzner: HETZNER };
  expect(parseStage('local', stage).hetzner).toEqual(HETZNER);
});

test('spot machines of several types are on offer in dev, behind a base on demand', () => {
  const spots = stageOf('dev').offerings.filter((it) => it.purchase === 'spot');
  expect(spots.map((it) => [it.on_demand_base, it.alternatives.length > 0])).toEqual([
    [1, true],
    [1, true],
  ]);
});

test('the smallest machine of the local stage holds two of Standard and not three', () => {
  const [smallest] = stageOf('local').offerings.toSorted((a, b) => a.usd_per_hour - b.usd_per_hour);
  const memory = (smallest?.memory_mib ?? 0) - (smallest?.reserved_mib ?? 0);
  const cpu = (smallest?.cpu_millis ?? 0) * (smallest?.cpu_overcommit ?? 0);
  const fit = Math.min(memory / PLANS.standard.memoryMib, cpu / PLANS.standard.cpuMillis);
  expect(Math.floor(fit)).toBe(2);
});

test('an unknown stage is refused by name', () => {
  expect(() => parseStage('staging', undefined)).toThrow('`staging`');
});

test.each(STAGE_NAMES)('%s is in order', (name) => {
  expect(stageOf(name).name).toBe(name);
});

describe('what Rust says too', () => {
  const domain = (file: string) => readFileSync(`../shared/domain/src/${file}.rs`, 'utf8');

  test('the plans are the plans', () => {
    const plans = domain('plan').matchAll(
      /id: PlanId::(\w+),[^}]*memory_mib: (\d+), cpu_millis: (\d+) }[^}]*Isolation::(\w+)/g,
    );
    const theirs = [...plans].map(([, id, memory, cpu, isolation]) => [
      id?.toLowerCase(),
      { memoryMib: Number(memory), cpuMillis: Number(cpu), shares: isolation === 'Shared' },
    ]);
    expect(Object.fromEntries(theirs)).toEqual(PLANS);
  });

  test.each(STAGE_NAMES)('%s opens the ports that workers give out', (name) => {
    const constant = (it: string) =>
      Number(new RegExp(`pub const ${it}: u16 = (\\d+);`).exec(domain('worker'))?.[1]);
    const { instancePorts } = stageOf(name);
    expect(instancePorts).toEqual({ first: constant('FIRST_PORT'), count: constant('PORTS') });
  });
});
