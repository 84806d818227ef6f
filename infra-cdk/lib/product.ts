/** All stacks of one stage, in the order in which they depend on each other. */
import { type App, Stack, Tags, Validations } from 'aws-cdk-lib';
import type { Stage } from './config.js';
import { CloudOnlyStack } from './stacks/cloud-only-stack.js';
import { ControlPlaneStack } from './stacks/control-plane-stack.js';
import { DataStack } from './stacks/data-stack.js';
import { EdgeStack } from './stacks/edge-stack.js';
import { WebStack } from './stacks/web-stack.js';
import { WorkersStack } from './stacks/workers-stack.js';

/** What linters say of these templates, and why it is right as it is. */
const ACCEPTED_LINTS = {
  W3005: 'a dependency that is also a reference: the CDK writes both, and it does no harm',
  W3010: "zones are named in the stage's configuration",
  W7001: 'the CDK copies a table of zones along that a record here does not need',
};

/** Builds the stacks of `stage` into `app`. */
export function buildProduct(app: App, stage: Stage): void {
  const name = (part: string) => `OneMins-${stage.name}-${part}`;
  // Without an account: templates are made without credentials and fit any account.
  const props = { env: { region: stage.region }, terminationProtection: stage.keepsData };
  const data = new DataStack(app, name('Data'), stage, props);
  const workers = new WorkersStack(
    app,
    name('Workers'),
    stage,
    { fleet: data.tables.fleet },
    props,
  );
  const control = new ControlPlaneStack(app, name('ControlPlane'), stage, { data, workers }, props);
  const heard = { ledger: data.tables.ledger, wakes: control.wakes };
  const edge = new EdgeStack(app, name('Edge'), stage, heard, props);
  const web = new WebStack(app, name('Web'), stage, { api: control.api }, props);
  Tags.of(app).add('1mins:stage', stage.name);
  if (stage.cloud) {
    const { alarms, mailDomain } = control;
    const world = { workers, edge, web, alarms, mailDomain };
    new CloudOnlyStack(app, name('CloudOnly'), stage, world, props);
  }
  acceptLints(app);
}

/** For the CDK's own validation as well as for cfn-lint, which reads the template's metadata. */
function acceptLints(app: App): void {
  for (const [id, reason] of Object.entries(ACCEPTED_LINTS)) {
    Validations.of(app).acknowledge({ id: `CloudFormation-Validate::${id}`, reason });
  }
  const config = { ignore_checks: Object.keys(ACCEPTED_LINTS) };
  for (const stack of app.node.children.filter(Stack.isStack)) {
    stack.templateOptions.metadata = { 'cfn-lint': { config } };
  }
}
