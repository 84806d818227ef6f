/** The stages, as data. What a stage may say is in `lib/config.ts`, what it builds in `lib/product.ts`. */

const ON_DEMAND = {
  provider: 'ec2',
  purchase: 'on_demand',
  architecture: 'x86_64',
  reserved_mib: 512,
  cpu_overcommit: 1,
};
const SPOT = { ...ON_DEMAND, purchase: 'spot' };
/**
 * On a machine with much memory for its CPUs, memory is what shall run out: four Pro and one Standard
 * fill the smallest, and sold four times over its CPU would be gone before.
 */
const ROOMY = { reserved_mib: 1024, cpu_overcommit: 5 };

const HETZNER = { ...ON_DEMAND, provider: 'hetzner' };

const CPX22 = { machine_type: 'cpx22', memory_mib: 4096, cpu_millis: 2000 };
const C7I_FLEX_LARGE = { machine_type: 'c7i-flex.large', memory_mib: 4096, cpu_millis: 2000 };
const M7I_FLEX_LARGE = {
  machine_type: 'm7i-flex.large',
  memory_mib: 8192,
  cpu_millis: 2000,
  cpu_overcommit: 2,
};
const R6A_LARGE = { machine_type: 'r6a.large', memory_mib: 16384, cpu_millis: 2000, ...ROOMY };
const R8I_FLEX_LARGE = { ...R6A_LARGE, machine_type: 'r8i-flex.large' };
/** For spot: neighbours of the same size, so that one type's shortage is not ours. */
const LIKE_C7I_FLEX_LARGE = {
  ...C7I_FLEX_LARGE,
  alternatives: [
    { machine_type: 'c7i.large', memory_mib: 4096, cpu_millis: 2000 },
    { machine_type: 'c6i.large', memory_mib: 4096, cpu_millis: 2000 },
    { machine_type: 'c6a.large', memory_mib: 4096, cpu_millis: 2000 },
  ],
};
const R6A_2XLARGE = { machine_type: 'r6a.2xlarge', memory_mib: 65536, cpu_millis: 8000, ...ROOMY };
const LIKE_R6A_2XLARGE = {
  ...R6A_2XLARGE,
  alternatives: [
    { machine_type: 'r6i.2xlarge', memory_mib: 65536, cpu_millis: 8000 },
    { machine_type: 'r7i.2xlarge', memory_mib: 65536, cpu_millis: 8000 },
  ],
};

/**
 * Prices of us-east-1 in July 2026; the cheapest that holds a demand is tried first. All are x86, as
 * the agent image is.
 */
const LADDERS = {
  /** What a container on one machine is called here does not matter, what it holds does. */
  local: [
    // Two of Standard as well. The stand-in has none to sell, unless a test says so.
    { ...HETZNER, ...CPX22, usd_per_hour: 0.0325 },
    // Two of Standard, one of Pro.
    { ...ON_DEMAND, ...C7I_FLEX_LARGE, usd_per_hour: 0.08479 },
    { ...ON_DEMAND, ...R6A_LARGE, usd_per_hour: 0.1134 },
  ],
  /** Small, and but for the first at a quarter of the price: what is lost here is no loss. */
  dev: [
    { ...SPOT, ...LIKE_C7I_FLEX_LARGE, on_demand_base: 1, usd_per_hour: 0.0295 },
    { ...ON_DEMAND, ...C7I_FLEX_LARGE, usd_per_hour: 0.08479 },
    { ...ON_DEMAND, ...M7I_FLEX_LARGE, usd_per_hour: 0.09576 },
    { ...SPOT, ...LIKE_R6A_2XLARGE, on_demand_base: 1, usd_per_hour: 0.207 },
  ],
  /** By memory these cost a third of the small ones: 0.1134 is ten of Standard, 0.08479 would be two. */
  prod: [
    { ...ON_DEMAND, ...R6A_LARGE, usd_per_hour: 0.1134 },
    { ...ON_DEMAND, ...R8I_FLEX_LARGE, usd_per_hour: 0.13197 },
    { ...ON_DEMAND, ...R6A_2XLARGE, usd_per_hour: 0.4536 },
  ],
};

const HALF_A_DAY_S = 43_200;

