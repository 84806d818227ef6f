/** Where workers live and what one is made of: network, security groups, role and launch template. */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { InstanceProfile, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { agentImageKey, physicalName, STAGE_TAG } from '../naming.js';
import { EDGE_SUBNETS, publicNetwork, WORKER_SUBNETS } from '../network.js';
import { putInto } from '../rights.js';
import { takeCommands } from '../worker-rights.js';
import { WORKER_FOLDER, type WorkerSettings, workerUserData } from '../worker-user-data.js';

/**
 * Where a worker writes that it lives: under the name that its role proves, and no other; `heartbeat`
 * in `shared/adapters/src/dynamodb/keys.rs`.
 */
const OWN_HEARTBEAT = 'HEARTBEAT#${ec2:SourceInstanceARN}';
/** A role that was joined proves no name: these machines are trusted not to speak for each other. */
const HEARTBEATS_OF_NODES = 'HEARTBEAT#mi-*';

const DISK_GIB = 40;
/** How the image is built is no business of a machine that boots. */
const NOT_FOR_MACHINES = ['bake', 'build', 'entrypoint.sh', 'local-run-flags', 'test', 'test-*'];

export class WorkersStack extends Stack {
  readonly vpc: ec2.Vpc;
  readonly role: Role;
  /** Of machines that AWS did not sell; absent where nothing else is bought. */
  readonly nodeRole?: Role;
  readonly edgeSecurityGroup: ec2.SecurityGroup;
  /** The agent image, for workers that were not baked with it. */
  readonly images: Bucket;
  readonly settings: WorkerSettings;
  readonly launchTemplateId: string;
  readonly subnetIds: string[];

  constructor(
    scope: Construct,
    id: string,
    stage: Stage,
    below: { readonly fleet: ITable },
    props: StackProps,
  ) {
    super(scope, id, props);
    this.vpc = publicNetwork(this, stage);
    this.subnetIds = this.vpc.selectSubnets({ subnetGroupName: WORKER_SUBNETS }).subnetIds;
    this.edgeSecurityGroup = this.openToTheWeb();
    this.images = new Bucket(this, 'Images', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // Whatever is in it was built from this repository and can be built again.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const files = new Asset(this, 'WorkerFiles', {
      path: WORKER_FOLDER,
      exclude: NOT_FOR_MACHINES,
    });
    this.settings = this.settingsOf(stage, files, below.fleet);
    const fetch = this.fetch(stage, files);
    this.role = this.workerRole(stage, [fetch, putInto(below.fleet, [OWN_HEARTBEAT])]);
    if (stage.hetzner) {
      this.nodeRole = this.roleOfNodes(stage, [fetch, putInto(below.fleet, [HEARTBEATS_OF_NODES])]);
    }
    this.launchTemplateId = this.launchTemplate(stage, this.workerSecurityGroup(stage)).ref;
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
  private workerSecurityGroup(stage: Stage): ec2.CfnSecurityGroup {
    const { first, count } = stage.instancePorts;
    return new ec2.CfnSecurityGroup(this, 'WorkerSecurityGroup', {
      vpcId: this.vpc.vpcId,
      groupDescription: 'Workers: the edge comes in, everything goes out',
      securityGroupIngress: [
        {
          description: 'the edge to instances',
          ipProtocol: 'tcp',
          fromPort: first,
          toPort: first + count - 1,
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
        userData: workerUserData(this.settings),
        tagSpecifications: ['instance', 'volume'].map((resourceType) => ({ resourceType, tags })),
      },
    });
  }

  private settingsOf(stage: Stage, files: Asset, fleet: ITable): WorkerSettings {
    const engine = stage.engineForWorkers;
    return {
      AWS_DEFAULT_REGION: this.region,
      WORKER_ASSET_S3: files.s3ObjectUrl,
      AGENT_IMAGE_S3: this.images.s3UrlForObject(agentImageKey(stage)),
      AGENT_IMAGE: stage.agentImage,
      HEARTBEAT_TABLE: fleet.tableName,
      // Elsewhere both are where AWS has them.
      ...(engine && { DYNAMODB_URL: `http://${engine}`, IMDS_TARGET: engine }),
    };
  }

  /** What the boot script fetches, and nothing beside it. */
  private fetch(stage: Stage, files: Asset): PolicyStatement {
    return new PolicyStatement({
      actions: ['s3:GetObject'],
      resources: [
        files.bucket.arnForObjects(files.s3ObjectKey),
        this.images.arnForObjects(agentImageKey(stage)),
      ],
    });
  }

  private workerRole(stage: Stage, may: PolicyStatement[]): Role {
    const role = new Role(this, 'WorkerRole', {
      roleName: physicalName(stage, 'worker'),
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    });
    for (const statement of [takeCommands(), ...may]) role.addToPolicy(statement);
    return role;
  }

  private roleOfNodes(stage: Stage, may: PolicyStatement[]): Role {
    const role = new Role(this, 'NodeRole', {
      roleName: physicalName(stage, 'node'),
      assumedBy: new ServicePrincipal('ssm.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    });
    for (const statement of [takeCommands(), ...may]) role.addToPolicy(statement);
    return role;
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
