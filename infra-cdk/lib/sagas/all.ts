/** Every saga by its name, which is what its state machine is called. */
import type { Saga } from '../constructs/saga.js';
import { BLANK } from './blank.js';
import { CONFIGURE } from './configure.js';
import { DRAIN } from './drain.js';
import { ERASE } from './erase.js';
import { EXEC } from './exec.js';
import { GROW } from './grow.js';
import { HALT } from './halt.js';
import { IMPORT } from './import.js';
import { LOGS } from './logs.js';
import { PROVISION } from './provision.js';
import { RESIZE } from './resize.js';
import { RESTART } from './restart.js';

export const SAGAS = {
  provision: PROVISION,
  blank: BLANK,
  grow: GROW,
  drain: DRAIN,
  configure: CONFIGURE,
  halt: HALT,
  resize: RESIZE,
  restart: RESTART,
  erase: ERASE,
  import: IMPORT,
  logs: LOGS,
  exec: EXEC,
} as const satisfies Record<string, Saga>;

export type SagaName = keyof typeof SAGAS;

export const sagaRows = Object.entries(SAGAS) as [SagaName, Saga][];
