/** People who use the product: they sign up by mail and have a password. */
import { randomBytes } from 'node:crypto';
import { type Answer, insist, refreshCookie } from './api.ts';
import { tokenFor } from './mailbox.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Somebody who is signed in. */
export interface Person extends Credentials {
  readonly userId: string;
  readonly tenantId: string;
  /** For the header `Authorization`. */
  readonly token: string;
  /** For the cookie `__Host-refresh`. */
  readonly refresh: string;
}

export const newCredentials = (): Credentials => ({
  email: `site-${randomBytes(6).toString('hex')}@example.com`,
  password: randomBytes(12).toString('base64url'),
});

/** An account whose address is proved, by the letter that the product sends. */
export async function signUp(credentials = newCredentials()): Promise<Credentials> {
  await insist(202, 'POST', '/api/sign-up', { body: credentials });
  const token = await tokenFor('/confirm', credentials.email);
  await insist(200, 'POST', '/api/confirm', { body: { token } });
  return credentials;
}

export async function signIn(credentials: Credentials): Promise<Person> {
  const { email, password } = credentials;
  return personIn(
    await insist(200, 'POST', '/api/sign-in', { body: { email, password } }),
    credentials,
  );
}

export const newPerson = async (): Promise<Person> => signIn(await signUp());

/** Who the answer to a sign-in or a refresh is about. */
export function personIn(answer: Answer, credentials: Credentials): Person {
  const refresh = refreshCookie(answer);
  if (!refresh) throw new Error('the answer sets no refresh cookie');
  const { access_token: token, user_id: userId, tenant_id: tenantId } = answer.body;
  return { ...credentials, userId, tenantId, token, refresh };
}
