# shellcheck shell=bash disable=SC2004,SC2154 # shared with bin/instance
# A gateway that Docker starts again after it died has the CPUs that it is sold with, and with those it
# is gone for a minute. Until it has started it has those of a boot.

readonly BOOSTS=/run/1mins-boosts
# One that dies again within this time takes no more from its neighbours.
readonly BOOST_EVERY_S=600

boost() {
  look
  if [[ "$found_status" != running || -z "$(sold_cpus)" ]] || ! boost_is_due; then
    answer boosted false
    return
  fi
  set_cpus "${flag[boot-cpus]}"
  await_probe || true
  # It may have been sold more meanwhile, or be gone.
  set_cpus "$(sold_cpus)" 2>/dev/null || true
  answer boosted true boot_ms "$(boot_ms)"
}

boost_is_due() {
  local last
  mkdir -p "$BOOSTS"
  last="$(stat -c %Y "$BOOSTS/${flag[project]}" 2>/dev/null || echo 0)"
  (($(date +%s) - last >= BOOST_EVERY_S)) || return 1
  touch "$BOOSTS/${flag[project]}"
}

await_probe() {
  local deadline=$((SECONDS + ${flag[wait]}))
  until [[ -n "$found_address" ]] && probe "$found_address" /startupz; do
    ((SECONDS < deadline)) || return 1
    sleep 0.5
    look
  done
}
