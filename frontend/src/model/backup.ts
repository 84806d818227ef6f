/** Backups, as customers read them. */
import type { Backup } from '../api/types.ts';

/** So many are shown before somebody asks for more. */
const FIRST = 5;

export function shownBackups(backups: readonly Backup[], all: boolean): readonly Backup[] {
  return all ? backups : backups.slice(0, FIRST);
}

/** The newest backup that was there at `time`, an ISO moment. */
export function backupAsOf(backups: readonly Backup[], time: string): Backup | null {
  const at = Date.parse(time);
  const byThen = backups.filter((it) => Date.parse(it.taken_at) <= at);
  const newest = (a: Backup, b: Backup) =>
    Date.parse(a.taken_at) < Date.parse(b.taken_at) ? b : a;
  return byThen.length === 0 ? null : byThen.reduce(newest);
}

const KIB = 1024;
const MIB = KIB * KIB;

/** `12 KB`, `3.4 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < MIB) return `${Math.max(1, Math.round(bytes / KIB))} KB`;
  return `${(bytes / MIB).toFixed(1)} MB`;
}
