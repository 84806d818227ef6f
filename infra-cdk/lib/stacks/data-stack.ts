/** Everything that must not be lost: tables, the key of the tenants' secrets, backups; and the bundles' bucket. */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { physicalName } from '../naming.js';

export class DataStack extends Stack {
  readonly tables: Record<'accounts' | 'projects' | 'fleet' | 'ledger', Table>;
  readonly key: Key;
  readonly bundles: Bucket;
  readonly backups: Bucket;

  constructor(scope: Construct, id: string, stage: Stage, props: StackProps) {
    super(scope, id, props);
    this.tables = {
      accounts: this.table(stage, 'Accounts'),
      projects: this.table(stage, 'Projects'),
      fleet: this.table(stage, 'Fleet'),
      ledger: this.table(stage, 'Ledger'),
    };
    this.key = new Key(this, 'Key', {
      alias: `1mins-${stage.name}`,
      description: 'Seals the secrets of tenants, bound to tenant and purpose.',
      enableKeyRotation: true,
      removalPolicy: removal(stage),
    });
    this.bundles = this.bundlesBucket(stage);
    this.backups = this.backupsBucket(stage);
    new CfnOutput(this, 'KeyId', { value: this.key.keyId });
    new CfnOutput(this, 'BundlesBucket', { value: this.bundles.bucketName });
    new CfnOutput(this, 'BackupsBucket', { value: this.backups.bucketName });
  }

  private table(stage: Stage, name: string): Table {
    const table = new Table(this, name, {
      tableName: physicalName(stage, name.toLowerCase()),
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expires_at_s',
      deletionProtection: stage.keepsData,
      removalPolicy: removal(stage),
    });
    new CfnOutput(this, `${name}Table`, { value: table.tableName });
    return table;
  }

  /** A bundle is fetched within minutes of being written, by a link that lives as long. */
  private bundlesBucket(stage: Stage): Bucket {
    return new Bucket(this, 'Bundles', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [
        { prefix: 'bundles/', expiration: Duration.days(1) },
        // What instances have printed, for whoever asked.
        { prefix: 'logs/', expiration: Duration.days(1) },
        // What customers bring along, until it was looked at.
        { prefix: 'imports/', expiration: Duration.days(1) },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: removal(stage),
    });
  }

  /** An archive stays until its project is erased. What a repeat has replaced is kept for a week. */
  private backupsBucket(stage: Stage): Bucket {
    return new Bucket(this, 'Backups', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [
        { noncurrentVersionExpiration: Duration.days(7), expiredObjectDeleteMarker: true },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: removal(stage),
    });
  }
}

const removal = (stage: Stage) => (stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
