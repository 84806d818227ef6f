/** Draining: a worker is emptied if need be, and given back, or stopped, unless somebody needs it after all. */
import { type Saga, saga } from '../constructs/saga.js';

/** How long a worker may stay empty: the customer who comes next is served at once. */
const IDLE_S = 300;

export const DRAIN: Saga = saga({
  act: 'A drain',
  comment:
    'A worker that stays empty is given back, or stopped. One that is not empty is emptied first, if somebody wants that: its instances move, a few at a time. Stop this execution while it waits, and the worker stays with whoever has not begun to move; if it is still not needed in its next hour, another one begins. Cordon it to keep it for longer.',
  steps: [
    {
      name: 'MoveInstances',
      run: 'drain',
      undo: { nothingToUndo: 'who has moved runs elsewhere, and the worker stays cordoned' },
      // It is not to be emptied any more.
      doneWhenNull: '$.MoveInstances.idle_since',
    },
    {
      name: 'DrainWorker',
      run: 'drain',
      afterSeconds: IDLE_S,
      undo: 'drain',
      // Somebody was placed there meanwhile.
      doneWhenNull: '$.DrainWorker.machine_id',
    },
    {
      name: 'GiveBack',
      run: 'drain',
      undo: { nothingToUndo: 'a machine that still runs is put to use again by UndoDrainWorker' },
    },
  ],
});
