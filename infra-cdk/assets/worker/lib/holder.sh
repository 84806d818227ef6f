# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# Who holds what: a project or a blank, its locks, its tombstone, and what a project took over.
#
# Names follow from the holder, so that a repeated command finds the earlier one's work. A project that
# adopted a blank keeps the blank's volume, because volumes cannot be renamed; a note says so.

container='' volume='' host=''
# Of the note; empty without one. `configured` is `false` until the project's configuration is in.
blank='' adopted_as='' adopted_generation='' adopted_ms='' configured=''

read_note() {
  blank='' adopted_as='' adopted_generation='' adopted_ms='' configured=''
  [[ -e "$STATE/adopted/${flag[project]}" ]] || return 0
  read -r blank adopted_as adopted_generation adopted_ms configured < <(
    jq -r '[.blank, .instance, .generation, .adopted_ms, .configured] | map(tostring) | join(" ")' "$STATE/adopted/${flag[project]}"
  )
}

name_things() {
  container="openclaw-${flag[project]}"
  volume="openclaw-${blank:-${flag[project]}}-data"
  # The gateway knows its state by the host's name as well.
  host="${blank:-${flag[project]}}"
  host="openclaw-${host#*_}"
}

# write_note CONFIGURED: from here on the blank is the project's.
write_note() {
  blank="${flag[blank]}" adopted_as="${flag[instance]}" adopted_generation="${flag[generation]}" configured="$1"
  adopted_ms="${adopted_ms:-$(date +%s%3N)}"
  write_atomically "$STATE/adopted/${flag[project]}" "$(printf '{"project":"%s","blank":"%s","instance":"%s","generation":%s,"adopted_ms":%s,"configured":%s}' \
    "${flag[project]}" "$blank" "$adopted_as" "$adopted_generation" "$adopted_ms" "$configured")"
  name_things
}

# Last of all in a purge: it is what names the volume.
forget_note() { rm -f "$STATE/adopted/${flag[project]}"; }

write_atomically() {
  [[ -d "${1%/*}" ]] || mkdir -p "${1%/*}"
  printf '%s\n' "$2" >"$1.new"
  mv -f "$1.new" "$1"
}

is_blank() { [[ "${flag[project]}" == blk_* ]]; }

# Whether some project took this blank over.
is_adopted() { grep -qs "\"blank\":\"$1\"" "$STATE"/adopted/prj_*; }

# One act at a time for each holder. The kernel drops the lock with the process.
lock() {
  [[ -d "$STATE/locks" ]] || mkdir -p "$STATE/locks"
  exec {held}>"$STATE/locks/$1"
  flock -w "$LOCK_WAIT_S" "$held" || give_up "$LATER" busy "another command is at work on \`$1\`"
}

lock_project() {
  lock "${flag[project]}"
  look
}

unlock_project() { exec {held}>&-; }

tombstone() { cat "$STATE/tombstones/$1" 2>/dev/null || echo -1; }

# bury HOLDER GENERATION: nothing of this generation or a lower one may be launched any more.
bury() { (($2 <= $(tombstone "$1"))) || write_atomically "$STATE/tombstones/$1" "$2"; }

refuse_below_tombstone() {
  local grave
  grave="$(tombstone "${flag[project]}")"
  ((${flag[generation]} > grave)) ||
    give_up "$FENCED" fenced "generation ${flag[generation]} was removed (tombstone $grave)"
}

refuse_below_container() {
  [[ -z "$found_generation" ]] || ((found_generation <= ${flag[generation]})) ||
    give_up "$FENCED" fenced "generation $found_generation is newer than ${flag[generation]}"
}

# Acts that have an undo are numbered within their generation. Which was the last, and how it ended, is
# noted before anything is done: a late one finds that and loses.
act_number=-1 act_end=''

# read_act KIND: -1 without one of this generation.
read_act() {
  local generation number end
  act_number=-1 act_end=''
  read -r generation number end < <(cat "$STATE/$1/${flag[project]}" 2>/dev/null) || return 0
  [[ "$generation" != "${flag[generation]}" ]] || act_number="$number" act_end="$end"
}

# begin_act KIND END: END is `done`, or `undone` for the undo.
begin_act() {
  read_act "$1"
  ((${flag[number]} > act_number)) ||
    { ((${flag[number]} == act_number)) && [[ "$2" == undone || "$act_end" == done ]]; } ||
    give_up "$FENCED" fenced "number ${flag[number]} of $1 is over: $act_number was $act_end"
  write_atomically "$STATE/$1/${flag[project]}" "${flag[generation]} ${flag[number]} $2"
}

forget_acts() { rm -f "$STATE"/{halts,resizes}/"${flag[project]}"; }

# What Docker and the note say of the holder's container; all empty when there is none.
found_generation='' found_instance='' found_configured='' found_status='' found_restarts='' found_address='' found_started=''

# Labels cannot be changed, so those of an adopted container are the blank's, and the note has the
# project's.
look() {
  local owner
  read_note
  name_things
  IFS='|' read -r owner found_generation found_instance found_status found_restarts found_address found_started < <(
    inspect '{{index .Config.Labels "in.1mins.project"}}|{{index .Config.Labels "in.1mins.generation"}}|{{index .Config.Labels "in.1mins.instance"}}|{{.State.Status}}|{{.RestartCount}}|{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}|{{.State.StartedAt}}'
  ) || true
  found_configured=true
  if [[ "${owner:-${flag[project]}}" != "${flag[project]}" ]]; then
    found_generation="$adopted_generation" found_instance="$adopted_as" found_configured="$configured"
  fi
}

# An adoption that was cut off leaves a container with the blank's configuration.
runs_as_asked() { [[ "$found_generation" == "${flag[generation]}" && "$found_configured" == true ]]; }
