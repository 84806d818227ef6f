/** Reading logs: what an instance has printed is brought to where whoever asked finds it. */
import { type Saga, saga } from '../constructs/saga.js';

export const LOGS: Saga = saga({
  act: 'The reading of logs',
  comment:
    'The last lines of an instance, from its worker to a store where they live for a day. That nothing is there, or that its worker does not answer, is an outcome and no failure. What was printed is never in the state.',
  steps: [
    { name: 'FindInstance', run: 'placement', undo: { nothingToUndo: 'it only looks' } },
    { name: 'ReadLogs', run: 'docker-run', undo: { nothingToUndo: 'what was stored expires' } },
  ],
});
