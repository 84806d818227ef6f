/** Builds stages for tests, as `bin/app.ts` does, whatever the environment says. */
import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { stages } from '../bin/stages.js';
import { parseStage, type Stage } from '../lib/config.js';
import { buildProduct } from '../lib/product.js';

export const STAGE_NAMES = ['local', 'dev', 'prod'] as const;

/** As written in `bin/stages.ts`, with the one thing that the local stage must be told. */
export const rawStage = (name: string) =>
  stages({ ONEMINS_WORKER_AMI: 'ami-00000000000000000' })[name] as Record<string, unknown>;

export const stageOf = (name: string, change = {}): Stage =>
  parseStage(name, { ...rawStage(name), ...change });

/** The app of a stage, with `change` in what the stage says. */
export function buildApp(name: string, change = {}): App {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
  const app = new App({ context });
  buildProduct(app, stageOf(name, change));
  return app;
}

/** How a stage says that it buys at Hetzner too. Only the local one may. */
export const HETZNER = {
  url: 'https://api.hetzner.cloud/v1',
  locations: ['fsn1'],
  image: 'debian-12',
};

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: templates have no types, and tests read them
  readonly Properties: any;
}

export const stacksOf = (app: App): Stack[] => app.node.children.filter(Stack.isStack);

/** Every resource of `type` in all stacks, as `Stack/LogicalId` and what the template says of it. */
export function resourcesOf(app: App, type: string): [string, Resource][] {
  return stacksOf(app).flatMap((stack) =>
    Object.entries(Template.fromStack(stack).findResources(type)).map(
      ([id, resource]): [string, Resource] => [`${stack.node.id}/${id}`, resource as Resource],
    ),
  );
}
