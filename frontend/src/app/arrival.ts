/** On arrival at a page its heading takes the focus, so that it is read out. */

let first = true;

/** Not at the first page: there the browser begins at the top by itself. */
export function arrive(heading: HTMLElement): void {
  if (first) first = false;
  else heading.focus({ preventScroll: true });
}
