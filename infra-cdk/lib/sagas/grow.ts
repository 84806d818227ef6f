/** Growing: a worker more, before anybody needs it; bought, or started again. */
import { type Saga, saga } from '../constructs/saga.js';

export const GROW: Saga = saga({
  act: 'The growth of the pool',
  comment:
    'A worker more: bought, or started again. If it is meant for the stock, it is stopped at the end.',
  steps: [
    { name: 'GetSpare', run: 'provision', undo: 'provision' },
    {
      name: 'AwaitSpare',
      run: 'provision',
      undo: { nothingToUndo: 'a machine is given back by UndoGetSpare' },
    },
    {
      name: 'ParkSpare',
      run: 'drain',
      undo: { nothingToUndo: 'a worker that stands still is given back by UndoGetSpare' },
    },
  ],
});
