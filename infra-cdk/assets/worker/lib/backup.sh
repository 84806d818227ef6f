# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# A copy of what an instance knows while it runs, in the same form as the archive of one that rests.
#
# The gateway writes meanwhile, and a tenant may rename whatever we look at. So the volume is read by the
# tenant itself, as it were: in a container of its own, whose memory is not the gateway's. Nobody who acts
# on the instance waits for it: it has a lock of its own, and whoever removes the volume ends it.

readonly PACK_MAX_S=120
# What a volume may grow by while it is read.
readonly GROWTH_KIB=65536

# Of what the backup holds; and the most that a file of it may have, in KiB.
fingerprint='' largest=0

backup() {
  require_docker
  lock_backup
  look
  archive_kind=.backup
  refuse_to_back_up
  stage_backup
  take_snapshot
  if is_backed_up; then
    answer backed_up true unchanged true
    return
  fi
  pack_snapshot
  # What rests or is gone by now has a newer archive, or none.
  look
  refuse_to_back_up
  put_archive
  local sum
  sum="$(sha256_of "$(archive_file)")"
  note_backup "$sum"
  answer backed_up true sha256 "$(quoted "$sum")" bytes "$(stat -c %s "$(archive_file)")"
}

lock_backup() {
  mkdir -p "$STATE/locks"
  exec {backing_up}>"$STATE/locks/backup-${flag[project]}"
  flock -n "$backing_up" || give_up "$LATER" busy "a backup of \`${flag[project]}\` is being taken"
}

refuse_to_back_up() {
  refuse_below_tombstone
  refuse_below_container
  refuse_absent
  refuse_halted
  [[ "$found_status" == running ]] || give_up "$LATER" not_running "the instance does not run"
}

# What there is now, and what the caller has on record: of any other backup the answer was lost.
is_backed_up() {
  [[ -n "${flag[known-sha256]:-}" ]] &&
    [[ "$(cat "$STATE/backups/${flag[project]}" 2>/dev/null)" == "${flag[generation]} $fingerprint ${flag[known-sha256]}" ]]
}

note_backup() { write_atomically "$STATE/backups/${flag[project]}" "${flag[generation]} $fingerprint $1"; }

forget_backup() {
  discard_backup
  rm -f "$STATE/backups/${flag[project]}"
}

backup_staging() { echo "$STATE/archives/${flag[project]}.staging"; }

discard_backup() {
  docker rm -f "backup-${flag[project]}" >/dev/null 2>&1 || true
  rm -rf "$(backup_staging)" "$STATE/archives/${flag[project]}.backup.tar.gz"
}

stage_backup() {
  trap discard_backup EXIT
  mkdir -p "$STATE/archives"
  chmod 700 "$STATE/archives"
  discard_backup
  install -d -m 700 -o 1000 -g 1000 "$(backup_staging)"
}

# Room for the copies of the databases, and for the archive.
refuse_without_twice_the_room() {
  local used free
  used="$(nice -n 19 du -sk "$(volume_path)" | cut -f 1)"
  free="$(df --output=avail -k "$STATE/archives" | tail -n 1)"
  ((2 * (used + GROWTH_KIB) < free)) || give_up "$LATER" no_room "the disk has no room for a backup of $used KiB"
  largest=$((used + GROWTH_KIB))
}

# beside COMMAND...: what may be read is the volume, what may be written the staging, and neither is faster
# than what the gateway leaves over. Killed, it is removed by `discard_backup`.
beside() {
  timeout "$PACK_MAX_S" docker run --rm -i --name "backup-${flag[project]}" --pull never --network none --user 1000:1000 \
    --cap-drop ALL --security-opt no-new-privileges --pids-limit 64 --memory 256m --memory-swap 256m \
    --cpus 0.5 --cpu-shares 2 --ulimit "fsize=$((largest * 1024))" --read-only --log-driver none \
    -v "$volume:/volume" -v "$(backup_staging):/staging" "$(inspect '{{.Config.Image}}')" "$@" 2>/dev/null
}

take_snapshot() {
  refuse_without_twice_the_room
  fingerprint="$(beside node --no-warnings --input-type=module - /volume /staging <"$here/snapshot.mjs")" ||
    give_up "$LATER" not_packed "no consistent copy of the volume could be taken"
  [[ "$fingerprint" =~ ^[0-9a-f]{64}$ ]] || give_up "$LATER" not_packed "the volume has no fingerprint"
}

# In the form of `pack_volume`. What changes meanwhile is half old and half new, which `tar` reports by
# its code 1; what the tenant deletes, or keeps from being read, is left out.
readonly PACK='tar -c --format=gnu --sparse --numeric-owner --no-recursion --ignore-failed-read --null --verbatim-files-from \
  -C /volume -T /staging/files -C /staging/databases -T /staging/copies || [ $? = 1 ]'

pack_snapshot() {
  beside sh -c "$PACK" </dev/null | (ulimit -f "$largest" && nice -n 19 gzip -1 >"$(archive_file)") ||
    give_up "$LATER" not_packed "the volume could not be packed"
}
