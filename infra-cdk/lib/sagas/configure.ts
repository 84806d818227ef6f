/** Configuring: what an owner has set comes to the instance that runs, without a restart. */
import { type Saga, saga } from '../constructs/saga.js';

export const CONFIGURE: Saga = saga({
  act: 'The configuration of an instance',
  comment:
    'The newest configuration of a project, to the gateway that runs. One that the gateway does not accept is recorded as such and is no failure; whatever fails, the gateway goes on with what it had.',
  steps: [
    // There is nothing to take back on the worker. The owner is told.
    { name: 'Configure', run: 'docker-run', undo: 'project-state' },
    {
      name: 'RecordApplied',
      run: 'project-state',
      undo: { nothingToUndo: 'what was seen in force was in force' },
    },
  ],
});
