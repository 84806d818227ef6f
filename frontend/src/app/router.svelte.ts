/** The address bar: what it says, and how links change it without a load. */
import { type Match, match } from './routes.ts';

class Place {
  pathname: string = $state(location.pathname);
  search: string = $state(location.search);

  get found(): Match {
    return match(this.pathname);
  }
}

export const place = new Place();

function read(): void {
  place.pathname = location.pathname;
  place.search = location.search;
}

/** Goes to a path of this site. */
export function go(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  read();
  const anchor = new URL(path, location.origin).hash.slice(1);
  if (anchor) document.getElementById(anchor)?.scrollIntoView();
  else scrollTo(0, 0);
}

/** Takes the query and the fragment out of the address bar: what was in them has been read. */
export function tidyAddress(): void {
  history.replaceState(null, '', location.pathname);
  read();
}

/** Follows plain clicks on our own links. Whatever asks for a new tab is left to the browser. */
function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a');
  if (!link || link.target || link.hasAttribute('download')) return;
  if (link.origin !== location.origin || link.pathname.startsWith('/api/')) return;
  const samePage = link.pathname === location.pathname && link.search === location.search;
  if (samePage && link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search + link.hash);
}

export function start(): void {
  addEventListener('popstate', read);
  document.addEventListener('click', follow);
}
