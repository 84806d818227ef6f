/** Backups, as customers read them. */
import type { Backup } from '../api/types.ts';

/** So many are shown before somebody asks for more. */
const FIRST = 5;

export function shownBackups(backups: readonly Backup[], all: boolean): readonly Backup[] {
  return all ? backups : backups.slice(0, FIRST);
}

const KIB = 1024;
const MIB = KIB * KIB;

/** `12 KB`, `3.4 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < MIB) return `${Math.max(1, Math.round(bytes / KIB))} KB`;
  return `${(bytes / MIB).toFixed(1)} MB`;
}
