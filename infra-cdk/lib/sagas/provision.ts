/** Provisioning: from a project that is paid for to an instance that answers at its own address. */
import { type Saga, saga } from '../constructs/saga.js';

export const PROVISION: Saga = saga({
  act: 'A provisioning',
  comment:
    'From a project that is paid for to an instance that answers. A step that fails is undone first, then every earlier one, last first.',
  steps: [
    { name: 'Begin', run: 'project-state', undo: 'project-state' },
    { name: 'HoldingPage', run: 'route', undo: 'route' },
    { name: 'Reserve', run: 'placement', undo: 'placement' },
    {
      name: 'BuyWorker',
      run: 'provision',
      onlyWhenNull: '$.Reserve.worker_id',
      undo: 'provision',
    },
    {
      name: 'AwaitWorker',
      run: 'provision',
      undo: { nothingToUndo: 'a machine is given back by UndoBuyWorker' },
    },
    { name: 'Launch', run: 'docker-run', undo: 'docker-run' },
    { name: 'CheckHealth', run: 'health-check', undo: { nothingToUndo: 'it only looks' } },
    { name: 'Publish', run: 'route', undo: 'route' },
    { name: 'Finish', run: 'project-state', undo: 'project-state' },
    {
      name: 'Notify',
      run: 'notify',
      undo: { nothingToUndo: 'mail cannot be unsent' },
      // The instance runs and its owner can see so: a lost mail is no reason to take it away.
      failureIsHarmless: true,
    },
    {
      name: 'TopUp',
      // A blank's boot and the owner's first chat would fight for the same CPUs.
      afterSeconds: 20,
      run: 'warm-pool',
      undo: { nothingToUndo: 'what is in stock is of use to the next' },
      // What this one has claimed is missing from the stock.
      failureIsHarmless: true,
      repeatedBy: 'the clock, within a minute',
    },
  ],
});
