/** The frontend: a private bucket of static pages and, in a real account, what shows it to the web. */
import {
  CfnOutput,
  Fn,
  RemovalPolicy,
  SecretValue,
  Stack,
  type StackProps,
  Validations,
} from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { type IPublicHostedZone, PublicHostedZone } from 'aws-cdk-lib/aws-route53';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { FRONT_SECRET_HEADER, onRequest, pageHeaders, securityHeaders } from '../front-door.js';
import { frontSecretName, physicalName } from '../naming.js';

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
    const functions = this.functions(stage, api);
    const distribution = new cloudfront.Distribution(this, 'Distribution', {
      domainNames: [stage.domain],
      certificate: new Certificate(this, 'Certificate', {
        domainName: stage.domain,
        validation: CertificateValidation.fromDns(zone),
      }),
      defaultRootObject: 'index.html',
      defaultBehavior: this.pages(stage),
      // No error pages: they would also take the place of what the API says.
      additionalBehaviors: { '/api/*': functions, '/webhooks/*': functions },
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
    });
    Validations.of(distribution).acknowledge({
      id: 'Annotation::@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk',
      reason:
        'no path leads to the list: `site-paths` makes a page of `/`, and no query is passed on',
    });
    new CfnOutput(this, 'DistributionId', { value: distribution.distributionId });
    new CfnOutput(this, 'NameServers', { value: Fn.join(',', zone.hostedZoneNameServers ?? []) });
    return { distribution, zone };
  }

  private pages(stage: Stage): cloudfront.BehaviorOptions {
    return {
      origin: S3BucketOrigin.withOriginAccessControl(this.site, {
        // Who may list is told that a file is not there; everybody else, that it is forbidden.
        originAccessLevels: [cloudfront.AccessLevel.READ, cloudfront.AccessLevel.LIST],
      }),
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      // How long a file is kept, it says itself: see `upload_site` in `scripts/deploy`.
      cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
      compress: true,
      functionAssociations: [onRequest(this, stage, 'site-paths')],
      responseHeadersPolicy: new cloudfront.ResponseHeadersPolicy(this, 'PageHeaders', {
        responseHeadersPolicyName: physicalName(stage, 'pages'),
        ...securityHeaders(pageHeaders(stage)),
      }),
    };
  }

  /** The API, whose answers are nobody's to keep, to compress or to change. */
  private functions(stage: Stage, api: HttpApi): cloudfront.BehaviorOptions {
    const secret = SecretValue.secretsManager(frontSecretName(stage)).unsafeUnwrap();
    return {
      origin: new HttpOrigin(Fn.select(2, Fn.split('/', api.apiEndpoint)), {
        customHeaders: { [FRONT_SECRET_HEADER]: secret },
      }),
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
      compress: false,
      originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
      functionAssociations: [onRequest(this, stage, 'name-caller')],
    };
  }
}
