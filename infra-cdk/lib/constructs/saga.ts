/**
 * A saga is a table of steps, each with its undo; this file turns the table into a state machine.
 *
 * A step that fails for good is undone first, since after a timeout nobody knows whether it ran;
 * then every step before it is undone, last first. A step may have to wait, may be passed by, and may
 * be the last one, as the state says. The definition is plain JSON with `${function}`
 * in place of each ARN, so that a test can interpret exactly what the cloud will run.
 */
import { FUNCTIONS, type FunctionName } from '../functions.js';

/** One step: what it does and what takes it back. Both must be idempotent. */
export interface SagaStep {
  readonly name: string;
  readonly run: FunctionName;
  /** Runs only when this path of the state is null; otherwise the saga goes on to the next step. */
  readonly onlyWhenNull?: string;
  /** Runs so much later: time for somebody to change the state, or to stop the saga by hand. */
  readonly afterSeconds?: number;
  /** Ends the saga well when this path of the state is null after the step. */
  readonly doneWhenNull?: string;
  /** Must succeed on a step that never ran. */
  readonly undo: FunctionName | { readonly nothingToUndo: string };
  /** For steps whose failure is not worth taking everything back. */
  readonly failureIsHarmless?: boolean;
  /** Who repeats it if it fails, so that the saga does not. */
  readonly repeatedBy?: string;
}

/** A business act: what it is called where people read of it, its steps, and the machine they make. */
export interface Saga {
  /** Begins a sentence of an alarm. */
  readonly act: string;
  readonly steps: readonly SagaStep[];
  readonly definition: Definition;
}

/** A state machine in the Amazon States Language; only the states that {@link saga} emits. */
export interface Definition {
  readonly Comment: string;
  readonly StartAt: string;
  readonly States: Record<string, State>;
}

export type State = Task | Choice | Wait | Fail | { readonly Type: 'Succeed' };

export interface Task {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Parameters: { readonly step: string; readonly 'saga.$': '$' };
  readonly ResultPath: string;
  readonly TimeoutSeconds: number;
  /** Absent: a failure is final. */
  readonly Retry?: readonly Retry[];
  readonly Catch: readonly Catch[];
  readonly Next: string;
}

export interface Choice {
  readonly Type: 'Choice';
  readonly Choices: readonly [
    { readonly Variable: string; readonly IsNull: true; readonly Next: string },
  ];
  readonly Default: string;
}

export interface Wait {
  readonly Type: 'Wait';
  readonly Seconds: number;
  readonly Next: string;
}

export interface Fail {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly ErrorPath?: string;
  readonly CausePath: string;
}

interface Retry {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
  readonly JitterStrategy: 'FULL';
}

interface Catch {
  readonly ErrorEquals: readonly ['States.ALL'];
  readonly ResultPath: string;
  readonly Next: string;
}

/** Everything is undone, or needed no undo. */
export const FAILED = 'Failed';
/** An undo gave up: something is left behind that a person must look at. */
export const UNDO_FAILED = 'UndoFailed';
const DONE = 'Done';

/** A lost invocation is noticed this long after the function itself would have been stopped. */
const TIMEOUT_MARGIN_S = 5;

/** Only what says of itself that it may be repeated, timeouts, and the service's own hiccups. */
export const RETRYABLE = [
  'Retryable',
  'States.Timeout',
  'Sandbox.Timedout',
  'Lambda.ClientExecutionTimeoutException',
  // The function's process died. Every step may be repeated, so this one may.
  'Lambda.Unknown',
  'Runtime.ExitError',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
] as const;

const FORWARD: Retry = {
  ErrorEquals: RETRYABLE,
  IntervalSeconds: 2,
  MaxAttempts: 6,
  BackoffRate: 2,
  MaxDelaySeconds: 20,
  JitterStrategy: 'FULL',
};

