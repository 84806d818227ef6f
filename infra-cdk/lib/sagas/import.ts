/** Importing: what a customer brings along is looked at, and their project goes on from it. */
import { type Saga, saga } from '../constructs/saga.js';

export const IMPORT: Saga = saga({
  act: 'The import of an archive',
  comment:
    'From an upload to one of the backups of a project, which then goes on from it like from any other. That an archive is refused is an outcome and no failure. What is in it is never in the state.',
  steps: [
    {
      name: 'CheckArchive',
      run: 'import',
      undo: { nothingToUndo: 'what was kept is a backup like others' },
    },
    {
      name: 'TakeOver',
      run: 'import',
      undo: { nothingToUndo: 'the halt that it starts takes itself back' },
    },
  ],
});
