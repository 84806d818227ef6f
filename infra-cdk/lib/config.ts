/**
 * What a stage must say. A mistake is refused when the templates are made, by the name of the field:
 * the alternative is a function that panics at its first cold start.
 */
import { z } from 'zod';
import { Catalogue, ProviderUrls } from './models.js';
import { Architecture, Offerings, plansWithoutMachine } from './offerings.js';
import { Plan } from './plans.js';
import { WarmPool } from './warm-pool.js';

/**
 * The ports that a worker may ever give to instances: 8192, the first of them the agent's own. They
 * lie above all that a worker answers on itself, SSH and a Docker that somebody opened by mistake. What
 * listens inside containers, like the model that warms blanks up, is another network's business.
 */
const PORTS = { first: 18789, last: 26980 };

const Origin = z.url({ protocol: /^https?$/ }).refine((it) => !it.endsWith('/'), {
  error: 'must not end with a slash',
});
const AddressAndPort = z.string().regex(/^\d+\.\d+\.\d+\.\d+:\d+$/);
const name = z.string().min(1);

const InstancePorts = z
  .strictObject({ first: z.int().min(PORTS.first), count: z.int().positive() })
  .refine((it) => it.first + it.count - 1 <= PORTS.last, {
    path: ['count'],
    error: `must not lead beyond port ${PORTS.last}`,
  });

/** How much one pass of the reaper may remove, as `functions/reaper/src/limits.rs` reads it. */
const ReaperLimits = z.strictObject({
  most_per_pass: z.int().positive(),
  stop_share_percent: z.int().min(0).max(100),
  stop_least: z.int().positive(),
  blank_age_max_s: z.int().positive(),
});

/** As `shared/machines/src/hetzner.rs` reads it; the rest of it comes from the stacks. */
const Hetzner = z.strictObject({
  url: Origin,
  locations: z.array(name).min(1),
  image: name,
  ssh_key: name.optional(),
  firewall_id: z.int().positive().optional(),
});

/** How long things may take between a payment and its end, as `shared/contracts/src/billing.rs` reads it. */
const Billing = z
  .strictObject({
    /** How long the data of a project outlives its subscription. */
    graceSeconds: z.int().positive(),
    /** How long before the deletion its owner is warned, each time. */
    remindSecondsBefore: z.array(z.int().positive()).min(1),
    /** From the payment to the running instance, as it is meant to be. Later is worth a credit. */
    provisioningTargetSeconds: z.int().positive(),
    /** From the payment to the running instance, before somebody is woken. */
    paidNotRunningSeconds: z.int().positive(),
  })
  .refine((it) => Math.max(...it.remindSecondsBefore) < it.graceSeconds, {
    path: ['remindSecondsBefore'],
    error: 'must all lie within the grace',
  });

const Endpoint = z.url({ protocol: /^https?$/ });

/** Who may be asked who somebody is, and what we are called there. The client's secret is a parameter. */
const Google = z.strictObject({
  /** As it stands in the tokens. */
  issuer: Origin,
  authorizeUrl: Endpoint,
  tokenUrl: Endpoint,
  jwksUrl: Endpoint,
  clientId: name,
});