/** An undo has nowhere to fall back to: it tries for about ten minutes before it calls a person. */
const BACKWARD: Retry = {
  ErrorEquals: ['States.ALL'],
  IntervalSeconds: 2,
  MaxAttempts: 12,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

/** Chains the steps, in order, with their undos behind them. */
export function saga(it: Omit<Saga, 'definition'> & { readonly comment: string }): Saga {
  const { act, comment, steps } = it;
  const States: Record<string, State> = {
    ...Object.assign({}, ...steps.map((step, index) => forwardStates(steps, step, index))),
    [DONE]: { Type: 'Succeed' },
    ...backwardStates(steps),
    [FAILED]: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    // A saga that undoes nothing cannot fail at it.
    ...(steps.some((it) => typeof it.undo === 'string') && {
      [UNDO_FAILED]: { Type: 'Fail', Error: UNDO_FAILED, CausePath: '$.undo_error.Cause' },
    }),
  };
  return { act, steps, definition: { Comment: comment, StartAt: entry(steps[0]), States } };
}

/** Step number `index` with what comes before and after it, in the order in which it is run. */
function forwardStates(
  steps: readonly SagaStep[],
  step: SagaStep,
  index: number,
): Record<string, State> {
  const { afterSeconds, doneWhenNull, failureIsHarmless, onlyWhenNull } = step;
  if (doneWhenNull && failureIsHarmless) {
    throw new Error(`${step.name}: a step that failed leaves nothing to decide by`);
  }
  const next = entry(steps[index + 1]);
  const states: Record<string, State> = {};
  if (onlyWhenNull) {
    states[choiceName(step)] = whenNull(
      onlyWhenNull,
      afterSeconds ? waitName(step) : step.name,
      next,
    );
  }
  if (afterSeconds) {
    states[waitName(step)] = { Type: 'Wait', Seconds: afterSeconds, Next: step.name };
  }
  states[step.name] = {
    ...task(step.run, step.name, `$.${step.name}`),
    ...(step.repeatedBy === undefined && { Retry: [FORWARD] }),
    Catch: [
      {
        ErrorEquals: ['States.ALL'],
        // A saga that goes on has no error: only its step says that it failed.
        ResultPath: failureIsHarmless ? `$.${step.name}` : '$.error',
        Next: failureIsHarmless ? next : unwindFrom(steps, index),
      },
    ],
    Next: doneWhenNull ? endName(step) : next,
  };
  if (doneWhenNull) states[endName(step)] = whenNull(doneWhenNull, DONE, next);
  return states;
}

const whenNull = (path: string, next: string, otherwise: string): Choice => ({
  Type: 'Choice',
  Choices: [{ Variable: path, IsNull: true, Next: next }],
  Default: otherwise,
});

function backwardStates(steps: readonly SagaStep[]): Record<string, State> {
  const states: Record<string, State> = {};
  steps.forEach((step, index) => {
    if (typeof step.undo !== 'string') return;
    states[undoName(step)] = {
      ...task(step.undo, undoName(step), '$.undone'),
      Retry: [BACKWARD],
      // Beside `$.error`, so that the reason for unwinding is not lost.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.undo_error', Next: UNDO_FAILED }],
      Next: unwindFrom(steps, index - 1),
    };
  });
  return Object.fromEntries(Object.entries(states).reverse());
}

function task(run: FunctionName, step: string, resultPath: string) {
  return {
    Type: 'Task',
    Resource: `\${${run}}`,
    Parameters: { step, 'saga.$': '$' },
    ResultPath: resultPath,
    TimeoutSeconds: FUNCTIONS[run].timeoutS + TIMEOUT_MARGIN_S,
  } as const;
}

/** Where the saga enters `step`, or ends if there is none. */
function entry(step: SagaStep | undefined): string {
  if (!step) return DONE;
  if (step.onlyWhenNull) return choiceName(step);
  return step.afterSeconds ? waitName(step) : step.name;
}

/** The last undo among the steps up to number `index`. */
function unwindFrom(steps: readonly SagaStep[], index: number): string {
  const step = steps.slice(0, index + 1).findLast((it) => typeof it.undo === 'string');
  return step ? undoName(step) : FAILED;
}

const undoName = (step: SagaStep) => `Undo${step.name}`;
const choiceName = (step: SagaStep) => `${step.name}Needed`;
const waitName = (step: SagaStep) => `WaitBefore${step.name}`;
const endName = (step: SagaStep) => `${step.name}WasEnough`;
