/** The site at CloudFront: the same headers and paths as at the edge, and a caller whom nobody forges. */
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { pageHeaders, securityHeaders } from '../lib/front-door.js';
import { buildApp, resourcesOf, stageOf } from './product.js';

const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

/** Calls a function of CloudFront as its runtime does. */
function call(file: string, event: object) {
  const code = readFileSync(`assets/front-door/${file}.js`, 'utf8');
  return runInNewContext(`${code}; handler(event)`, { event });
}

test('a path stands for the same file as at the edge', () => {
  const paths: Record<string, string> = readJson('../edge/site/paths.json');
  for (const [path, file] of Object.entries(paths)) {
    const { uri } = call('site-paths', { request: { uri: path, headers: {} } });
    expect(uri, path).toBe(file);
  }
});

test('the caller is who calls, whatever it says of itself', () => {
  const headers = {
    'x-client-address': { value: '198.51.100.1' },
    'x-forwarded-for': { value: '198.51.100.2' },
    authorization: { value: 'Bearer x' },
  };
  const event = { viewer: { ip: '2001:db8::7' }, request: { uri: '/api/sign-in', headers } };
  expect(call('name-caller', event).headers).toEqual({
    ...headers,
    'x-client-address': { value: '2001:db8::7' },
  });
});

describe.each(['dev', 'prod'])('%s', (name) => {
  const app = buildApp(name);
  const stage = stageOf(name);
  const only = (type: string) => {
    const found = resourcesOf(app, type);
    expect(found).toHaveLength(1);
    return found[0]?.[1].Properties;
  };
  const { DistributionConfig: distribution } = only('AWS::CloudFront::Distribution');

  test('a page carries every header of the edge, with the same value', () => {
    const { ResponseHeadersPolicyConfig: policy } = only('AWS::CloudFront::ResponseHeadersPolicy');
    const { SecurityHeadersConfig: known, CustomHeadersConfig: others } = policy;
    const hsts = known.StrictTransportSecurity;
    const told = {
      'Content-Security-Policy': known.ContentSecurityPolicy.ContentSecurityPolicy,
      'Referrer-Policy': known.ReferrerPolicy.ReferrerPolicy,
      'X-Frame-Options': known.FrameOptions.FrameOption,
      'X-Content-Type-Options': known.ContentTypeOptions.Override ? 'nosniff' : undefined,
      'Strict-Transport-Security': `max-age=${hsts.AccessControlMaxAgeSec}${hsts.IncludeSubdomains ? '; includeSubDomains' : ''}`,
      ...Object.fromEntries(
        others.Items.map((it: { Header: string; Value: string }) => [it.Header, it.Value]),
      ),
    };
    const { pages } = readJson('../edge/site/headers.json');
    const policies = { 'Content-Security-Policy': pages['Content-Security-Policy'] };
    policies['Content-Security-Policy'] = policies['Content-Security-Policy'].replace(
      '{domain}{port}',
      stage.domain,
    );
    expect(told).toEqual({ ...pages, ...policies });
  });

  test('only pages are rewritten and compressed, and no error is', () => {
    expect(distribution).not.toHaveProperty('CustomErrorResponses');
    expect(distribution.DefaultCacheBehavior.Compress).toBe(true);
    expect(JSON.stringify(distribution.DefaultCacheBehavior.FunctionAssociations)).toContain(
      'SitePaths',
    );
    for (const behavior of distribution.CacheBehaviors) {
      expect(behavior.Compress, behavior.PathPattern).toBe(false);
      expect(behavior, behavior.PathPattern).not.toHaveProperty('ResponseHeadersPolicyId');
    }
  });

  test('what the API is asked comes with the caller and the secret, which no template holds', () => {
    for (const behavior of distribution.CacheBehaviors) {
      const functions = JSON.stringify(behavior.FunctionAssociations);
      expect(functions, behavior.PathPattern).toContain('NameCaller');
      const origin = distribution.Origins.find(
        ({ Id }: { Id: string }) => Id === behavior.TargetOriginId,
      );
      expect(origin.OriginCustomHeaders).toEqual([
        {
          HeaderName: 'x-front-secret',
          HeaderValue: `{{resolve:secretsmanager:1mins/${name}/front:SecretString:::}}`,
        },
      ]);
    }
    expect(only('AWS::SecretsManager::Secret').Name).toBe(`1mins/${name}/front`);
  });

  test('the site is not told the secret of the API', () => {
    const { TargetOriginId: site } = distribution.DefaultCacheBehavior;
    const origin = distribution.Origins.find(({ Id }: { Id: string }) => Id === site);
    expect(origin).not.toHaveProperty('OriginCustomHeaders');
  });
});

test('the local stage reads what scripts/up has put', () => {
  const [, api] =
    resourcesOf(buildApp('local'), 'AWS::Lambda::Function').find(
      ([, { Properties: it }]) => it.FunctionName === '1mins-local-api',
    ) ?? [];
  const { Variables: env } = api?.Properties.Environment ?? {};
  expect(env.FRONT_SECRET_PARAMETER).toBe('/1mins/local/secrets/front');
  expect(resourcesOf(buildApp('local'), 'AWS::SecretsManager::Secret')).toEqual([]);
});

test('a header that CloudFront would say differently is refused', () => {
  const headers = pageHeaders(stageOf('prod'));
  const { 'X-Frame-Options': _, ...fewer } = headers;
  expect(() => securityHeaders(fewer)).toThrow('X-Frame-Options');
  const preloaded = { ...headers, 'Strict-Transport-Security': 'max-age=1; preload' };
  expect(() => securityHeaders(preloaded)).toThrow('must be of the form');
});
