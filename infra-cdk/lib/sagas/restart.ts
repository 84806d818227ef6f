/** Restarting: an instance stops, and starts again where it is. */
import { type Saga, saga } from '../constructs/saga.js';

export const RESTART: Saga = saga({
  act: 'The restart of an instance',
  comment:
    'The gateway puts its work down and starts again in the same container, with the same data. It keeps its place, its route and its attempt.',
  steps: [
    { name: 'FindWorker', run: 'placement', undo: { nothingToUndo: 'it only looks' } },
    { name: 'Restart', run: 'docker-run', undo: 'docker-run' },
  ],
});
