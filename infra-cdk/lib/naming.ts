/** Names that more than one stack, function or script must agree on. */
import type { Stage } from './config.js';

/** The physical name of a part of `stage`. */
export const physicalName = (stage: Stage, part: string) => `1mins-${stage.name}-${part}`;

/** Secrets are parameters that people and scripts set; no template ever holds one. */
export const secretParameter = (
  stage: Stage,
  secret:
    | 'jwt-key'
    | 'edge-key'
    | 'dodo-api-key'
    | 'dodo-webhook'
    | 'google-client-secret'
    | 'hetzner-token'
    | 'model-key'
    | 'front',
) => `/1mins/${stage.name}/secrets/${secret}`;

/** The one secret that nobody sets, since CloudFront must be told it too: Secrets Manager makes it. */
export const frontSecretName = (stage: Stage) => `1mins/${stage.name}/front`;

/** Where the API reads it, like any other secret: Parameter Store passes on what the other one keeps. */
export const frontSecretParameter = (stage: Stage) =>
  stage.cloud
    ? `/aws/reference/secretsmanager/${frontSecretName(stage)}`
    : secretParameter(stage, 'front');

/** Everything that the edge reads lies below. */
export const routesPrefix = (stage: Stage) => `/1mins/${stage.name}/routes`;

/** Marks the machines of a stage, and with that what its functions may command and terminate. */
export const STAGE_TAG = '1mins:stage';

/** What the agent image is called in the bucket of images: as `docker save` made it. */
export const agentImageKey = (stage: Stage) => `${stage.agentImage.replace(':', '-')}.tar`;
