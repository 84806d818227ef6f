/** An agent is stopped, started, restarted and taken back by its owner, from click to click. */
import { expect, test } from '@playwright/test';
import { type Answers, problem, project, SIGNED_IN_ANSWERS } from '../visual/answers.ts';
import { subscription } from '../visual/answers-billing.ts';
import { begin, ID } from './begin.ts';

const PROJECT = `/api/projects/${ID}`;

test('an agent is stopped after a question, followed until it rests, and started', async ({
  page,
}) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS };
  answers[`POST ${PROJECT}/stop`] = { status: 202, body: project('running') };
  answers[`POST ${PROJECT}/start`] = { status: 202, body: project('pending') };
  const { of } = await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  const question = page.getByRole('dialog', { name: 'Stop your agent?' });
  await question.getByText('Everything that it knows is kept').waitFor();
  expect(of('POST', `${PROJECT}/stop`)).toHaveLength(0);
  await question.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByText('your agent is being stopped').waitFor();
  answers[`GET ${PROJECT}`] = { body: project('halting') };
  await page.getByText('Your agent is being stopped', { exact: true }).waitFor();
  answers[`GET ${PROJECT}`] = { body: project('stopped') };
  await page.getByText('Your agent is stopped').waitFor();
  expect(of('POST', `${PROJECT}/stop`)).toHaveLength(1);
  answers[`GET ${PROJECT}`] = { body: project('provisioning') };
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText('Your agent is starting').waitFor();
});

test('a start that has to be paid for first says so', async ({ page }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS };
  answers[`GET ${PROJECT}`] = { body: project('stopped') };
  answers[`POST ${PROJECT}/start`] = problem(409, 'payment-needed', 'pay first');
  await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText(/pay first/i).waitFor();
});

test('an agent restarts after a question', async ({ page }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS };
  answers[`POST ${PROJECT}/restart`] = { status: 202, body: project('running') };
  const { of } = await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByRole('button', { name: 'Restart', exact: true }).click();
  const question = page.getByRole('dialog', { name: 'Restart your agent?' });
  await question.getByRole('button', { name: 'Restart', exact: true }).click();
  await page.getByText('Your agent restarts.').waitFor();
  expect(of('POST', `${PROJECT}/restart`)).toHaveLength(1);
});

test('a backup is gone back to after a question that names it', async ({ page }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS };
  answers[`GET ${PROJECT}`] = { body: project('stopped') };
  answers[`POST ${PROJECT}/restore`] = { status: 202, body: project('stopped') };
  const { of } = await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  const rows = page.getByRole('list', { name: 'Backups' }).getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await rows.nth(1).getByRole('button', { name: 'Restore' }).click();
  const question = page.getByRole('dialog', { name: 'Go back to this backup?' });
  await question.getByText('It does so with its next start.').waitFor();
  await question.getByRole('button', { name: 'Restore' }).click();
  await page.getByText('The next start goes back to').waitFor();
  const sent = of('POST', `${PROJECT}/restore`).map((it) => it.postDataJSON());
  expect(sent).toEqual([{ backup_id: '1-1795258800' }]);
});

test('a project is deleted once its name is typed, and that is taken back', async ({ page }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS };
  const deleted = subscription('ended', {
    why: 'owner_deleted',
    next_billing_at: null,
    data_deleted_at: '2026-12-05T12:00:00Z',
  });
  answers[`POST ${PROJECT}/deletion`] = { status: 202, body: deleted };
  answers[`DELETE ${PROJECT}/deletion`] = { status: 202, body: subscription('paid') };
  const { of } = await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByRole('button', { name: 'Delete project' }).click();
  const question = page.getByRole('dialog', { name: /^Delete .*\?$/ });
  await question.getByText('kept until 5 December').waitFor();
  const sure = question.getByRole('button', { name: 'Delete project' });
  await expect(sure).toBeDisabled();
  const name = project('running').name;
  await question.getByRole('textbox').fill(name);
  await sure.click();
  await page.getByText('This project is to be deleted').waitFor();
  const sent = of('POST', `${PROJECT}/deletion`).map((it) => it.postDataJSON());
  expect(sent).toEqual([{ name }]);
  await page.getByRole('button', { name: 'Take the deletion back' }).click();
  await page.getByText('Renews on').waitFor();
  expect(of('DELETE', `${PROJECT}/deletion`)).toHaveLength(1);
});
