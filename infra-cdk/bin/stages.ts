/** The stages, as data. What a stage may say is in `lib/config.ts`, what it builds in `lib/product.ts`. */

const EC2_OFFERINGS = [
  {
    provider: 'ec2',
    machine_type: 'c7i-flex.large',
    memory_mib: 4096,
    cpu_millis: 2000,
    reserved_mib: 512,
    usd_per_hour: 0.08479,
  },
  {
    provider: 'ec2',
    machine_type: 'r6a.large',
    memory_mib: 16384,
    cpu_millis: 2000,
    reserved_mib: 1024,
    usd_per_hour: 0.1134,
  },
];

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
  // The edge's subnets lie in here, see `lib/network.ts`.
  edgeCidr: '10.40.0.0/24',
  agentImage: 'openclaw-agent:2026.9.6',
  offerings: EC2_OFFERINGS,
  workerImage: { parameter: '/aws/service/debian/release/12/latest/amd64' },
  architecture: 'arm64',
};

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
    dodo: {
      url: env.ONEMINS_DODO_URL ?? 'http://127.0.0.1:4580',
      products: { standard: 'pdt_standard', pro: 'pdt_pro' },
    },
    mailFrom: 'hello@1mins.localhost',
    edgeCidr: env.ONEMINS_EDGE_CIDR ?? '172.17.0.1/32',
    workerImage: { id: env.ONEMINS_WORKER_AMI },
    architecture: 'x86_64',
    keepsData: false,
  },
  dev: {
    ...CLOUD,
    name: 'dev',
    domain: 'dev.1mins.in',
    appUrl: 'https://dev.1mins.in',
    dodo: {
      url: 'https://test.dodopayments.com',
      products: { standard: 'pdt_dev_standard', pro: 'pdt_dev_pro' },
    },
    mailFrom: 'hello@dev.1mins.in',
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
      products: { standard: 'pdt_standard', pro: 'pdt_pro' },
    },
    mailFrom: 'hello@1mins.in',
    keepsData: true,
    cloud: { budgetUsdPerMonth: 1000, alarmMailTo: 'ops@1mins.in' },
  },
});