const WARM_POOL = {
  blanks: { standard: { least: 1, most: 2 } },
  headroom: { plan: 'standard', instances: 0 },
  stopped_workers: 0,
  busy_hours_utc: [],
  busy_factor: 1,
  blank_age_max_s: HALF_A_DAY_S,
  boots_per_worker: 1,
};

const GOOGLE = {
  issuer: 'https://accounts.google.com',
  authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  jwksUrl: 'https://www.googleapis.com/oauth2/v3/certs',
};

/** Google's stand-in: browsers and functions of this machine reach it at the same address. */
const googleAt = (url: string) => ({
  issuer: url,
  authorizeUrl: `${url}/o/oauth2/v2/auth`,
  tokenUrl: `${url}/token`,
  jwksUrl: `${url}/oauth2/v3/certs`,
});

/** Hetzner's stand-in, whose servers are worker containers of this machine. */
const hetznerAt = (url: string) => ({ url, locations: ['fsn1'], image: 'debian-12' });

const PROVIDER_URLS = {
  anthropic: 'https://api.anthropic.com',
  openai: 'https://api.openai.com/v1',
  google: 'https://generativelanguage.googleapis.com/v1beta',
  openrouter: 'https://openrouter.ai/api/v1',
};

/** What the site offers. Any other model of these providers can be named by hand. */
const MODELS = {
  anthropic: [
    { id: 'claude-opus-4-6', name: 'Claude Opus 4.6' },
    { id: 'claude-sonnet-4-6', name: 'Claude Sonnet 4.6' },
    { id: 'claude-haiku-4-5', name: 'Claude Haiku 4.5' },
  ],
  openai: [
    { id: 'gpt-5.4', name: 'GPT-5.4' },
    { id: 'gpt-5.4-mini', name: 'GPT-5.4 mini' },
  ],
  google: [
    { id: 'gemini-3.1-pro-preview', name: 'Gemini 3.1 Pro' },
    { id: 'gemini-3.1-flash', name: 'Gemini 3.1 Flash' },
  ],
  openrouter: [
    { id: 'openrouter/auto', name: 'Chosen by OpenRouter' },
    { id: 'anthropic/claude-sonnet-4.6', name: 'Claude Sonnet 4.6' },
    { id: 'z-ai/glm-4.7', name: 'GLM 4.7' },
  ],
};

const DAY_S = 86_400;

const BILLING = {
  graceSeconds: 14 * DAY_S,
  remindSecondsBefore: [7 * DAY_S, DAY_S],
  provisioningTargetSeconds: 120,
  paidNotRunningSeconds: 300,
};

const CLOUD = {
  region: 'us-east-1',
  zones: ['us-east-1a', 'us-east-1b'],
  instanceUrlPort: '',
  model: {
    url: 'https://openrouter.ai/api/v1',
    id: 'openrouter/auto',
    // An address that nobody has: this model is on the internet, where instances may go anyway.
    egress: '192.0.2.1:443',
  },
  meters: true,
  providerUrls: PROVIDER_URLS,
  models: MODELS,
  billing: BILLING,
  // The edge's subnets lie in here, see `lib/network.ts`.
  edgeCidr: '10.40.0.0/24',
  agentImage: 'openclaw-agent:2026.9.6',
  agentArchitecture: 'x86_64',
  workerImage: { parameter: '/aws/service/debian/release/12/latest/amd64' },
  instancePorts: { first: 18789, count: 128 },
  maximumInstances: {},
  reaper: {
    most_per_pass: 20,
    stop_share_percent: 25,
    stop_least: 3,
    blank_age_max_s: 2 * HALF_A_DAY_S,
  },
  architecture: 'arm64',
};

/** The port of the local engine; the address is the one that containers reach this machine at. */
const ENGINE = '172.17.0.1:4570';

/** One stand-in answers for all providers, each below its name; `tests/support/src/model`. */
const standIns = (url: string) => ({
  anthropic: `${url}/anthropic`,
  openai: `${url}/openai/v1`,
  google: `${url}/google/v1beta`,
  openrouter: `${url}/openrouter/api/v1`,
});

const json = (text: string | undefined) => (text ? JSON.parse(text) : undefined);

