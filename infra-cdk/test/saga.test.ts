/** The shape of a saga: what fails is undone, last first, and only what may be repeated is. */
import { describe, expect, test } from 'vitest';
import {
  type Definition,
  RETRYABLE,
  type SagaStep,
  type State,
  saga,
  type Task,
} from '../lib/constructs/saga.js';
import { sagaRows } from '../lib/sagas/all.js';
import { DRAIN } from '../lib/sagas/drain.js';
import { PROVISION } from '../lib/sagas/provision.js';
import { buildApp, resourcesOf } from './product.js';

const nothing = { nothingToUndo: 'a test' };

const machineOf = (...steps: SagaStep[]): Definition =>
  saga({ act: 'A test', comment: 'a test', steps }).definition;

/** The states that follow each other from `name` on, by their `Next`. */
function chain(states: Record<string, State>, name: string): string[] {
  const state = states[name];
  if (!state) throw new Error(`there is no state \`${name}\``);
  return 'Next' in state ? [name, ...chain(states, state.Next)] : [name];
}

describe('a saga of three steps, of which the second leaves nothing behind', () => {
  const { StartAt, States } = machineOf(
    { name: 'A', run: 'placement', undo: 'placement' },
    { name: 'B', run: 'route', undo: nothing },
    { name: 'C', run: 'provision', undo: 'provision' },
  );
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
  const { StartAt, States } = machineOf(
    { name: 'A', run: 'placement', undo: nothing, onlyWhenNull: '$.X' },
    { name: 'B', run: 'route', undo: nothing },
  );
  expect(StartAt).toBe('ANeeded');
  expect(States.ANeeded).toEqual({
    Type: 'Choice',
    Choices: [{ Variable: '$.X', IsNull: true, Next: 'A' }],
    Default: 'B',
  });
});

describe('a step that waits', () => {
  const waiting: SagaStep = { name: 'B', run: 'drain', undo: 'drain', afterSeconds: 300 };
  const before: SagaStep = { name: 'A', run: 'placement', undo: 'placement' };

  test('waits before it runs, and unwinds like any other', () => {
    const { StartAt, States } = machineOf(before, waiting);
    expect(chain(States, StartAt)).toEqual(['A', 'WaitBeforeB', 'B', 'Done']);
    expect(States.WaitBeforeB).toEqual({ Type: 'Wait', Seconds: 300, Next: 'B' });
    expect(chain(States, (States.B as Task).Catch[0]?.Next ?? '')).toEqual([
      'UndoB',
      'UndoA',
      'Failed',
    ]);
  });
  test('may be the first', () => {
    expect(machineOf(waiting).StartAt).toBe('WaitBeforeB');
  });
  test('waits only if it runs at all', () => {
    const { StartAt, States } = machineOf({ ...waiting, onlyWhenNull: '$.X' });
    expect(StartAt).toBe('BNeeded');
    expect(States.BNeeded).toMatchObject({ Choices: [{ Next: 'WaitBeforeB' }], Default: 'Done' });
  });
});

describe('a step that may be enough', () => {
  const enough: SagaStep = { name: 'A', run: 'drain', undo: 'drain', doneWhenNull: '$.A.x' };

  test('ends the saga when its path is null, and otherwise goes on', () => {
    const { StartAt, States } = machineOf(enough, { name: 'B', run: 'drain', undo: nothing });
    expect(StartAt).toBe('A');
    expect((States.A as Task).Next).toBe('AWasEnough');
    expect(States.AWasEnough).toEqual({
      Type: 'Choice',
      Choices: [{ Variable: '$.A.x', IsNull: true, Next: 'Done' }],
      Default: 'B',
    });
  });
  test('cannot be one whose failure is harmless: there would be nothing at its path', () => {
    expect(() => machineOf({ ...enough, failureIsHarmless: true })).toThrow('A: ');
  });
});

test('a step whose failure is harmless goes on', () => {
  const { States } = machineOf({
    name: 'A',
    run: 'notify',
    undo: nothing,
    failureIsHarmless: true,
  });
  expect((States.A as Task).Catch).toMatchObject([{ Next: 'Done', ResultPath: '$.A' }]);
});

test('a step that somebody else repeats is not repeated, and its failure ends nothing', () => {
  const top = PROVISION.definition.States.TopUp as Task;
  expect(top.Retry).toBeUndefined();
  expect(top.Catch).toMatchObject([{ Next: 'Done' }]);
});

