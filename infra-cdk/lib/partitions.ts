/** The partitions of tables that rights are given for, by the names of `shared/adapters/src/dynamodb/keys.rs`. */

/** The one partition of the fleet that the API writes to. */
export const INTENTS = 'INTENTS';

/** Those of the ledger that the billing watch writes to. */
export const CREDITS = 'CREDITS';
export const PRICES = 'PRICES';

/** Of a subscription, by its name: whether what had paid for a project is over. */
export const SUBSCRIPTIONS = 'SUBSCRIPTION#*';

/** What owners let their projects spend, and what those used. */
export const SPEND_CAPS = 'SPEND_CAP#*';
export const USED_DAYS = 'USAGE_DAYS#*';
export const ACCOUNTS = 'USAGE_ACCOUNT#*';
/** All that is written when a call of a model is counted. */
export const METERED = [ACCOUNTS, 'USAGE_CALL#*', USED_DAYS];

/** Of `projects`: by a project's id, and by its tenant. */
export const PROJECTS = 'prj_*';
export const PROVIDER_KEYS = 'KEYS#*';
