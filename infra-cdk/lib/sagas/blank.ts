/** A blank: an instance that boots before anybody asked for it, and waits for a project to claim it. */
import { type Saga, saga } from '../constructs/saga.js';

export const BLANK: Saga = saga({
  act: 'The boot of a blank',
  comment:
    'From room on a worker to an instance that waits, warm, for a project. Nothing is bought for it: without room it fails.',
  steps: [
    { name: 'ReserveBlank', run: 'placement', undo: 'placement' },
    { name: 'LaunchBlank', run: 'docker-run', undo: 'docker-run' },
    {
      name: 'WarmBlank',
      run: 'health-check',
      undo: { nothingToUndo: 'what it leaves goes with the container' },
    },
    {
      name: 'StockBlank',
      run: 'warm-pool',
      undo: { nothingToUndo: 'it marks the reservation, which UndoReserveBlank takes' },
    },
  ],
});
