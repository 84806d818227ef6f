/** Halting: an instance comes to rest. Its data is brought to safety, its place goes to others. */
import { type Saga, saga } from '../constructs/saga.js';

export const HALT: Saga = saga({
  act: 'The halt of an instance',
  comment:
    'From an instance that runs to a backup of its data and an empty place. Until FinishHalt all of it is taken back, and the instance goes on; from then on nothing is, and others finish what is left undone.',
  steps: [
    { name: 'BeginHalt', run: 'project-state', undo: 'project-state' },
    { name: 'Locate', run: 'placement', undo: { nothingToUndo: 'it only looks' } },
    { name: 'SuspendedPage', run: 'route', undo: 'route' },
    { name: 'Archive', run: 'docker-run', undo: 'docker-run' },
    {
      name: 'FinishHalt',
      run: 'project-state',
      undo: { nothingToUndo: 'what is halted stays so, and the undos before it see that' },
    },
    {
      name: 'Remove',
      run: 'docker-run',
      undo: { nothingToUndo: 'its data is in the backup' },
      failureIsHarmless: true,
      repeatedBy: 'the reaper',
    },
    {
      name: 'Release',
      run: 'placement',
      undo: { nothingToUndo: 'nothing runs there' },
      failureIsHarmless: true,
      repeatedBy: 'the reaper',
    },
    {
      name: 'Continue',
      run: 'project-state',
      undo: { nothingToUndo: 'what it starts goes its own way' },
      failureIsHarmless: true,
      repeatedBy: 'the billing watch',
    },
  ],
});
