/** A second tenant that has the first one's ids. To it, nothing of the first one exists. */
import { call, insist } from '../stack/api.ts';
import { expect, test } from '../stack/fixtures.ts';
import { newPerson, type Person } from '../stack/people.ts';

const KEY = { provider: 'anthropic', label: 'Mine', key: `sk-ant-api03-${'a'.repeat(95)}` };

/** A project of `person`, that nobody has paid for. */
async function projectOf({ token }: Person): Promise<string> {
  const body = { name: 'private', plan: 'standard' };
  return (await insist(201, 'POST', '/api/projects', { token, body })).body.id;
}

const MODEL = { provider: 'platform', model: 'openrouter/auto' };

/** Every operation on one project, with a body that its owner could send. */
const ON_PROJECTS: [method: string, path: string, body?: object][] = [
  ['GET', ''],
  ['POST', '/checkout'],
  ['GET', '/subscription'],
  ['POST', '/plan/quote', { plan: 'pro' }],
  ['PUT', '/plan', { plan: 'pro', due_now_minor: 0, recurring_minor: 6500, currency: 'USD' }],
  ['POST', '/cancellation'],
  ['DELETE', '/cancellation'],
  ['POST', '/retry'],
  ['POST', '/gateway-token'],
  ['POST', '/chat'],
  ['GET', '/model'],
  ['PUT', '/model', MODEL],
  ['GET', '/telegram'],
  ['PUT', '/telegram', { token: `123456789:${'A'.repeat(35)}` }],
  ['DELETE', '/telegram'],
];

test('a project of another tenant is not there, whatever one does with it', async ({ person }) => {
  const project = await projectOf(person);
  const stranger = await newPerson();
  const invented = `${project.slice(0, -4)}0000`;
  for (const [method, path, body] of ON_PROJECTS) {
    const ask = (id: string) =>
      call(method, `/api/projects/${id}${path}`, { token: stranger.token, body });
    const [theirs, nobodys] = [await ask(project), await ask(invented)];
    expect(theirs.status, `${method} ${path}`).toBe(404);
    // Nor does the answer tell whether it exists elsewhere.
    expect(theirs.body, `${method} ${path}`).toEqual(nobodys.body);
  }
  const { body: listed } = await insist(200, 'GET', '/api/projects', { token: stranger.token });
  expect(listed).toEqual([]);
  const { body: still } = await insist(200, 'GET', `/api/projects/${project}`, person);
  expect(still.id).toBe(project);
});

test('nobody at all gets to a project without signing in', async ({ person }) => {
  const project = await projectOf(person);
  for (const [method, path, body] of ON_PROJECTS) {
    const { status } = await call(method, `/api/projects/${project}${path}`, { body });
    expect(status, `${method} ${path}`).toBe(401);
  }
});

test('keys, members and tokens of another tenant are not there either', async ({ person }) => {
  const stranger = await newPerson();
  const { body: key } = await insist(201, 'POST', '/api/keys', { token: person.token, body: KEY });
  const grant = { name: 'Mine', scope: 'read', expires_in_days: 1 };
  const { body: token } = await insist(201, 'POST', '/api/access-tokens', {
    token: person.token,
    body: grant,
  });
  const { body: sessions } = await insist(200, 'GET', '/api/sessions', person);
  const invitation = await insist(201, 'POST', '/api/invitations', {
    token: person.token,
    body: { email: stranger.email, role: 'member' },
  });
  const attempts: [string, string, object?][] = [
    ['PUT', `/api/keys/${key.id}`, { key: KEY.key }],
    ['DELETE', `/api/keys/${key.id}`],
    ['POST', `/api/keys/${key.id}/apply`, { projects: 'all', model: 'claude-sonnet-4-5' }],
    ['DELETE', `/api/access-tokens/${token.id}`],
    ['DELETE', `/api/invitations/${invitation.body.id}`],
    ['PATCH', `/api/members/${person.userId}`, { role: 'member' }],
    ['DELETE', `/api/members/${person.userId}`],
  ];
  for (const [method, path, body] of attempts) {
    const { status } = await call(method, path, { token: stranger.token, body });
    expect(status, `${method} ${path}`).toBe(404);
  }
  // Not there, and so over already: the session that it names goes on.
  await insist(204, 'DELETE', `/api/sessions/${sessions[0].id}`, { token: stranger.token });
  const { body: keys } = await insist(200, 'GET', '/api/keys', person);
  expect(keys.map((it: { id: string }) => it.id)).toContain(key.id);
  await insist(200, 'GET', '/api/me', person);
});

test('a key is never shown again, not even to its owner', async ({ person }) => {
  const { body: key } = await insist(201, 'POST', '/api/keys', { token: person.token, body: KEY });
  const { body: keys } = await insist(200, 'GET', '/api/keys', person);
  expect(key.last4).toBe(KEY.key.slice(-4));
  expect(JSON.stringify([key, keys])).not.toContain(KEY.key.slice(0, 20));
});

test('a project takes no key of somebody else', async ({ person }) => {
  const stranger = await newPerson();
  const { body: key } = await insist(201, 'POST', '/api/keys', { token: person.token, body: KEY });
  const project = await projectOf(stranger);
  const { status } = await call('PUT', `/api/projects/${project}/model`, {
    token: stranger.token,
    body: { provider: 'anthropic', model: 'claude-sonnet-4-5', key_id: key.id },
  });
  expect(status).toBe(400);
});

test('a tenant that one does not belong to cannot be entered', async ({ person }) => {
  const stranger = await newPerson();
  const { status } = await call('POST', '/api/session/tenant', {
    token: stranger.token,
    body: { tenant_id: person.tenantId },
  });
  expect([403, 404]).toContain(status);
});
