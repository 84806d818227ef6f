/** The plans on sale and what an instance of each may take; a test keeps it equal to `shared/domain/src/plan.rs`. */
import { z } from 'zod';

export interface Limits {
  readonly memoryMib: number;
  readonly cpuMillis: number;
}

interface Sold extends Limits {
  /** Whether other tenants' instances are on the same worker. */
  readonly shares: boolean;
}

export const PLANS = {
  standard: { memoryMib: 1536, cpuMillis: 750, shares: true },
  pro: { memoryMib: 3584, cpuMillis: 2000, shares: true },
  dedicated: { memoryMib: 3584, cpuMillis: 2000, shares: false },
} as const satisfies Record<string, Sold>;

export type Plan = keyof typeof PLANS;

export const planNames = Object.keys(PLANS) as Plan[];

/** The name of a plan that is on sale. */
export const Plan = z.enum(planNames);

/** The name of one whose instances may be next to blanks. */
export const SharedPlan = Plan.refine((it) => PLANS[it].shares, {
  error: 'shares its worker with nothing, so nothing can be kept ready for it',
});
