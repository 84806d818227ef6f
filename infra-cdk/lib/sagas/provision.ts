/** Provisioning: from a project that is paid for to an instance that answers at its own address. */
import { type SagaStep, saga } from '../constructs/saga.js';

export const PROVISION_STEPS: readonly SagaStep[] = [
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
];

export const PROVISION = saga(
  'From a project that is paid for to an instance that answers. A step that fails is undone first, then every earlier one, last first.',
  PROVISION_STEPS,
);
