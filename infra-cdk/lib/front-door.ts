/**
 * What browsers are told of the site and what the API is told of its callers, at CloudFront as at the
 * edge: `edge/site/headers.json` is the one source of the former.
 *
 * Who calls, decided: anybody may call the API's own endpoint and send any header, also by way of a
 * distribution of their own. So the API believes `x-client-address` only beside the secret that our
 * two front doors know, and goes by the address that API Gateway sees otherwise. `X-Forwarded-For`
 * would not do: the caller is its last but one entry here and its last on a direct call, and nothing
 * in it tells which of the two one has. Direct calls are not refused, they gain nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';
import { z } from 'zod';
import type { Stage } from './config.js';
import { physicalName } from './naming.js';

/** Sent by the front doors, and overwritten there if a caller sends it; `functions/api` reads both. */
export const FRONT_SECRET_HEADER = 'x-front-secret';

const FILES = join(import.meta.dirname, '../assets/front-door');

const Headers = z.strictObject({
  pages: z.record(z.string().regex(/^[A-Z][A-Za-z-]+$/), z.string().regex(/^[^"$\\]+$/)),
  caching: z.strictObject({ hashed: z.string(), others: z.string() }),
});

/** What `stage` says beside each page of the site, by the header's name. */
export function pageHeaders(stage: Stage): Record<string, string> {
  const file = join(import.meta.dirname, '../../edge/site/headers.json');
  const { pages } = Headers.parse(JSON.parse(readFileSync(file, 'utf8')));
  const fill = (value: string) =>
    value.replace('{domain}', stage.domain).replace('{port}', stage.instanceUrlPort);
  return Object.fromEntries(Object.entries(pages).map(([name, value]) => [name, fill(value)]));
}

/** `headers` as CloudFront takes them: it wants those that it knows in fields of their own. */
export function securityHeaders(
  headers: Record<string, string>,
): cloudfront.ResponseHeadersPolicyProps {
  const rest = new Map(Object.entries(headers));
  const take = (name: string) => {
    const value = rest.get(name);
    if (value === undefined) throw new Error(`the site's headers lack \`${name}\``);
    rest.delete(name);
    return value;
  };
  const override = true;
  const [, maxAge] = /^max-age=(\d+); includeSubDomains$/.exec(take(HSTS)) ?? [];
  if (!maxAge) throw new Error(`\`${HSTS}\` must be of the form \`max-age=…; includeSubDomains\``);
  if (take('X-Content-Type-Options') !== 'nosniff') throw new Error('only `nosniff` is possible');
  return {
    securityHeadersBehavior: {
      contentSecurityPolicy: {
        contentSecurityPolicy: take('Content-Security-Policy'),
        override,
      },
      contentTypeOptions: { override },
      frameOptions: {
        frameOption: take('X-Frame-Options') as cloudfront.HeadersFrameOption,
        override,
      },
      referrerPolicy: {
        referrerPolicy: take('Referrer-Policy') as cloudfront.HeadersReferrerPolicy,
        override,
      },
      strictTransportSecurity: {
        accessControlMaxAge: Duration.seconds(Number(maxAge)),
        includeSubdomains: true,
        override,
      },
    },
    customHeadersBehavior: {
      customHeaders: [...rest].map(([header, value]) => ({ header, value, override })),
    },
  };
}

const HSTS = 'Strict-Transport-Security';

/** One of the files of `assets/front-door`, called before CloudFront looks for an answer. */
export function onRequest(
  scope: Construct,
  stage: Stage,
  file: 'site-paths' | 'name-caller',
): cloudfront.FunctionAssociation {
  const id = file.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
  return {
    eventType: cloudfront.FunctionEventType.VIEWER_REQUEST,
    function: new cloudfront.Function(scope, id, {
      functionName: physicalName(stage, file),
      runtime: cloudfront.FunctionRuntime.JS_2_0,
      code: cloudfront.FunctionCode.fromFile({ filePath: join(FILES, `${file}.js`) }),
    }),
  };
}