const Fields = z.strictObject({
  name: z.enum(['local', 'dev', 'prod']),
  region: z.string().regex(/^[a-z]{2}-[a-z]+-\d$/),
  zones: z.array(z.string()).min(1),
  /** Instances live one level below. */
  domain: z.hostname(),
  appUrl: Origin,
  /** What stands behind the host name in an instance's address: nothing, or a colon and a port. */
  instanceUrlPort: z.string().regex(/^(:\d+)?$/),
  model: z.strictObject({
    url: Origin,
    id: name,
    /** Where instances may go even if the address is a private one. */
    egress: AddressAndPort,
  }),
  /** Whether instances reach models through the function that counts what they use. */
  meters: z.boolean(),
  google: Google,
  /** Where the models answer that customers bring their own keys for. */
  providerUrls: ProviderUrls,
  models: Catalogue,
  dodo: z.strictObject({ url: Origin, products: z.record(Plan, name) }),
  billing: Billing,
  mailFrom: z.email({ pattern: z.regexes.html5Email }),
  /** Who of those who sign in runs the platform. */
  operators: z.array(z.email()).default([]),
  /** Sign-ins from one address of the internet within a quarter of an hour, and as many of the like. */
  triesPerNetwork: z.int().positive().default(100),
  /** Where it is asked whether messages wait for the bots of instances that are asleep. */
  telegramUrl: Origin.default('https://api.telegram.org'),
  /** The only network that may speak to instances. */
  edgeCidr: z.cidrv4(),
  agentImage: z.string().regex(/^[^:]+:[^:]+$/, 'must name a tag'),
  /** What the agent image is built for, and so what workers must be. */
  agentArchitecture: Architecture,
  offerings: Offerings,
  /** Absent: this stage buys nothing there. */
  hetzner: Hetzner.optional(),
  /** Of the workers: an image's id, or the public parameter that holds it. */
  workerImage: z.union([
    z.strictObject({ id: z.string().regex(/^ami-[0-9a-f]+$/) }),
    z.strictObject({ parameter: z.string().startsWith('/') }),
  ]),
  /** On a worker, one an instance; `FIRST_PORT` and `PORTS` in `shared/domain/src/worker.rs`. */
  instancePorts: InstancePorts,
  /** Into how many partitions the pool of workers is cut. To change it, move the workers. */
  poolParts: z.int().positive().default(1),
  /** How many instances of a plan there may be. A plan that is not named is sold without a limit. */
  maximumInstances: z.partialRecord(Plan, z.int().positive()),
  warmPool: WarmPool,
  reaper: ReaperLimits,
  /** Of the functions and the edge. */
  architecture: Architecture,
  /** Whether tables, buckets and keys outlive their stack. */
  keepsData: z.boolean(),
  /** Where workers find the local engine, which is what they have for a cloud. */
  engineForWorkers: AddressAndPort.optional(),
  /** What only a real account has: DNS, certificates, the edge's machine, a budget. */
  cloud: z
    .strictObject({ budgetUsdPerMonth: z.number().positive(), alarmMailTo: z.email() })
    .optional(),
});

export type Stage = z.infer<typeof Fields>;

/** What is wrong between the fields of a stage that are right each by itself. */
interface Mistake {
  readonly path: (string | number)[];
  readonly message: string;
}

const isLocal = (it: Stage) => it.name === 'local';

function mistakesOfStage(it: Stage): Mistake[] {
  const rules: [boolean, string, string][] = [
    [it.name !== 'prod' || it.keepsData, 'keepsData', 'must be true in prod'],
    [isLocal(it) === (it.cloud === undefined), 'cloud', 'is for every stage but local'],
    [
      isLocal(it) === (it.engineForWorkers !== undefined),
      'engineForWorkers',
      'is for the local stage, which cannot do without it',
    ],
    [
      isLocal(it) || it.hetzner === undefined,
      'hetzner',
      "is refused: the edge's way to machines at Hetzner is not encrypted yet",
    ],
    [
      it.reaper.blank_age_max_s > it.warmPool.blank_age_max_s,
      'reaper',
      'must leave blanks alone for longer than the warm pool does (`blank_age_max_s`)',
    ],
  ];
  return rules.filter(([holds]) => !holds).map(([, path, message]) => ({ path: [path], message }));
}

function mistakesOfOfferings({ offerings, ...it }: Stage): Mistake[] {
  const tooBig = plansWithoutMachine(offerings, it.agentArchitecture).map((plan) => ({
    path: ['offerings'],
    message: `have no ${it.agentArchitecture} machine that holds the plan \`${plan}\``,
  }));
  const each = offerings.flatMap(({ provider, purchase }, index): Mistake[] => {
    const at = (field: string, message: string) => ({ path: ['offerings', index, field], message });
    if (provider === 'hetzner' && !it.hetzner) return [at('provider', 'needs `hetzner`')];
    // Two minutes' notice is not enough to move all of a worker, and what is not moved loses an hour.
    if (purchase === 'spot' && it.keepsData) {
      return [at('purchase', 'must be `on_demand`: a spot machine takes its instances with it')];
    }
    return [];
  });
  return [...tooBig, ...each];
}

const Stage = Fields.superRefine((stage, context) => {
  for (const mistake of [...mistakesOfStage(stage), ...mistakesOfOfferings(stage)]) {
    context.addIssue({ code: 'custom', ...mistake });
  }
});

/** The stage called `name`, or an error that names every wrong field. */
export function parseStage(name: string, stage: unknown, workerImageId?: string): Stage {
  if (stage === undefined) throw new Error(`there is no stage \`${name}\``);
  const given = workerImageId
    ? { ...(stage as object), workerImage: { id: workerImageId } }
    : stage;
  const parsed = Stage.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(`stage \`${name}\` is refused\n${z.prettifyError(parsed.error)}`);
}
