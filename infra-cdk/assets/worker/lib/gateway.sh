# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# Watching a gateway start, or fail to.

readonly CONFIG_EXIT=78 KILLED_EXIT=137 MAX_RESTARTS=2

# Behind a trusted proxy the gateway wants to know the client; from an address that it does not
# trust it refuses to be told. Our own address is one or the other, depending on the bundle.
probe() {
  local url="http://$1:18789$2"
  curl -fsS -m 3 -o /dev/null "$url" 2>/dev/null ||
    curl -fsS -m 3 -o /dev/null -H 'X-Forwarded-For: 203.0.113.1' "$url" 2>/dev/null
}

gateway_started() {
  local address
  [[ "$(generation_on_worker)" == "${flag[generation]}" ]] || return 1
  address="$(inspect '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')"
  [[ -n "$address" ]] && probe "$address" /startupz && probe "$address" /healthz
}

# From the last start of the container until now.
boot_ms() {
  local started
  started="$(date -d "$(inspect '{{.State.StartedAt}}')" +%s%3N)"
  echo $(($(date +%s%3N) - started))
}

# Exit codes of this container so far, oldest first. The state shows only the last one, and only
# until the restart.
exit_codes() {
  docker events --since "$(inspect '{{.Created}}')" --until "$(date +%s)" \
    --filter "container=$container" --filter event=die --format '{{.Actor.Attributes.exitCode}}'
}

# A gateway that cannot start is stopped, because a crash loop would take the CPU of its neighbours.
stop_if_hopeless() {
  [[ -n "$(generation_on_worker)" ]] || give_up "$LATER" not_launched "there is no container yet"
  local restarts status last
  read -r restarts status < <(inspect '{{.RestartCount}} {{.State.Status}}')
  [[ "$status" != running ]] || ((restarts > 0)) || return 0
  last="$(exit_codes | tail -n 1)"
  case "$last" in
    "$CONFIG_EXIT") stop_and_give_up "$INVALID" invalid_configuration "the gateway refused its configuration" ;;
    "$KILLED_EXIT") stop_and_give_up "$EXITED" killed "the gateway was killed, most likely for want of memory" ;;
  esac
  if ((restarts >= MAX_RESTARTS)) || [[ "$status" == exited ]]; then
    stop_and_give_up "$EXITED" exited "the gateway exited with code ${last:-unknown}"
  fi
}

stop_and_give_up() {
  lock_project
  docker stop -t 10 "$container" >/dev/null
  unlock_project
  docker logs --tail 20 "$container" 2>&1 | without_secrets >&2
  give_up "$@"
}

# Blanks every value of the configuration that is a credential by the name of its key.
without_secrets() {
  local line secret config
  local -a secrets=()
  config="$(docker volume inspect -f '{{.Mountpoint}}' "$volume")/openclaw.json"
  mapfile -t secrets < <(jq -r '[paths(strings) as $p
    | select([$p[] | strings] | last // "" | test("token|key|secret|password"; "i")) | getpath($p)]
    | unique[] | select(length >= 6)' "$config" 2>/dev/null)
  while IFS= read -r line; do
    for secret in "${secrets[@]}"; do line="${line//"$secret"/***}"; done
    printf '%s\n' "$line"
  done
}
