/** A second person in a workspace: invited, let in, and out again at once. */
import { call, insist } from '../stack/api.ts';
import { comeBack, expect, test } from '../stack/fixtures.ts';
import { linkTo, tokenFor } from '../stack/mailbox.ts';
import { newPerson, type Person } from '../stack/people.ts';

const invite = ({ token }: Person, email: string) =>
  insist(201, 'POST', '/api/invitations', { token, body: { email, role: 'member' } });

const accept = async ({ token, email }: Person) =>
  insist(200, 'POST', '/api/invitations/accept', {
    token,
    body: { token: await tokenFor('/invitation', email) },
  });

/** `guest` as a member of the workspace of `owner`, and at work in it. */
async function member(owner: Person, guest: Person): Promise<Person> {
  await invite(owner, guest.email);
  await accept(guest);
  const body = { tenant_id: owner.tenantId };
  const { token } = guest;
  const switched = await insist(200, 'POST', '/api/session/tenant', { token, body });
  return { ...guest, token: switched.body.access_token, tenantId: switched.body.tenant_id };
}

test('an owner invites somebody, who finds the workspace by the letter', async ({
  home,
  person,
  browser,
}) => {
  const guest = await newPerson();
  await home.goto('/team');
  await home.getByLabel('E-mail address').fill(guest.email);
  await home.getByRole('button', { name: 'Send the invitation' }).click();
  const open = home.getByRole('list', { name: 'Open invitations' });
  await expect(open.getByText(guest.email, { exact: true })).toBeVisible();

  const context = await browser.newContext();
  await comeBack(context, guest);
  const page = await context.newPage();
  await page.goto('/projects');
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await page.goto(await linkTo('/invitation', guest.email));
  await page.getByRole('button', { name: 'Join the workspace' }).click();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await context.close();

  const { body: members } = await insist(200, 'GET', '/api/members', { token: person.token });
  expect(members.map((it: { email: string; role: string }) => [it.email, it.role])).toEqual(
    expect.arrayContaining([
      [person.email, 'owner'],
      [guest.email, 'member'],
    ]),
  );
});

test('a member works with projects, and pays and decides nothing', async ({ person }) => {
  const body = { name: 'ours', plan: 'standard' };
  const { body: project } = await insist(201, 'POST', '/api/projects', { ...person, body });
  const guest = await member(person, await newPerson());
  await insist(200, 'GET', `/api/projects/${project.id}`, { token: guest.token });
  const refused: [string, string, object?][] = [
    ['POST', `/api/projects/${project.id}/checkout`],
    ['POST', `/api/projects/${project.id}/plan/quote`, { plan: 'pro' }],
    ['POST', `/api/projects/${project.id}/cancellation`],
    ['DELETE', `/api/projects/${project.id}/cancellation`],
    ['POST', '/api/billing/portal'],
    ['PATCH', '/api/tenant', { name: 'Mine now' }],
    ['GET', '/api/invitations'],
    ['POST', '/api/invitations', { email: 'friend@example.com', role: 'owner' }],
    ['PATCH', `/api/members/${guest.userId}`, { role: 'owner' }],
    ['DELETE', `/api/members/${person.userId}`],
  ];
  for (const [method, path, body] of refused) {
    const { status } = await call(method, path, { token: guest.token, body });
    expect(status, `${method} ${path}`).toBe(403);
  }
});

test('who is removed is out at the next request', async ({ person }) => {
  const guest = await member(person, await newPerson());
  await insist(200, 'GET', '/api/projects', { token: guest.token });
  await insist(204, 'DELETE', `/api/members/${guest.userId}`, { token: person.token });
  const { status } = await call('GET', '/api/projects', { token: guest.token });
  expect([401, 403, 404]).toContain(status);
});

test('an invitation is for one address, and lets nobody else in', async ({ person }) => {
  const guest = await newPerson();
  const thief = await newPerson();
  await invite(person, guest.email);
  const body = { token: await tokenFor('/invitation', guest.email) };
  const stolen = await call('POST', '/api/invitations/accept', { token: thief.token, body });
  expect(stolen.status).toBeGreaterThanOrEqual(400);
  await insist(200, 'POST', '/api/invitations/accept', { token: guest.token, body });
  // Whose answer got lost asks again, and is in; the thief is still not.
  await insist(200, 'POST', '/api/invitations/accept', { token: guest.token, body });
  const late = await call('POST', '/api/invitations/accept', { token: thief.token, body });
  expect(late.status).toBe(stolen.status);
});

test('the last owner can neither leave nor step down', async ({ person }) => {
  const path = `/api/members/${person.userId}`;
  const left = await insist(409, 'DELETE', path, { token: person.token });
  expect(left.body.type).toContain('last-owner');
  const body = { role: 'member' };
  await insist(409, 'PATCH', path, { token: person.token, body });
});

test('a session goes on in the workspace that it switched to', async ({ person }) => {
  const guest = await newPerson();
  await invite(person, guest.email);
  await accept(guest);
  const { token, refresh: cookie } = guest;
  const body = { tenant_id: person.tenantId };
  await insist(200, 'POST', '/api/session/tenant', { token, body });
  const again = await insist(200, 'POST', '/api/session/refresh', { cookie });
  expect(again.body.tenant_id).toBe(person.tenantId);
});
