/** What several functions are told, by the names under which their sources ask for it. */
import { hetznerEnv } from './hetzner.js';
import { physicalName, secretParameter } from './naming.js';
import { executionArn, stateMachineArn } from './rights.js';
import type { SagaName } from './sagas/all.js';
import type { World } from './world.js';

export const sagaArn = (it: World, saga: SagaName) =>
  stateMachineArn(it.stack, physicalName(it.stage, saga));

/** Where a person reads an execution: its name follows after a colon. */
export const executionsUrl = (it: World, saga: SagaName) => {
  const { region } = it.stage;
  const executions = executionArn(it.stack, physicalName(it.stage, saga));
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executions}`;
};

/** The payment provider, and what our plans are called there. */
export const dodo = (it: World) => ({
  DODO_URL: it.stage.dodo.url,
  DODO_KEY_PARAMETER: secretParameter(it.stage, 'dodo-api-key'),
  DODO_PRODUCT_STANDARD: it.stage.dodo.products.standard,
  DODO_PRODUCT_PRO: it.stage.dodo.products.pro,
  DODO_PRODUCT_DEDICATED: it.stage.dodo.products.dedicated,
});

export const fleet = (it: World) => ({
  FLEET_TABLE: it.tables.fleet.tableName,
  POOL: it.stage.region,
  POOL_PARTS: String(it.stage.poolParts),
});
export const projects = (it: World) => ({ PROJECTS_TABLE: it.tables.projects.tableName });
export const ledger = (it: World) => ({ LEDGER_TABLE: it.tables.ledger.tableName });
export const bundles = (it: World) => ({ BUNDLES_BUCKET: it.bundles.bucketName });
export const backups = (it: World) => ({ BACKUPS_BUCKET: it.backups.bucketName });
export const architecture = (it: World) => ({ AGENT_ARCHITECTURE: it.stage.agentArchitecture });
/** Where workers may be, as their providers name it: the stage's region, and what it buys in elsewhere. */
export const regions = ({ stage }: World) => ({
  REGIONS: JSON.stringify([stage.region, ...(stage.hetzner?.locations ?? [])]),
});
export const offerings = (it: World) => ({ OFFERINGS: JSON.stringify(it.stage.offerings) });

/** Where machines are bought, found and given back. */
export const machines = (it: World) => ({
  LAUNCH_TEMPLATE_ID: it.workers.launchTemplateId,
  SUBNET_IDS: it.workers.subnetIds.join(','),
  STAGE: it.stage.name,
  ...hetznerEnv(it.stack, it.stage, it.workers),
});
