# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# How many gateways boot at once. A boot is ten seconds of two CPUs: side by side all of them are late.
#
# A slot is a file that names the process which took it. It is free again when its gateway was seen
# started, when there is neither that process nor a container, and in any case after a while.

readonly BOOTS=/run/1mins-boots
readonly BOOT_MAX_S=120 SLOT_WAIT_S=75
readonly PAID_SHARES=1024 BLANK_SHARES=128

boot_slots() {
  local half=$(($(nproc) / 2))
  echo $((half > 1 ? half : 1))
}

# is_booting SLOT: the name of a slot is its holder's. An older container is one that will be replaced.
is_booting() {
  local taken status started
  taken="$(stat -c %Y "$BOOTS/$1" 2>/dev/null)" || return 1
  (($(date +%s) - taken < BOOT_MAX_S)) || return 1
  if [[ -d "/proc/$(cat "$BOOTS/$1")" ]]; then return 0; fi
  read -r status started < <(docker container inspect -f '{{.State.Status}} {{.State.StartedAt}}' "openclaw-$1" 2>/dev/null) || return 1
  [[ "$status" != exited && "$status" != dead ]] && (($(date -d "$started" +%s) >= taken))
}

# booting PATTERN: how many others of these holders boot. Who asks has the turn.
booting() {
  local slot count=0
  for slot in "$BOOTS"/$1; do
    slot="${slot##*/}"
    [[ "$slot" != "${flag[project]}" ]] || continue
    if is_booting "$slot"; then count=$((count + 1)); else rm -f "$BOOTS/$slot"; fi
  done
  echo "$count"
}

# One at a time looks for a slot; the kernel lets the others in one after the other.
take_boot_slot() {
  local deadline=$((SECONDS + SLOT_WAIT_S))
  mkdir -p "$BOOTS"
  exec 7>"$BOOTS/.turn"
  if is_blank; then
    flock -n 7 || refuse_boot
    (($(booting '*_*') == 0)) || refuse_boot
  else
    flock -w "$SLOT_WAIT_S" 7 || refuse_boot
    # A blank's boot yields the CPU, so it does not count.
    until (($(booting 'prj_*') < $(boot_slots))); do
      ((SECONDS < deadline)) || refuse_boot
      sleep 0.25
    done
  fi
  echo "$$" >"$BOOTS/${flag[project]}"
  exec 7>&-
}

refuse_boot() { give_up "$LATER" busy "other gateways are booting on this worker"; }

free_boot_slot() { rm -f "$BOOTS/${flag[project]}"; }
