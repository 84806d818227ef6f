/**
 * The customers' site.
 *
 * Svelte, because it is compiled: what a visitor loads is the pages and a runtime of a few
 * kilobytes, so that the first load stays far below its budget without any effort.
 */
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { start } from './app/router.svelte.ts';
import { match } from './app/routes.ts';
import { maybeSignedIn, refresh, session } from './app/session.svelte.ts';

start();
// A visitor of the front page has no session to ask for. A page behind the sign-in always asks: a
// sign-in by Google sets the cookie without this site knowing.
if (maybeSignedIn() || match(location.pathname).route.access === 'signed-in') void refresh();
else session.state = 'signed-out';

const target = document.getElementById('app');
if (target) mount(App, { target });
