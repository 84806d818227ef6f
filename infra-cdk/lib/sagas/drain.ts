/** Draining: an empty worker is given back, or stopped, unless somebody needs it after all. */
import { type Saga, saga } from '../constructs/saga.js';

/** How long a worker may stay empty: the customer who comes next is served at once. */
const IDLE_S = 300;

export const DRAIN: Saga = saga({
  act: 'A drain',
  comment:
    'A worker that stays empty is given back, or stopped. Stop this execution while it waits, and the worker stays; if it is still not needed in its next hour of being empty, another one begins. Cordon it to keep it for longer.',
  steps: [
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
