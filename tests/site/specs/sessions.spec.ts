/** Sessions as somebody would attack them who got hold of a refresh cookie. */
import { call, insist, refreshCookie } from '../stack/api.ts';
import { environment } from '../stack/environment.ts';
import { comeBack, expect, test } from '../stack/fixtures.ts';
import { newPerson, type Person, personIn, signIn, signUp } from '../stack/people.ts';

const REFRESH = '/api/session/refresh';

const refresh = async (person: Person) =>
  personIn(await insist(200, 'POST', REFRESH, { cookie: person.refresh }), person);

test('a cookie is only ever good for the next one', async ({ person }) => {
  const next = await refresh(person);
  expect(next.refresh).not.toBe(person.refresh);
  const { body: me } = await insist(200, 'GET', '/api/me', { token: next.token });
  expect(me).toMatchObject({ user_id: person.userId, email: person.email });
});

test('two tabs that refresh at the same moment both stay', async ({ person }) => {
  const next = await refresh(person);
  // The other tab asked with the same cookie, a moment later.
  await insist(200, 'POST', REFRESH, { cookie: person.refresh });
  await insist(200, 'POST', REFRESH, { cookie: next.refresh });
});

test('a stolen cookie ends the session, for the thief and for the owner', async ({ person }) => {
  const second = await refresh(person);
  const third = await refresh(second);
  // Two rotations ago: nobody who is honest has that one.
  const thief = await insist(401, 'POST', REFRESH, { cookie: person.refresh });
  expect(refreshCookie(thief), 'the cookie is cleared').toBe('');
  await insist(401, 'POST', REFRESH, { cookie: third.refresh });
});

test('a theft ends that session and no other of the same person', async () => {
  const credentials = await signUp();
  const [here, there] = [await signIn(credentials), await signIn(credentials)];
  await refresh(await refresh(here));
  await insist(401, 'POST', REFRESH, { cookie: here.refresh });
  await insist(200, 'POST', REFRESH, { cookie: there.refresh });
});

test('a cookie with anything changed in it opens nothing', async ({ person }) => {
  const [user = '', session = '', secret = ''] = person.refresh.split('.');
  const other = await newPerson();
  const [otherUser = '', otherSession = ''] = other.refresh.split('.');
  const forged = [
    [otherUser, session, secret],
    [user, otherSession, secret],
    [user, '', secret],
    ['', '', ''],
  ];
  for (const parts of forged) await insist(401, 'POST', REFRESH, { cookie: parts.join('.') });
  // None of these was about a session that there is, so nobody's has ended.
  await refresh(other);
  const next = await refresh(person);
  const guessed = [...next.refresh.split('.').slice(0, 2), 'A'.repeat(secret.length)].join('.');
  await insist(401, 'POST', REFRESH, { cookie: guessed });
});

test('another site cannot use the cookie of a visitor', async ({ person }) => {
  const headers = { Origin: 'https://evil.example' };
  for (const path of [REFRESH, '/api/sign-out']) {
    await insist(403, 'POST', path, { cookie: person.refresh, headers });
  }
  await insist(200, 'POST', REFRESH, { cookie: person.refresh });
});

test('signing out ends the session and takes the cookie along', async ({ person }) => {
  const out = await insist(204, 'POST', '/api/sign-out', {
    token: person.token,
    cookie: person.refresh,
  });
  expect(refreshCookie(out)).toBe('');
  await insist(401, 'POST', REFRESH, { cookie: person.refresh });
});

test('signing out everywhere ends every session', async () => {
  const credentials = await signUp();
  const [here, there] = [await signIn(credentials), await signIn(credentials)];
  const { body: sessions } = await insist(200, 'GET', '/api/sessions', { token: here.token });
  expect(sessions).toHaveLength(2);
  expect(sessions.filter((it: { current: boolean }) => it.current)).toHaveLength(1);
  await insist(204, 'DELETE', '/api/sessions', { token: here.token });
  for (const { refresh: cookie } of [here, there]) await insist(401, 'POST', REFRESH, { cookie });
});

test('the cookie is for this host, over TLS, and for no script', async () => {
  const { email, password } = await signUp();
  const answer = await insist(200, 'POST', '/api/sign-in', { body: { email, password } });
  const set = answer.headers['set-cookie']?.find((it) => it.startsWith('__Host-refresh=')) ?? '';
  const attributes = set.split(/; ?/).slice(1);
  expect(attributes).toEqual(
    expect.arrayContaining(['Secure', 'HttpOnly', 'SameSite=Strict', 'Path=/']),
  );
  expect(set).not.toMatch(/domain=/i);
});

test('a browser keeps nobody signed in whose session was ended', async ({ home, person }) => {
  await expect(home.getByRole('navigation', { name: 'Main' })).toBeVisible();
  const elsewhere = await signIn(person);
  await insist(204, 'DELETE', '/api/sessions', { token: elsewhere.token });
  await home.reload();
  await expect(home).toHaveURL(/\/sign-in/);
  const left = (await home.context().cookies(environment().appUrl)).map((it) => it.name);
  expect(left).not.toContain('__Host-refresh');
});

test('a browser in which somebody signed in needs no password', async ({ context, person }) => {
  await comeBack(context, person);
  const page = await context.newPage();
  await page.goto('/settings');
  await expect(page.getByRole('main').getByText(person.email)).toBeVisible();
  const scripts = await page.evaluate(() => [document.cookie, JSON.stringify(localStorage)]);
  expect(scripts.join(), 'no script can read what keeps one signed in').not.toContain(
    person.refresh.split('.').at(-1) ?? '',
  );
});

test('nobody learns from a forgotten password who has an account', async ({ person }) => {
  const ask = (email: string) => call('POST', '/api/password/forgot', { body: { email } });
  const known = await ask(person.email);
  const unknown = await ask(`nobody-${Date.now()}@example.com`);
  expect(known.status).toBe(202);
  expect(unknown.status).toBe(known.status);
  expect(unknown.body).toEqual(known.body);
});
