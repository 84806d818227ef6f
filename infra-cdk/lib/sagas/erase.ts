/** Erasing: a project that runs nowhere, with everything that we keep of it. There is no way back. */
import { type Saga, saga } from '../constructs/saga.js';

export const ERASE: Saga = saga({
  act: 'The deletion of a project',
  comment:
    'Nothing of it is undone: what fails is followed by another execution, under the next try number, which finishes.',
  steps: [
    {
      name: 'BeginErase',
      run: 'project-state',
      undo: { nothingToUndo: 'from here on there is no way back' },
    },
    { name: 'EraseData', run: 'erase', undo: { nothingToUndo: 'what is deleted is deleted' } },
    { name: 'RemoveRoute', run: 'route', undo: { nothingToUndo: 'nothing would answer there' } },
    {
      name: 'FinishErase',
      run: 'project-state',
      undo: { nothingToUndo: 'what is deleted is deleted' },
    },
    {
      name: 'Receipt',
      run: 'notify',
      undo: { nothingToUndo: 'mail cannot be unsent' },
      failureIsHarmless: true,
    },
  ],
});
