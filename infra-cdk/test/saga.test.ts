/** The shape of a saga: what fails is undone, last first, and only what may be repeated is. */
import { describe, expect, test } from 'vitest';
import { RETRYABLE, type SagaStep, type State, saga, type Task } from '../lib/constructs/saga.js';
import { PROVISION, PROVISION_STEPS } from '../lib/sagas/provision.js';
import { buildApp, resourcesOf } from './product.js';

const nothing = { nothingToUndo: 'a test' };

/** The states that follow each other from `name` on, by their `Next`. */
function chain(states: Record<string, State>, name: string): string[] {
  const state = states[name];
  if (!state) throw new Error(`there is no state \`${name}\``);
  return 'Next' in state ? [name, ...chain(states, state.Next)] : [name];
}

const tasks = Object.entries(PROVISION.States).filter(
  (it): it is [string, Task] => it[1].Type === 'Task',
);
const forward = tasks.filter(([name]) => !name.startsWith('Undo'));
const backward = tasks.filter(([name]) => name.startsWith('Undo'));

describe('a saga of three steps, of which the second leaves nothing behind', () => {
  const steps: SagaStep[] = [
    { name: 'A', run: 'placement', undo: 'placement' },
    { name: 'B', run: 'route', undo: nothing },
    { name: 'C', run: 'provision', undo: 'provision' },
  ];
  const { StartAt, States } = saga('a test', steps);
  const unwinding = (name: string) => chain(States, (States[name] as Task).Catch[0]?.Next ?? '');

  test('runs its steps in order', () => {
    expect(chain(States, StartAt)).toEqual(['A', 'B', 'C', 'Done']);
  });
  test.each([
    ['A', ['UndoA', 'Failed']],
    ['B', ['UndoA', 'Failed']],
    ['C', ['UndoC', 'UndoA', 'Failed']],
  ])('unwinds from %s: its own undo first, then the earlier ones', (name, expected) => {
    expect(unwinding(name)).toEqual(expected);
  });
});

test('a step with a condition is passed by when it does not hold', () => {
  const { StartAt, States } = saga('a test', [
    { name: 'A', run: 'placement', undo: nothing, onlyWhenNull: '$.X' },
    { name: 'B', run: 'route', undo: nothing },
  ]);
  expect(StartAt).toBe('ANeeded');
  expect(States.ANeeded).toEqual({
    Type: 'Choice',
    Choices: [{ Variable: '$.X', IsNull: true, Next: 'A' }],
    Default: 'B',
  });
});

test('a step whose failure is harmless goes on', () => {
  const { States } = saga('a test', [
    { name: 'A', run: 'notify', undo: nothing, failureIsHarmless: true },
  ]);
  expect((States.A as Task).Catch).toMatchObject([{ Next: 'Done' }]);
});

describe('provisioning', () => {
  test('is as it was reviewed', async () => {
    const definition = `${JSON.stringify(PROVISION, null, 2)}\n`;
    await expect(definition).toMatchFileSnapshot('__snapshots__/provision.asl.json');
  });

  test.each(['local', 'prod'])('is deployed as it is reviewed (%s)', (stage) => {
    const machines = resourcesOf(buildApp(stage), 'AWS::StepFunctions::StateMachine');
    expect(machines).toHaveLength(1);
    const it = machines[0]?.[1].Properties;
    expect(JSON.parse(it.DefinitionString)).toEqual(PROVISION);
    const called = new Set(tasks.map(([, task]) => task.Resource.slice(2, -1)));
    expect(new Set(Object.keys(it.DefinitionSubstitutions))).toEqual(called);
  });

  test('runs its steps in the order of the table', () => {
    expect(forward.map(([name]) => name)).toEqual(PROVISION_STEPS.map((it) => it.name));
  });

  test('every step that leaves something behind has an undo', () => {
    const undone = PROVISION_STEPS.filter((it) => typeof it.undo === 'string');
    expect(backward.map(([name]) => name)).toEqual(undone.map((it) => `Undo${it.name}`).reverse());
  });

  test('a step repeats only what says that it may be repeated', () => {
    for (const [name, task] of forward) {
      expect(
        task.Retry.map((it) => it.ErrorEquals),
        name,
      ).toEqual([RETRYABLE]);
      expect(task.Retry[0], name).toMatchObject({ MaxAttempts: 6, IntervalSeconds: 2 });
    }
    expect(RETRYABLE).not.toContain('Terminal');
    expect(RETRYABLE).not.toContain('States.ALL');
    expect(RETRYABLE).not.toContain('States.TaskFailed');
  });

  test('an undo repeats everything, then calls a person', () => {
    for (const [name, task] of backward) {
      expect(task.Retry, name).toMatchObject([{ ErrorEquals: ['States.ALL'], MaxAttempts: 12 }]);
      expect(task.Catch, name).toMatchObject([{ Next: 'UndoFailed' }]);
      expect(task.ResultPath, name).toBe('$.undone');
    }
  });

  test('every step waits no longer than its function can run', () => {
    for (const [name, task] of tasks) expect(task.TimeoutSeconds, name).toBeLessThanOrEqual(155);
  });

  test('hands on the state and the name of the step, and nothing beside', () => {
    for (const [name, task] of tasks) {
      expect(task.Parameters).toEqual({ step: name, 'saga.$': '$' });
    }
    expect(JSON.stringify(PROVISION)).not.toMatch(/secret|token|password|key/i);
  });

  test('stays within thirty transitions, also when its last step fails', () => {
    expect(Object.keys(PROVISION.States).length).toBeLessThanOrEqual(30);
  });
});
