/** What a change changes: one template a stack, to be read in review. */
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { buildApp, stacksOf } from './product.js';

/** The content of assets changes with every build and says nothing about the stacks. */
const withoutHashes = (template: object) =>
  `${JSON.stringify(template, null, 2).replaceAll(/[0-9a-f]{64}/g, '<asset>')}\n`;

for (const stack of stacksOf(buildApp('prod'))) {
  test(`${stack.stackName} is as it was reviewed`, async () => {
    const template = withoutHashes(Template.fromStack(stack).toJSON());
    await expect(template).toMatchFileSnapshot(`__snapshots__/${stack.stackName}.json`);
  });
}
