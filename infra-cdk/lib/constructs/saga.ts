/**
 * A saga is a table of steps, each with its undo; this file turns the table into a state machine.
 *
 * A step that fails for good is undone first, since after a timeout nobody knows whether it ran;
 * then every step before it is undone, last first. The definition is plain JSON with `${function}`
 * in place of each ARN, so that a test can interpret exactly what the cloud will run.
 */
import { FUNCTIONS, type FunctionName } from '../functions.js';

/** One step: what it does and what takes it back. Both must be idempotent. */
export interface SagaStep {
  readonly name: string;
  readonly run: FunctionName;
  /** Runs only when this path of the state is null; otherwise the saga goes on to the next step. */
  readonly onlyWhenNull?: string;
  /** Must succeed on a step that never ran. */
  readonly undo: FunctionName | { readonly nothingToUndo: string };
  /** For steps whose failure is not worth taking everything back. */
  readonly failureIsHarmless?: boolean;
}

/** A state machine in the Amazon States Language; only the states that {@link saga} emits. */
export interface Definition {
  readonly Comment: string;
  readonly StartAt: string;
  readonly States: Record<string, State>;
}

export type State = Task | Choice | Fail | { readonly Type: 'Succeed' };

export interface Task {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Parameters: { readonly step: string; readonly 'saga.$': '$' };
  readonly ResultPath: string;
  readonly TimeoutSeconds: number;
  readonly Retry: readonly Retry[];
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

/** Chains `steps`, in order, with their undos behind them. */
export function saga(comment: string, steps: readonly SagaStep[]): Definition {
  const forward = forwardStates(steps);
  return {
    Comment: comment,
    StartAt: entry(steps, 0),
    States: {
      ...forward,
      [DONE]: { Type: 'Succeed' },
      ...backwardStates(steps),
      [FAILED]: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
      [UNDO_FAILED]: { Type: 'Fail', Error: UNDO_FAILED, CausePath: '$.undo_error.Cause' },
    },
  };
}

function forwardStates(steps: readonly SagaStep[]): Record<string, State> {
  const states: Record<string, State> = {};
  steps.forEach((step, index) => {
    const next = entry(steps, index + 1);
    if (step.onlyWhenNull) {
      states[choiceName(step)] = {
        Type: 'Choice',
        Choices: [{ Variable: step.onlyWhenNull, IsNull: true, Next: step.name }],
        Default: next,
      };
    }
    states[step.name] = {
      ...task(step.run, step.name, `$.${step.name}`),
      Retry: [FORWARD],
      Catch: [
        {
          ErrorEquals: ['States.ALL'],
          ResultPath: '$.error',
          Next: step.failureIsHarmless ? next : unwindFrom(steps, index),
        },
      ],
      Next: next,
    };
  });
  return states;
}

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

/** Where the saga enters step number `index`. */
function entry(steps: readonly SagaStep[], index: number): string {
  const step = steps[index];
  if (!step) return DONE;
  return step.onlyWhenNull ? choiceName(step) : step.name;
}

/** The last undo among the steps up to number `index`. */
function unwindFrom(steps: readonly SagaStep[], index: number): string {
  const step = steps.slice(0, index + 1).findLast((it) => typeof it.undo === 'string');
  return step ? undoName(step) : FAILED;
}

const undoName = (step: SagaStep) => `Undo${step.name}`;
const choiceName = (step: SagaStep) => `${step.name}Needed`;
