/** A command: what an operator has run in an instance, recorded before and after. */
import { type Saga, saga } from '../constructs/saga.js';

export const EXEC: Saga = saga({
  act: 'A command of an operator',
  comment:
    'One command in one instance, run once and ended after its time. The audit knows of it before it runs. The state holds the beginning of what it printed, without what its instance keeps to itself.',
  steps: [
    // What was recorded stays. It says in the end how much is known.
    { name: 'RecordCommand', run: 'operator', undo: 'operator' },
    { name: 'FindInstance', run: 'placement', undo: { nothingToUndo: 'it only looks' } },
    {
      name: 'RunCommand',
      run: 'docker-run',
      undo: { nothingToUndo: 'nobody knows what a command does' },
    },
    {
      name: 'RecordOutcome',
      run: 'operator',
      undo: { nothingToUndo: 'what was seen happened' },
    },
  ],
});
