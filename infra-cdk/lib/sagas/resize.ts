/** Resizing: an instance gets the limits of another plan, where it is or, if that is full, elsewhere. */
import { type Saga, saga } from '../constructs/saga.js';

export const RESIZE: Saga = saga({
  act: 'A change of plan',
  comment:
    'First the larger of both plans is reserved, then the limits change, then what is too much is given back. Without room nothing changes here, and the instance is halted to run elsewhere.',
  steps: [
    { name: 'Widen', run: 'placement', undo: 'placement' },
    { name: 'ApplyLimits', run: 'docker-run', undo: 'docker-run' },
    { name: 'FinishResize', run: 'project-state', undo: 'project-state' },
    {
      name: 'Settle',
      run: 'placement',
      undo: { nothingToUndo: 'it gives back what UndoWiden would, or the rest' },
      // The instance has its limits, and its owner the plan. What is too much costs us only.
      failureIsHarmless: true,
    },
    {
      name: 'MoveInstead',
      run: 'project-state',
      onlyWhenNull: '$.Widen.worker',
      undo: { nothingToUndo: 'a halt that was started goes its own way' },
    },
  ],
});
