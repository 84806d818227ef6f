/** A file that the API gave, saved by the browser like any download. */
export function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // A browser reads it in its own time. A minute is plenty, and forgetting it frees its memory.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
