/** The code of each page. What a first visit needs comes at once, the rest when it is asked for. */
import type { Component } from 'svelte';
import Landing from '../pages/Landing.svelte';
import NotFound from '../pages/NotFound.svelte';
import SignIn from '../pages/SignIn.svelte';
import SignUp from '../pages/SignUp.svelte';
import type { PageName } from './routes.ts';

// biome-ignore lint/suspicious/noExplicitAny: pages differ in the parameters that they take.
export type Page = Component<any>;
type Later = () => Promise<{ default: Page }>;

const NOW: Partial<Record<PageName, Page>> = {
  landing: Landing,
  'not-found': NotFound,
  'sign-in': SignIn,
  'sign-up': SignUp,
};

const LATER: Partial<Record<PageName, Later>> = {
  confirm: () => import('../pages/Confirm.svelte'),
  forgot: () => import('../pages/Forgot.svelte'),
  reset: () => import('../pages/Reset.svelte'),
  invitation: () => import('../pages/Invitation.svelte'),
  projects: () => import('../pages/Projects.svelte'),
  'new-project': () => import('../pages/NewProject.svelte'),
  project: () => import('../pages/Project.svelte'),
  open: () => import('../pages/Open.svelte'),
  keys: () => import('../pages/Keys.svelte'),
  team: () => import('../pages/Team.svelte'),
  billing: () => import('../pages/Billing.svelte'),
  account: () => import('../pages/Account.svelte'),
  api: () => import('../pages/ApiReference.svelte'),
};

const loaded = new Map<PageName, Page>();

/** The page if it is here already. */
export function pageNow(name: PageName): Page | undefined {
  return NOW[name] ?? loaded.get(name);
}

export async function pageLater(name: PageName): Promise<Page> {
  const { default: page } = (await LATER[name]?.()) ?? { default: NotFound };
  loaded.set(name, page);
  return page;
}
