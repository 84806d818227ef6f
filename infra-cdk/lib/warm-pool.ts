/**
 * What is kept ready before anybody asks: booted blanks, free room, stopped workers. Goes to the
 * function `warm-pool` as it is, hence the names.
 */
import { z } from 'zod';
import { PLANS, Plan, planNames, SharedPlan } from './plans.js';

/** Against a slip of the finger that would buy a data centre; as in `functions/warm-pool/src/config.rs`. */
const MAX = { blanks: 100, headroom: 200, stopped: 20, busyFactor: 10, moved: 10 };
/** A younger blank may not have been of use to anybody yet. */
const MIN_BLANK_AGE_S = 600;
/** Who was placed a moment ago is not to be moved right away. */
const MIN_QUIET_S = 600;

const count = z.int().nonnegative();

/** How many blanks of one plan are ready: between these two. */
const Stock = z
  .strictObject({ least: count, most: count.max(MAX.blanks) })
  .refine((it) => it.least <= it.most, {
    path: ['least'],
    error: 'must not be above `most`',
  });

export const WarmPool = z.strictObject({
  /** A plan that is not named has no blanks. */
  blanks: z.partialRecord(Plan, Stock).superRefine((blanks, context) => {
    for (const plan of planNames.filter((it) => blanks[it] && !PLANS[it].shares)) {
      const message = 'shares its worker with nothing, and so with no blank';
      context.addIssue({ code: 'custom', path: [plan], message });
    }
  }),
  /** Free running room beside the blanks, in instances of `plan`. */
  headroom: z.strictObject({ plan: SharedPlan, instances: count.max(MAX.headroom) }),
  stopped_workers: count.max(MAX.stopped),
  /** In these hours `least` and the headroom are multiplied by `busy_factor`. */
  busy_hours_utc: z
    .array(z.int().min(0).max(23))
    .refine((it) => new Set(it).size === it.length, { error: 'names an hour twice' }),
  busy_factor: z.int().positive().max(MAX.busyFactor),
  /** An older blank is removed: its image and its session are out of date. */
  blank_age_max_s: z.int().min(MIN_BLANK_AGE_S),
  /** How many blanks may boot on one worker at a time. */
  boots_per_worker: z.int().positive(),
  /** When a worker that serves well is emptied because the others have room. Absent: never. */
  consolidation: z
    .strictObject({
      /** Tenants that may be moved for the sake of one worker: each of them sees a restart. */
      most_moved: z.int().positive().max(MAX.moved),
      /** For how long nothing may have come to the worker, or have left it. */
      quiet_s: z.int().min(MIN_QUIET_S),
      /** Instances of the headroom's plan that must find room afterwards beside all that is wanted. */
      spare_instances: count.max(MAX.headroom),
    })
    .optional(),
});

export type WarmPool = z.infer<typeof WarmPool>;
