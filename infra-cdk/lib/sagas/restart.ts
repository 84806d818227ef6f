/** Restarting: an instance starts again where it is, with what it has. */
import { type Saga, saga } from '../constructs/saga.js';

export const RESTART: Saga = saga({
  act: 'The restart of an instance',
  comment:
    'The gateway stops and starts again in its container. Its project runs all the while: one that does not come back is ill, and the watch over instances goes on with it.',
  steps: [
    {
      name: 'RestartInstance',
      run: 'docker-run',
      undo: { nothingToUndo: 'it was to run before, and is to run still' },
    },
  ],
});
