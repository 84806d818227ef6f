/** Secrets that a letter's link carries after `#`. They never reach a server's log, nor history. */

/** The token of a letter's link; taken out of the address bar at once. */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token || null;
}
