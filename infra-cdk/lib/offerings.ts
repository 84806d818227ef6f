/**
 * What can be bought: machine types at a price. The list goes to Rust as it is, hence the names;
 * `shared/domain/src/offering.rs` reads it, and refuses the same mistakes at its cold start.
 */
import { z } from 'zod';
import { type Limits, PLANS, planNames } from './plans.js';

export const Architecture = z.enum(['x86_64', 'arm64']);
export type Architecture = z.infer<typeof Architecture>;

/** A type that may be bought in place of another. */
const Alternative = z.strictObject({
  machine_type: z.string().min(1),
  memory_mib: z.int().positive(),
  cpu_millis: z.int().positive(),
});

const Offering = z
  .strictObject({
    provider: z.enum(['ec2', 'hetzner']),
    machine_type: z.string().min(1),
    /** A spot machine is cheaper, and taken back at two minutes' notice. */
    purchase: z.enum(['on_demand', 'spot']),
    architecture: Architecture,
    memory_mib: z.int().positive(),
    cpu_millis: z.int().positive(),
    /** Kept for the system and Docker. */
    reserved_mib: z.int().nonnegative(),
    /** How much CPU is sold for each that is there: agents are idle most of the time. */
    cpu_overcommit: z.int().positive(),
    usd_per_hour: z.number().positive(),
    /** Of spot only: EC2 picks the one of all types that it will take back last. */
    alternatives: z.array(Alternative).default([]),
    /** Of spot only: how many workers are on demand before this is bought. */
    on_demand_base: z.int().nonnegative().default(0),
  })
  .refine((it) => it.reserved_mib < it.memory_mib, {
    path: ['reserved_mib'],
    error: 'leaves nothing to sell',
  })
  .refine((it) => it.provider === 'ec2' || it.purchase === 'on_demand', {
    path: ['purchase'],
    error: 'must be `on_demand`: nobody else sells spot machines',
  })
  .refine((it) => it.purchase === 'spot' || it.alternatives.length === 0, {
    path: ['alternatives'],
    error: 'are for spot machines: on demand, each type is an offering at its own price',
  })
  .refine((it) => it.purchase === 'spot' || it.on_demand_base === 0, {
    path: ['on_demand_base'],
    error: 'is for spot machines',
  })
  .superRefine((it, context) => {
    for (const { path, message } of mistakesOfAlternatives(it)) {
      context.addIssue({ code: 'custom', path: ['alternatives', ...path], message });
    }
  });

export type Offering = z.infer<typeof Offering>;

/** Whichever type is bought, it must hold what is sold. */
function mistakesOfAlternatives(it: {
  machine_type: string;
  memory_mib: number;
  cpu_millis: number;
  alternatives: z.infer<typeof Alternative>[];
}) {
  const types = [it, ...it.alternatives].map((one) => one.machine_type);
  const rules = it.alternatives.flatMap((one, index): [boolean, number, string, string][] => [
    [types.indexOf(one.machine_type) === index + 1, index, 'machine_type', 'is there twice'],
    [one.memory_mib >= it.memory_mib, index, 'memory_mib', 'is less than what is sold'],
    [one.cpu_millis >= it.cpu_millis, index, 'cpu_millis', 'is less than what is sold'],
  ]);
  const broken = rules.filter(([holds]) => !holds);
  return broken.map(([, index, field, message]) => ({ path: [index, field], message }));
}

const nameOf = (it: Offering) => `${it.provider} ${it.machine_type} ${it.purchase}`;

export const Offerings = z
  .array(Offering)
  .min(1)
  .superRefine((offerings, context) => {
    offerings.forEach((it, index) => {
      if (offerings.findIndex((other) => nameOf(other) === nameOf(it)) === index) return;
      context.addIssue({
        code: 'custom',
        path: [index, 'machine_type'],
        message: `is there twice: ${nameOf(it)}`,
      });
    });
  });

/** Whether one machine of it holds an instance within `limits`, with nothing beside it. */
const holds = (it: Offering, limits: Limits) =>
  it.memory_mib - it.reserved_mib >= limits.memoryMib &&
  it.cpu_millis * it.cpu_overcommit >= limits.cpuMillis;

/**
 * The plans that no machine could ever be bought for. A pool begins empty, so what is only bought beyond
 * an on-demand base does not count.
 */
export const plansWithoutMachine = (offerings: readonly Offering[], architecture: Architecture) =>
  planNames.filter(
    (plan) =>
      !offerings.some(
        (it) =>
          it.architecture === architecture && it.on_demand_base === 0 && holds(it, PLANS[plan]),
      ),
  );