/** Every stage by its name. The local one takes the addresses of its machine from `env`. */
export const stages = (env: NodeJS.ProcessEnv): Record<string, unknown> => ({
  local: {
    ...CLOUD,
    name: 'local',
    domain: env.ONEMINS_DOMAIN ?? '1mins.localhost',
    appUrl: env.ONEMINS_APP_URL ?? 'https://1mins.localhost:8443',
    instanceUrlPort: env.ONEMINS_INSTANCE_URL_PORT ?? ':8443',
    model: {
      url: env.ONEMINS_MODEL_URL ?? 'http://172.17.0.1:4582/v1',
      id: env.ONEMINS_MODEL_ID ?? 'stand-in',
      egress: env.ONEMINS_MODEL_EGRESS ?? '172.17.0.1:4582',
    },
    // The engine's function URLs have names that no container resolves, at a port that none may reach.
    meters: false,
    providerUrls: standIns(env.ONEMINS_PROVIDERS_URL ?? 'http://172.17.0.1:4582'),
    dodo: {
      url: env.ONEMINS_DODO_URL ?? 'http://127.0.0.1:4580',
      products: { standard: 'pdt_standard', pro: 'pdt_pro', dedicated: 'pdt_dedicated' },
    },
    google: {
      ...googleAt(env.ONEMINS_GOOGLE_URL ?? 'http://localhost:4584'),
      clientId: env.ONEMINS_GOOGLE_CLIENT_ID ?? '1mins-local.apps.googleusercontent.com',
    },
    mailFrom: 'hello@1mins.localhost',
    // A life of months within minutes.
    billing: json(env.ONEMINS_BILLING) ?? {
      graceSeconds: 90,
      remindSecondsBefore: [60, 30],
      provisioningTargetSeconds: 120,
      paidNotRunningSeconds: 300,
    },
    operators: ['operator@example.com'],
    // Everybody here has the same address, and tests sign in all day.
    triesPerNetwork: 100_000,
    edgeCidr: env.ONEMINS_EDGE_CIDR ?? '172.17.0.1/32',
    offerings: json(env.ONEMINS_OFFERINGS) ?? LADDERS.local,
    hetzner: hetznerAt(env.ONEMINS_HETZNER_URL ?? 'http://127.0.0.1:4583/v1'),
    workerImage: { id: env.ONEMINS_WORKER_AMI },
    warmPool: json(env.ONEMINS_WARM_POOL) ?? WARM_POOL,
    architecture: 'x86_64',
    keepsData: false,
    engineForWorkers: env.ONEMINS_ENGINE_FOR_WORKERS ?? ENGINE,
  },
  dev: {
    ...CLOUD,
    name: 'dev',
    domain: 'dev.1mins.in',
    appUrl: 'https://dev.1mins.in',
    dodo: {
      url: 'https://test.dodopayments.com',
      products: {
        standard: 'pdt_dev_standard',
        pro: 'pdt_dev_pro',
        dedicated: 'pdt_dev_dedicated',
      },
    },
    google: { ...GOOGLE, clientId: '1mins-dev.apps.googleusercontent.com' },
    mailFrom: 'hello@dev.1mins.in',
    offerings: LADDERS.dev,
    warmPool: WARM_POOL,
    keepsData: false,
    cloud: { budgetUsdPerMonth: 100, alarmMailTo: 'ops@1mins.in' },
  },
  prod: {
    ...CLOUD,
    name: 'prod',
    domain: '1mins.in',
    appUrl: 'https://1mins.in',
    dodo: {
      url: 'https://live.dodopayments.com',
      products: { standard: 'pdt_standard', pro: 'pdt_pro', dedicated: 'pdt_dedicated' },
    },
    google: { ...GOOGLE, clientId: '1mins.apps.googleusercontent.com' },
    mailFrom: 'hello@1mins.in',
    offerings: LADDERS.prod,
    warmPool: {
      ...WARM_POOL,
      blanks: { standard: { least: 1, most: 4 }, pro: { least: 0, most: 2 } },
      headroom: { plan: 'standard', instances: 2 },
      stopped_workers: 1,
      // Morning in Europe to evening in America.
      busy_hours_utc: [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22],
      busy_factor: 2,
      // A worker of ten is given back for two restarts, and not for a room that is needed tomorrow.
      consolidation: { most_moved: 2, quiet_s: 6 * 3600, spare_instances: 4 },
    },
    keepsData: true,
    cloud: { budgetUsdPerMonth: 1000, alarmMailTo: 'ops@1mins.in' },
  },
});
