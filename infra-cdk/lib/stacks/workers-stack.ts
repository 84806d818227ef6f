/** Where workers live and what one is made of: network, security groups, role and launch template. */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { InstanceProfile, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { agentImageKey, physicalName, STAGE_TAG } from '../naming.js';
import { EDGE_SUBNETS, publicNetwork, WORKER_SUBNETS } from '../network.js';
import { takeCommands } from '../worker-rights.js';
import { WORKER_FOLDER, workerUserData } from '../worker-user-data.js';

/** The ports that a worker gives to instances: 128 of them from the first, as the agent's own. */
const INSTANCE_PORTS = { first: 18789, last: 18916 };
const DISK_GIB = 40;
/** How the image is built is no business of a machine that boots. */
const NOT_FOR_MACHINES = ['bake', 'build', 'entrypoint.sh', 'local-run-flags', 'test-*'];

export class WorkersStack extends Stack {
  readonly vpc: ec2.Vpc;
  readonly role: Role;
  readonly edgeSecurityGroup: ec2.SecurityGroup;
  /** The agent image, for workers that were not baked with it. */
  readonly images: Bucket;
  readonly launchTemplateId: string;
  readonly subnetIds: string[];

  constructor(scope: Construct, id: string, stage: Stage, props: StackProps) {
    super(scope, id, props);
    this.vpc = publicNetwork(this, stage);
    this.subnetIds = this.vpc.selectSubnets({ subnetGroupName: WORKER_SUBNETS }).subnetIds;
    this.edgeSecurityGroup = this.openToTheWeb();
    this.role = new Role(this, 'WorkerRole', {
      roleName: physicalName(stage, 'worker'),
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    });
    this.role.addToPolicy(takeCommands());
    this.images = new Bucket(this, 'Images', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // Whatever is in it was built from this repository and can be built again.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.launchTemplateId = this.launchTemplate(stage, this.workerSecurityGroup()).ref;
    this.outputs(stage);
  }

  private openToTheWeb(): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(this, 'EdgeSecurityGroup', {
      vpc: this.vpc,
      description: 'The edge: the web comes in, everything goes out',
    });
    for (const port of [80, 443]) {
      group.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(port), 'the web');
    }
    return group;
  }

  /** The rule is part of the group: the local engine knows no rules that stand alone. */
  private workerSecurityGroup(): ec2.CfnSecurityGroup {
    return new ec2.CfnSecurityGroup(this, 'WorkerSecurityGroup', {
      vpcId: this.vpc.vpcId,
      groupDescription: 'Workers: the edge comes in, everything goes out',
      securityGroupIngress: [
        {
          description: 'the edge to instances',
          ipProtocol: 'tcp',
          fromPort: INSTANCE_PORTS.first,
          toPort: INSTANCE_PORTS.last,
          sourceSecurityGroupId: this.edgeSecurityGroup.securityGroupId,
        },
      ],
    });
  }

  private launchTemplate(stage: Stage, group: ec2.CfnSecurityGroup): ec2.CfnLaunchTemplate {
    const profile = new InstanceProfile(this, 'WorkerProfile', {
      instanceProfileName: physicalName(stage, 'worker'),
      role: this.role,
    });
    const tags = [{ key: STAGE_TAG, value: stage.name }];
    return new ec2.CfnLaunchTemplate(this, 'WorkerTemplate', {
      launchTemplateName: physicalName(stage, 'worker'),
      launchTemplateData: {
        imageId: workerImage(stage),
        iamInstanceProfile: { arn: profile.instanceProfileArn },
        securityGroupIds: [group.attrGroupId],
        // One hop: a container that asks for the machine's credentials gets no answer.
        metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
        blockDeviceMappings: [
          {
            deviceName: '/dev/xvda',
            ebs: { volumeSize: DISK_GIB, volumeType: 'gp3', encrypted: true },
          },
        ],
        userData: this.userData(stage),
        tagSpecifications: ['instance', 'volume'].map((resourceType) => ({ resourceType, tags })),
      },
    });
  }

  /** With the right to fetch what the script fetches, and nothing beside it. */
  private userData(stage: Stage): string {
    const files = new Asset(this, 'WorkerFiles', {
      path: WORKER_FOLDER,
      exclude: NOT_FOR_MACHINES,
    });
    const image = agentImageKey(stage);
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [
          files.bucket.arnForObjects(files.s3ObjectKey),
          this.images.arnForObjects(image),
        ],
      }),
    );
    return workerUserData({
      files: files.s3ObjectUrl,
      agentImage: this.images.s3UrlForObject(image),
    });
  }

  private outputs(stage: Stage): void {
    const edgeSubnets = this.vpc.selectSubnets({ subnetGroupName: EDGE_SUBNETS });
    new CfnOutput(this, 'LaunchTemplateId', { value: this.launchTemplateId });
    new CfnOutput(this, 'SubnetIds', { value: this.subnetIds.join(',') });
    new CfnOutput(this, 'EdgeSubnetIds', { value: edgeSubnets.subnetIds.join(',') });
    new CfnOutput(this, 'ImagesBucket', { value: this.images.bucketName });
    new CfnOutput(this, 'AgentImageKey', { value: agentImageKey(stage) });
    new CfnOutput(this, 'WorkerRoleArn', { value: this.role.roleArn });
  }
}

/** A parameter is read by EC2 itself at each launch, so that new workers get the newest image. */
const workerImage = (stage: Stage) =>
  'id' in stage.workerImage ? stage.workerImage.id : `resolve:ssm:${stage.workerImage.parameter}`;
