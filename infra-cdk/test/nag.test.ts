/** The AWS Solutions rules, and why we break those that we break. */
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { buildApp, STAGE_NAMES } from './product.js';

interface Accepted {
  readonly rule: RegExp;
  /** Of the construct. */
  readonly path: RegExp;
  readonly reason: string;
}

const ACCEPTED: Accepted[] = [
  {
    rule: /-S1$/,
    path: /\/(Bundles|Backups|Images|Site)\/Resource$/,
    reason:
      'bundles live for a day, backups are reached by links that one function signs, images and pages are public in content; who read them is no news',
  },
  {
    rule: /-VPC7$/,
    path: /\/Network\/Resource$/,
    reason: 'the flow log is in the cloud-only stack, where the rule does not look',
  },
  {
    rule: /-EC23$/,
    path: /\/EdgeSecurityGroup\/Resource$/,
    reason: 'the edge is where the web comes in',
  },
  {
    rule: /-EC29$/,
    path: /-dev-CloudOnly\/EdgeMachine\/Resource$/,
    reason: 'a development stage must be easy to take away; production is protected',
  },
  {
    rule: /-SQS3$/,
    path: /\/Occasions\/DeadLetters\/Resource$/,
    reason: 'dead letters of events: the rule knows only those of queues',
  },
  {
    rule: /-APIG4$/,
    path: /\/HttpApi\//,
    reason: 'the functions check tokens and signatures themselves: sign-up and webhooks have none',
  },
  {
    rule: /-CFR1$/,
    path: /\/Distribution\/Resource$/,
    reason: 'customers may be anywhere',
  },
  {
    rule: /-CFR2$/,
    path: /\/Distribution\/Resource$/,
    reason:
      'static pages, and an API with a throttle: a firewall would cost more than all the rest',
  },
  {
    rule: /-CFR3$/,
    path: /\/Distribution\/Resource$/,
    reason: 'the API behind it keeps an access log, the pages are public',
  },
  {
    rule: /-SMG4$/,
    path: /\/FrontSecret\/Resource$/,
    reason: 'it guards a count of attempts only; CloudFront would not hear of a rotation by itself',
  },
  {
    rule: /-IAM5\[Resource::\*\]$/,
    path: /(\/(Worker|Node)Role\/DefaultPolicy|-Edge\/Policy)\/Resource$/,
    reason: 'what the SSM agent calls knows no resources',
  },
  {
    rule: /-IAM5\[Resource::\*\]$/,
    path: /\/(Provision|DockerRun|HealthCheck|WarmPool|Drain|WorkerWatch|SleepWatch|Backup|Reaper)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'describing machines and reading how a command ended know no resources',
  },
  {
    rule: /-IAM5\[Resource::\*\]$/,
    path: /-local-ControlPlane\/(RoutePublisher|Notify)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'the local engine decides these without looking at the resource; see `asSeenBy`',
  },
  {
    rule: /-IAM5\[Resource::\*\]$/,
    path: /\/(Provision|Blank|Grow|Drain|Configure|Halt|Resize|Restart|Erase|Logs|Exec|Import)Saga\/Machine\/Role\/DefaultPolicy\/Resource$/,
    reason: 'log delivery and traces know no resources',
  },
  {
    rule: /-IAM5\[Resource::.*:execution:1mins-[a-z]+-provision:\*\]$/,
    path: /\/(Api|BillingWatch|Drain|SleepWatch)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'one execution a provisioning, named after its project',
  },
  {
    rule: /-IAM5\[Resource::.*:execution:1mins-[a-z]+-(resize|erase):\*\]$/,
    path: /\/(Api|Billing)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'one execution a try, named after its project',
  },
  {
    rule: /-IAM5\[Resource::.*:execution:1mins-[a-z]+-halt:\*\]$/,
    path: /\/WorkerWatch\/Role\/DefaultPolicy\/Resource$/,
    reason: 'one execution a halt, named after its project',
  },
  {
    rule: /-IAM5\[Resource::.*:execution:1mins-[a-z]+-(logs|exec|import):\*\]$/,
    path: /\/(Api|Operator)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'one execution a reading, a command or an import, named after its project',
  },
  {
    rule: /-IAM5\[Resource::.*:schedule\/1mins-[a-z]+-billing-timers\/\*\]$/,
    path: /\/Billing\/Role\/DefaultPolicy\/Resource$/,
    reason: 'one schedule a subscription, in a group of their own',
  },
  {
    rule: /-IAM5\[Resource::.*:instance\/\*\]$/,
    path: /\/(Provision|DockerRun|HealthCheck|WarmPool|Drain|WorkerWatch|SleepWatch|Backup|Reaper)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'machines come and go; those that are there must carry the tag of the stage',
  },
  {
    rule: /-IAM5\[Resource::.*:(network-interface|security-group|volume|image|fleet|spot-instances-request)\/\*\]$/,
    path: /\/Provision\/Role\/DefaultPolicy\/Resource$/,
    reason: 'parts of a machine that is being bought, chosen by the launch template',
  },
  {
    rule: /-IAM5\[Resource::.*\/bundles\/\*\]$/,
    path: /\/(DockerRun|Reaper)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'one object a launch',
  },
  {
    rule: /-IAM5\[Resource::.*\/logs\/\*\]$/,
    path: /\/(Api|DockerRun|Operator)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'one object a reading',
  },
  {
    rule: /-IAM5\[Resource::.*\/imports\/\*\]$/,
    path: /\/(Api|Import)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'one object an upload',
  },
  {
    rule: /-IAM5\[Resource::.*\/backups\/\*\]$/,
    path: /\/(DockerRun|Backup|Erase|Import)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'one object a backup',
  },
  {
    rule: /-IAM5\[Resource::.*:parameter\/1mins\/[a-z]+\/routes\/\*\]$/,
    path: /(\/RoutePublisher\/Role\/DefaultPolicy|-Edge\/Policy)\/Resource$/,
    reason: 'routes grow by the parameter',
  },
];

/** What the rules find, one line each. */
function findings(stage: string): { rule: string; path: string }[] {
  const app = buildApp(stage);
  const report = new AwsSolutionsChecks(app).validateScope(app);
  return report.violations.flatMap((violation) =>
    violation.violatingResources.map((it) => ({
      rule: violation.ruleName,
      path: it.constructPath ?? '',
    })),
  );
}

const isAccepted =
  ({ rule, path }: { rule: string; path: string }) =>
  (it: Accepted) =>
    it.rule.test(rule) && it.path.test(path);

describe.each(STAGE_NAMES)('%s', (stage) => {
  test('breaks no rule without a reason', () => {
    const unexplained = findings(stage).filter((it) => !ACCEPTED.some(isAccepted(it)));
    expect(unexplained.map(({ rule, path }) => `${rule} ${path}`)).toEqual([]);
  });
});

test('no reason is kept for a rule that is not broken', () => {
  const all = STAGE_NAMES.flatMap(findings);
  const idle = ACCEPTED.filter((it) => !all.some((finding) => isAccepted(finding)(it)));
  expect(idle).toEqual([]);
});
