# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# An instance comes to rest: stopped, and its data in an archive that is put where we are told. And it
# goes on again, if the rest of that comes to nothing.

# The archive on its way. Not in memory, which is the tenants', nor where a tenant can reach.
# A backup has one of its own, because an archive does not wait for it.
archive_kind=''
archive_file() { echo "$STATE/archives/${flag[project]}$archive_kind.tar.gz"; }

# Also what an earlier command left when it was killed.
discard_archive() { rm -f "$(archive_file)"; }

# shellcheck disable=SC2317 # at the end of a command
discard_staged() {
  discard_bundle
  discard_archive
}

stage_archive() {
  trap discard_staged EXIT
  mkdir -p "$STATE/archives"
  chmod 700 "$STATE/archives"
  discard_archive
}

is_halted() {
  read_act halts
  [[ "$act_end" == done ]]
}

refuse_halted() { ! is_halted || give_up "$FENCED" fenced "generation ${flag[generation]} is halted"; }

archive() {
  require_docker
  lock_project
  refuse_below_tombstone
  refuse_below_container
  begin_act halts done
  stop_container
  free_boot_slot
  if ! has_volume; then
    answer archived true empty true
    return
  fi
  stage_archive
  pack_volume
  put_archive
  answer archived true sha256 "$(quoted "$(sha256_of "$(archive_file)")")" bytes "$(stat -c %s "$(archive_file)")"
}

resume() {
  require_docker
  lock_project
  begin_act halts undone
  refuse_below_tombstone
  refuse_below_container
  refuse_absent
  start_again
  unlock_project
  await_capped
  answer resumed true boot_ms "$(boot_ms)"
}

refuse_absent() {
  [[ "$found_generation" == "${flag[generation]}" ]] ||
    give_up "$GONE" gone "generation ${flag[generation]} is not on this worker"
}

# Files, directories and links: what else a tenant can make has no content. The configuration stays
# behind, because it holds keys, and whoever launches brings the newest one.
pack_volume() {
  local data
  data="$(volume_path)"
  refuse_without_room "$data"
  (cd "$data" && find . -xdev -path './openclaw.json*' -prune -o \( -type d -o -type f -o -type l \) -print0) |
    tar -C "$data" -c --null --no-recursion --verbatim-files-from -T - --format=gnu --sparse --numeric-owner |
    gzip -1 >"$(archive_file)" ||
    give_up "$LATER" not_packed "the volume could not be packed"
}

refuse_without_room() {
  local used free
  used="$(du -sk "$1" | cut -f 1)"
  free="$(df --output=avail -k "$STATE/archives" | tail -n 1)"
  ((used < free)) || give_up "$LATER" no_room "the disk has no room for an archive of $used KiB"
}

sha256_of() { sha256sum "$1" | cut -d ' ' -f 1; }

put_archive() { upload "$(archive_file)" "$TRANSFER_MAX_S"; }

# upload FILE SECONDS. The URL is a credential, so curl reads it from standard input and not from its arguments.
upload() {
  local status
  status="$(printf 'url = "%s"\nupload-file = "%s"\nheader = "Expect:"\n' "${flag[upload-url]}" "$1" |
    curl -sS -g -K - --connect-timeout 5 --max-time "$2" --proto '=http,https' -o /dev/null -w '%{http_code}' 2>/dev/null)" ||
    give_up "$LATER" not_uploaded "it could not be uploaded"
  # Also 403: the URL has expired, and the next attempt brings a new one.
  [[ "$status" == 200 ]] || give_up "$LATER" not_uploaded "the upload was answered with status $status"
}
