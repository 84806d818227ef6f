/**
 * What a stage must say. A mistake is refused when the templates are made, by the name of the field:
 * the alternative is a function that panics at its first cold start.
 */
import { z } from 'zod';

/** The biggest plan on sale, which every offering must be able to hold: `shared/domain/src/plan.rs`. */
export const BIGGEST_PLAN = { memoryMib: 3584, cpuMillis: 2000 } as const;

/** A machine type at a price; goes to the function that buys machines as it is. */
const Offering = z
  .strictObject({
    provider: z.literal('ec2'),
    machine_type: z.string().min(1),
    memory_mib: z.int().positive(),
    cpu_millis: z.int().positive(),
    /** Kept for the system and Docker. */
    reserved_mib: z.int().nonnegative(),
    usd_per_hour: z.number().positive(),
  })
  .refine((it) => it.memory_mib - it.reserved_mib >= BIGGEST_PLAN.memoryMib, {
    path: ['memory_mib'],
    error: `is too little: the biggest plan takes ${BIGGEST_PLAN.memoryMib} MiB beside the reserved`,
  })
  .refine((it) => it.cpu_millis >= BIGGEST_PLAN.cpuMillis, {
    path: ['cpu_millis'],
    error: `is too little: the biggest plan takes ${BIGGEST_PLAN.cpuMillis}`,
  });

const Origin = z.url({ protocol: /^https?$/ }).refine((it) => !it.endsWith('/'), {
  error: 'must not end with a slash',
});

const Stage = z
  .strictObject({
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
      id: z.string().min(1),
      /** Where instances may go even if the address is a private one. */
      egress: z.string().regex(/^\d+\.\d+\.\d+\.\d+:\d+$/),
    }),
    dodo: z.strictObject({
      url: Origin,
      products: z.strictObject({ standard: z.string().min(1), pro: z.string().min(1) }),
    }),
    mailFrom: z.email({ pattern: z.regexes.html5Email }),
    /** The only network that may speak to instances. */
    edgeCidr: z.cidrv4(),
    agentImage: z.string().regex(/^[^:]+:[^:]+$/, 'must name a tag'),
    offerings: z.array(Offering).min(1),
    /** Of the workers: an image's id, or the public parameter that holds it. */
    workerImage: z.union([
      z.strictObject({ id: z.string().regex(/^ami-[0-9a-f]+$/) }),
      z.strictObject({ parameter: z.string().startsWith('/') }),
    ]),
    /** Of the functions and the edge. */
    architecture: z.enum(['arm64', 'x86_64']),
    /** Whether tables, buckets and keys outlive their stack. */
    keepsData: z.boolean(),
    /** What only a real account has: DNS, certificates, the edge's machine, a budget. */
    cloud: z
      .strictObject({
        budgetUsdPerMonth: z.number().positive(),
        alarmMailTo: z.email(),
      })
      .optional(),
  })
  .refine((it) => it.name !== 'prod' || it.keepsData, {
    path: ['keepsData'],
    error: 'must be true in prod',
  })
  .refine((it) => (it.name === 'local') === (it.cloud === undefined), {
    path: ['cloud'],
    error: 'is for every stage but local',
  });

export type Stage = z.infer<typeof Stage>;

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
