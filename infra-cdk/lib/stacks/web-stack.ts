/** The frontend: a private bucket of static pages and, in a real account, what shows it to the web. */
import { CfnOutput, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { type IPublicHostedZone, PublicHostedZone } from 'aws-cdk-lib/aws-route53';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';

/** What shows the site to the web, and the zone that names it. */
export interface PublicSite {
  readonly distribution: cloudfront.Distribution;
  readonly zone: IPublicHostedZone;
}

export class WebStack extends Stack {
  readonly site: Bucket;
  /** Absent locally, where the edge serves the pages. */
  readonly publicSite?: PublicSite;

  constructor(
    scope: Construct,
    id: string,
    stage: Stage,
    world: { readonly api: HttpApi },
    props: StackProps,
  ) {
    super(scope, id, props);
    this.site = new Bucket(this, 'Site', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // The pages are built from this repository and can be built again.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new CfnOutput(this, 'SiteBucket', { value: this.site.bucketName });
    if (stage.cloud) this.publicSite = this.publish(stage, world.api);
  }

  private publish(stage: Stage, api: HttpApi): PublicSite {
    const zone = new PublicHostedZone(this, 'Zone', { zoneName: stage.domain });
    const functions: cloudfront.BehaviorOptions = {
      origin: new HttpOrigin(Fn.select(2, Fn.split('/', api.apiEndpoint))),
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
      originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
    };
    const distribution = new cloudfront.Distribution(this, 'Distribution', {
      domainNames: [stage.domain],
      certificate: new Certificate(this, 'Certificate', {
        domainName: stage.domain,
        validation: CertificateValidation.fromDns(zone),
      }),
      defaultRootObject: 'index.html',
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(this.site),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        responseHeadersPolicy: cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
      },
      additionalBehaviors: { '/api/*': functions, '/webhooks/*': functions },
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
    });
    new CfnOutput(this, 'DistributionId', { value: distribution.distributionId });
    new CfnOutput(this, 'NameServers', { value: Fn.join(',', zone.hostedZoneNameServers ?? []) });
    return { distribution, zone };
  }
}
