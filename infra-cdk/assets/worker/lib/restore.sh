# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# A volume is filled from an archive before the first start.
#
# Beside the volume's data stands the generation that had it last. It is written when the volume is
# complete, so that a repeat unpacks again what was cut off, and never over what was started.

readonly TRANSFER_MAX_S=240

# Whether the staged archive is one that was asked for and looked at.
fetched=no

data_generation() { cat "$(volume_path)/../generation" 2>/dev/null || echo -1; }

note_data_generation() { write_atomically "$(volume_path)/../generation" "${flag[generation]}"; }

# Data of a generation after the one that was archived is newer than the archive, above all our own.
needs_restore() {
  [[ -n "${flag[restore-url]:-}" ]] || return 1
  ! has_volume || (($(data_generation) <= ${flag[restore-generation]}))
}

# Before anything is changed.
fetch_backup() {
  needs_restore || return 0
  stage_archive
  download_backup
  # Of a backup that an owner goes back to, the sum may be nowhere on record. What `gzip` and the listing
  # say of it stands for it then.
  [[ -z "${flag[restore-sha256]:-}" || "$(sha256_of "$(archive_file)")" == "${flag[restore-sha256]}" ]] ||
    give_up "$BAD_BACKUP" wrong_sum "the backup is not the one that was asked for: its SHA-256 differs"
  refuse_hostile
  fetched=yes
}

download_backup() {
  local status
  status="$(printf 'url = "%s"\n' "${flag[restore-url]}" |
    curl -sS -g -K - --connect-timeout 5 --max-time "$TRANSFER_MAX_S" --proto '=http,https' -o "$(archive_file)" -w '%{http_code}' 2>/dev/null)" ||
    give_up "$LATER" backup_unavailable "the backup could not be fetched"
  [[ "$status" == 200 ]] || give_up "$LATER" backup_unavailable "the backup was answered with status $status"
}

# Each line begins with the kind; the name follows the time. A link's target is data: see `unpack`.
refuse_hostile() {
  local listing outside
  listing="$(tar -tvzf "$(archive_file)" --numeric-owner --quoting-style=escape 2>/dev/null)" ||
    give_up "$BAD_BACKUP" bad_backup "the backup is not an archive"
  if grep -qv '^[-dlh]' <<<"$listing"; then
    give_up "$BAD_BACKUP" bad_backup "the backup holds more than files, directories and links"
  fi
  outside="$(sed -E 's/^([^ ]+ +){4}[^ ]+ //; s/ (->|link to) .*//' <<<"$listing" | grep -E '^[^.]|^\.[^/]|(^|/)\.\.(/|$)')" || true
  if [[ -n "$outside" ]]; then
    give_up "$BAD_BACKUP" bad_backup "the backup holds names from outside the volume"
  fi
}

# In the place of whatever older data is there.
restore() {
  [[ "$fetched" == yes ]] || return 0
  remove_volume
  ensure_volume
  unpack
  discard_archive
}

# By the tenant itself, as it were: in a container that has nothing but the volume, without root, so that
# no link and no name leads anywhere else.
unpack() {
  local complaint code=0
  complaint="$(docker run --rm -i --name "restore-${flag[project]}" --pull never --network none --user 1000:1000 \
    --cap-drop ALL --security-opt no-new-privileges --pids-limit 64 --memory 512m --read-only -v "$volume:/volume" \
    "${flag[image]}" tar -C /volume -xzp <"$(archive_file)" 2>&1)" || code=$?
  ((code != 0)) || return 0
  remove_volume
  # Docker's own trouble, or the machine's, says nothing of the archive.
  if ((code >= 125)) || [[ "$complaint" == *'No space left'* ]]; then
    give_up "$LATER" not_unpacked "the backup could not be unpacked"
  fi
  give_up "$BAD_BACKUP" bad_backup "the backup does not unpack into a volume"
}