test('a drain empties first, is far from over while it waits, and done when somebody needs the worker', () => {
  const { StartAt, States } = DRAIN.definition;
  expect(StartAt).toBe('MoveInstances');
  expect(States.MoveInstancesWasEnough).toMatchObject({
    Choices: [{ Variable: '$.MoveInstances.idle_since', Next: 'Done' }],
    Default: 'WaitBeforeDrainWorker',
  });
  const wait = { Type: 'Wait', Seconds: 300, Next: 'DrainWorker' };
  expect(States.WaitBeforeDrainWorker).toEqual(wait);
  expect(States.DrainWorkerWasEnough).toMatchObject({
    Choices: [{ Variable: '$.DrainWorker.machine_id', Next: 'Done' }],
    Default: 'GiveBack',
  });
});

describe.each(['local', 'prod'])('%s', (stage) => {
  const machines = resourcesOf(buildApp(stage), 'AWS::StepFunctions::StateMachine');

  test('deploys every saga, and nothing beside', () => {
    const names = machines.map(([, it]) => it.Properties.StateMachineName);
    expect(names.toSorted()).toEqual(sagaRows.map(([name]) => `1mins-${stage}-${name}`).toSorted());
  });

  test.each(sagaRows)('deploys %s as it is reviewed', (name, { definition }) => {
    const found = machines.find(
      ([, it]) => it.Properties.StateMachineName === `1mins-${stage}-${name}`,
    );
    const it = found?.[1].Properties;
    expect(JSON.parse(it.DefinitionString)).toEqual(definition);
    const called = tasksOf(definition).map(([, task]) => task.Resource.slice(2, -1));
    expect(new Set(Object.keys(it.DefinitionSubstitutions))).toEqual(new Set(called));
  });
});

const tasksOf = ({ States }: Definition) =>
  Object.entries(States).filter((it): it is [string, Task] => it[1].Type === 'Task');

describe.each(sagaRows)('%s', (name, { steps, definition }) => {
  const tasks = tasksOf(definition);
  const forward = tasks.filter(([it]) => !it.startsWith('Undo'));
  const backward = tasks.filter(([it]) => it.startsWith('Undo'));

  test('is as it was reviewed', async () => {
    const text = `${JSON.stringify(definition, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(`__snapshots__/${name}.asl.json`);
  });

  test('leads to states that are there', () => {
    const named = JSON.stringify(definition.States).matchAll(/"(?:Next|Default)":"(\w+)"/g);
    const reached = new Set([definition.StartAt, ...[...named].map(([, it]) => it)]);
    expect(new Set(Object.keys(definition.States))).toEqual(reached);
  });

  test('runs its steps in the order of the table', () => {
    expect(forward.map(([it]) => it)).toEqual(steps.map((it) => it.name));
  });

  test('every step that leaves something behind has an undo', () => {
    const undone = steps.filter((it) => typeof it.undo === 'string');
    expect(backward.map(([it]) => it)).toEqual(undone.map((it) => `Undo${it.name}`).reverse());
  });

  test('a step repeats only what says that it may be repeated', () => {
    const repeated = steps.filter((it) => !it.repeatedBy).map((it) => it.name);
    for (const [step, { Retry }] of forward) {
      if (!repeated.includes(step)) {
        expect(Retry, step).toBeUndefined();
        continue;
      }
      expect(
        Retry?.map((it) => it.ErrorEquals),
        step,
      ).toEqual([RETRYABLE]);
      expect(Retry?.[0], step).toMatchObject({ MaxAttempts: 6, IntervalSeconds: 2 });
    }
    expect(RETRYABLE).not.toContain('Terminal');
    expect(RETRYABLE).not.toContain('States.ALL');
    expect(RETRYABLE).not.toContain('States.TaskFailed');
  });

  test('an undo repeats everything, then calls a person', () => {
    for (const [step, task] of backward) {
      expect(task.Retry, step).toMatchObject([{ ErrorEquals: ['States.ALL'], MaxAttempts: 12 }]);
      expect(task.Catch, step).toMatchObject([{ Next: 'UndoFailed' }]);
      expect(task.ResultPath, step).toBe('$.undone');
    }
  });

  test('every step waits no longer than its function can run', () => {
    for (const [step, task] of tasks) expect(task.TimeoutSeconds, step).toBeLessThanOrEqual(365);
  });

  test('hands on the state and the name of the step, and nothing beside', () => {
    for (const [step, task] of tasks) {
      expect(task.Parameters).toEqual({ step, 'saga.$': '$' });
    }
    expect(JSON.stringify(definition)).not.toMatch(/secret|token|password|key/i);
  });

  test('stays within thirty transitions, also when its last step fails', () => {
    expect(Object.keys(definition.States).length).toBeLessThanOrEqual(30);
  });
});
