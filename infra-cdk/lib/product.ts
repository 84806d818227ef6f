/** All stacks of one stage, in the order in which they depend on each other. */
import { type App, Stack, Tags } from 'aws-cdk-lib';
import type { Stage } from './config.js';
import { CloudOnlyStack } from './stacks/cloud-only-stack.js';
import { ControlPlaneStack } from './stacks/control-plane-stack.js';
import { DataStack } from './stacks/data-stack.js';
import { EdgeStack } from './stacks/edge-stack.js';
import { WebStack } from './stacks/web-stack.js';
import { WorkersStack } from './stacks/workers-stack.js';

/**
 * What the CDK writes by itself, and harmless: a dependency that is also a reference (W3005), a
 * mapping that a record does not need (W7001). Zones are named in the stage's configuration (W3010).
 */
const ACCEPTED_LINTS = ['W3005', 'W3010', 'W7001'];

/** Builds the stacks of `stage` into `app`. */
export function buildProduct(app: App, stage: Stage): void {
  const name = (part: string) => `OneMins-${stage.name}-${part}`;
  // Without an account: templates are made without credentials and fit any account.
  const props = { env: { region: stage.region }, terminationProtection: stage.keepsData };
  const data = new DataStack(app, name('Data'), stage, props);
  const workers = new WorkersStack(app, name('Workers'), stage, props);
  const control = new ControlPlaneStack(app, name('ControlPlane'), stage, { data, workers }, props);
  const edge = new EdgeStack(app, name('Edge'), stage, { ledger: data.tables.ledger }, props);
  const web = new WebStack(app, name('Web'), stage, { api: control.api }, props);
  Tags.of(app).add('1mins:stage', stage.name);
  if (stage.cloud) {
    const { alarms, mailDomain } = control;
    const world = { workers, edge, web, alarms, mailDomain };
    new CloudOnlyStack(app, name('CloudOnly'), stage, world, props);
  }
  for (const stack of app.node.children.filter(Stack.isStack)) {
    stack.templateOptions.metadata = { 'cfn-lint': { config: { ignore_checks: ACCEPTED_LINTS } } };
  }
}
