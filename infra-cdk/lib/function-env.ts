/** What several functions are told, by the names under which their sources ask for it. */
import { hetznerEnv } from './hetzner.js';
import { physicalName } from './naming.js';
import { stateMachineArn } from './rights.js';
import type { SagaName } from './sagas/all.js';
import type { World } from './world.js';

export const sagaArn = (it: World, saga: SagaName) =>
  stateMachineArn(it.stack, physicalName(it.stage, saga));

export const fleet = (it: World) => ({
  FLEET_TABLE: it.tables.fleet.tableName,
  POOL: it.stage.region,
  POOL_PARTS: String(it.stage.poolParts),
});
export const projects = (it: World) => ({ PROJECTS_TABLE: it.tables.projects.tableName });
export const ledger = (it: World) => ({ LEDGER_TABLE: it.tables.ledger.tableName });
export const backups = (it: World) => ({ BACKUPS_BUCKET: it.backups.bucketName });
export const architecture = (it: World) => ({ AGENT_ARCHITECTURE: it.stage.agentArchitecture });
export const offerings = (it: World) => ({ OFFERINGS: JSON.stringify(it.stage.offerings) });

/** Where machines are bought, found and given back. */
export const machines = (it: World) => ({
  LAUNCH_TEMPLATE_ID: it.workers.launchTemplateId,
  SUBNET_IDS: it.workers.subnetIds.join(','),
  STAGE: it.stage.name,
  ...hetznerEnv(it.stack, it.stage, it.workers),
});
