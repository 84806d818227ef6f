import type { Page } from '@playwright/test';
import type { Answers } from './answers.ts';

export interface Scene {
  name: string;
  path: string;
  answers: Answers;
  /** This browser remembers that somebody was signed in. */
  remembers?: boolean;
  /** What somebody does before the picture. */
  act?: (page: Page) => Promise<void>;
  /** What has to be there before the picture. */
  awaits?: string;
}
