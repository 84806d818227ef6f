/**
 * The network of a stage: public subnets only, since a NAT gateway would cost more than all of the
 * control plane. Security groups keep the web out of workers.
 */
import { IpAddresses, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Stage } from './config.js';
import { physicalName } from './naming.js';

export const EDGE_SUBNETS = 'edge';
export const WORKER_SUBNETS = 'workers';

export const publicNetwork = (scope: Construct, stage: Stage) =>
  new Vpc(scope, 'Network', {
    vpcName: physicalName(stage, 'network'),
    ipAddresses: IpAddresses.cidr('10.40.0.0/16'),
    availabilityZones: stage.zones,
    natGateways: 0,
    // It takes a function of its own to empty the default group, which nothing here uses.
    restrictDefaultSecurityGroup: false,
    subnetConfiguration: [
      // First, so that they lie in the network that the stage calls `edgeCidr`.
      { name: EDGE_SUBNETS, subnetType: SubnetType.PUBLIC, cidrMask: 26 },
      { name: WORKER_SUBNETS, subnetType: SubnetType.PUBLIC, cidrMask: 20 },
    ],
  });
