/**
 * What only a real account can have: the edge's machine, public names, mail, a budget, flow logs.
 * The local engine knows few of these types; locally the edge is a process and the rest is left out.
 */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ARecord, CnameRecord, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { EmailIdentity } from 'aws-cdk-lib/aws-ses';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { physicalName } from '../naming.js';
import { EDGE_SUBNETS } from '../network.js';
import type { EdgeStack } from './edge-stack.js';
import type { PublicSite, WebStack } from './web-stack.js';
import type { WorkersStack } from './workers-stack.js';

/** What this stack needs of the others. */
export interface CloudWorld {
  readonly workers: WorkersStack;
  readonly edge: EdgeStack;
  readonly web: WebStack;
  readonly alarms: Topic;
  readonly mailDomain: EmailIdentity;
}

const EDGE_IMAGE = '/aws/service/debian/release/12/latest/arm64';
const EDGE_DISK_GIB = 8;
const BUDGET_ALERT_PERCENT = 80;

export class CloudOnlyStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    private readonly stage: Stage,
    world: CloudWorld,
    props: StackProps,
  ) {
    super(scope, id, props);
    const { cloud } = stage;
    const { publicSite } = world.web;
    if (!cloud || !publicSite) throw new Error(`stage \`${stage.name}\` is not in the cloud`);
    this.names(publicSite, this.edgeAddress(this.edgeMachine(world)));
    this.signMail(publicSite, world.mailDomain);
    this.flowLog(world.workers.vpc);
    this.budget(cloud);
    world.alarms.addSubscription(new EmailSubscription(cloud.alarmMailTo));
  }

  private edgeMachine({ workers, edge }: CloudWorld): ec2.Instance {
    const machine = new ec2.Instance(this, 'EdgeMachine', {
      instanceName: physicalName(this.stage, 'edge'),
      vpc: workers.vpc,
      vpcSubnets: {
        subnetGroupName: EDGE_SUBNETS,
        availabilityZones: this.stage.zones.slice(0, 1),
      },
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.NANO),
      machineImage: ec2.MachineImage.fromSsmParameter(EDGE_IMAGE, { cachedInContext: false }),
      securityGroup: workers.edgeSecurityGroup,
      instanceProfile: edge.profile,
      requireImdsv2: true,
      detailedMonitoring: true,
      disableApiTermination: this.stage.keepsData,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: ec2.BlockDeviceVolume.ebs(EDGE_DISK_GIB, { encrypted: true }),
        },
      ],
    });
    new CfnOutput(this, 'EdgeMachineId', { value: machine.instanceId });
    return machine;
  }

  /** An address that stays when the machine is replaced. */
  private edgeAddress(machine: ec2.Instance): string {
    const address = new ec2.CfnEIP(this, 'EdgeAddress', { domain: 'vpc' });
    new ec2.CfnEIPAssociation(this, 'EdgeAddressOfMachine', {
      allocationId: address.attrAllocationId,
      instanceId: machine.instanceId,
    });
    new CfnOutput(this, 'EdgePublicAddress', { value: address.attrPublicIp });
    return address.attrPublicIp;
  }

  /** The site at the domain itself, instances one level below. */
  private names({ zone, distribution }: PublicSite, edgeAddress: string): void {
    const site = RecordTarget.fromAlias(new CloudFrontTarget(distribution));
    new ARecord(this, 'SiteName', { zone, target: site });
    const edge = RecordTarget.fromIpAddresses(edgeAddress);
    new ARecord(this, 'InstanceNames', { zone, recordName: '*', target: edge });
  }

  /** By these records a receiver knows that a mail of the domain is ours. */
  private signMail({ zone }: PublicSite, mailDomain: EmailIdentity): void {
    mailDomain.dkimRecords.forEach(({ name, value }, index) => {
      new CnameRecord(this, `MailKey${index + 1}`, {
        zone,
        recordName: `${name}.`,
        domainName: value,
      });
    });
  }

  private flowLog(vpc: ec2.Vpc): void {
    const logs = new LogGroup(this, 'FlowLogs', {
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new ec2.FlowLog(this, 'FlowLog', {
      resourceType: ec2.FlowLogResourceType.fromVpc(vpc),
      trafficType: ec2.FlowLogTrafficType.REJECT,
      destination: ec2.FlowLogDestination.toCloudWatchLogs(logs),
    });
  }

  private budget({ budgetUsdPerMonth, alarmMailTo }: NonNullable<Stage['cloud']>): void {
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: physicalName(this.stage, 'month'),
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: budgetUsdPerMonth, unit: 'USD' },
      },
      notificationsWithSubscribers: [
        {
          notification: {
            notificationType: 'FORECASTED',
            comparisonOperator: 'GREATER_THAN',
            threshold: BUDGET_ALERT_PERCENT,
          },
          subscribers: [{ subscriptionType: 'EMAIL', address: alarmMailTo }],
        },
      ],
    });
  }
}
