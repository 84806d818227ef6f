/** What the API answers, by what was asked. The names inside its description may change freely. */
import type { paths } from './schema.d.ts';

type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : never;
type Good<R> = Json<R[keyof R & (200 | 201 | 202)]>;
type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: infer R;
}
  ? Good<R>
  : never;

export type SignedIn = Answer<'/api/sign-in', 'post'>;
export type Me = Answer<'/api/me', 'get'>;
export type Tenant = Me['tenants'][number];
export type Role = Tenant['role'];
export type Session = Answer<'/api/sessions', 'get'>[number];
export type AccessToken = Answer<'/api/access-tokens', 'get'>[number];
export type Member = Answer<'/api/members', 'get'>[number];
export type Invitation = Answer<'/api/invitations', 'get'>[number];
export type Plan = Answer<'/api/plans', 'get'>[number];
export type Project = Answer<'/api/projects/{id}', 'get'>;
export type Backup = Answer<'/api/projects/{id}/backups', 'get'>[number];
export type Usage = Answer<'/api/projects/{id}/usage', 'get'>;
export type Step = Project['steps'][number];
export type Key = Answer<'/api/keys', 'get'>[number];
export type Provider = Key['provider'];
export type Model = Answer<'/api/projects/{id}/model', 'get'>;
export type ModelProvider = Model['provider'];
export type Catalogue = Answer<'/api/models', 'get'>;
export type Telegram = Answer<'/api/projects/{id}/telegram', 'get'>;
export type Subscription = Answer<'/api/projects/{id}/subscription', 'get'>;
export type Quote = Answer<'/api/projects/{id}/plan/quote', 'post'>;
export type Payment = Answer<'/api/billing/payments', 'get'>[number];
