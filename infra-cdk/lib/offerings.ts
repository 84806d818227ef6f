/**
 * What can be bought: machine types at a price. The list goes to Rust as it is, hence the names;
 * `shared/domain/src/offering.rs` reads it, and refuses the same mistakes at its cold start.
 */
import { z } from 'zod';
import { type Limits, PLANS, planNames } from './plans.js';

export const Architecture = z.enum(['x86_64', 'arm64']);
export type Architecture = z.infer<typeof Architecture>;

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
  })
  .refine((it) => it.reserved_mib < it.memory_mib, {
    path: ['reserved_mib'],
    error: 'leaves nothing to sell',
  })
  .refine((it) => it.provider === 'ec2' || it.purchase === 'on_demand', {
    path: ['purchase'],
    error: 'must be `on_demand`: nobody else sells spot machines',
  });

export type Offering = z.infer<typeof Offering>;

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

/** The plans that no machine could ever be bought for. */
export const plansWithoutMachine = (offerings: readonly Offering[], architecture: Architecture) =>
  planNames.filter(
    (plan) => !offerings.some((it) => it.architecture === architecture && holds(it, PLANS[plan])),
  );
