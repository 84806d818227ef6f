# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# Watching a gateway start, or fail to.

# What a tenant's container answers is not ours: more than this is no answer.
readonly ANSWER_MAX=1000000
readonly CONFIG_EXIT=78 KILLED_EXIT=137 MAX_RESTARTS=2

# Behind a trusted proxy the gateway wants to know the client; from an address that it does not
# trust it refuses to be told. Our own address is one or the other, depending on the bundle.
probe() {
  local url="http://$1:18789$2"
  curl -fsS -m 3 -o /dev/null "$url" 2>/dev/null ||
    curl -fsS -m 3 -o /dev/null -H 'X-Forwarded-For: 203.0.113.1' "$url" 2>/dev/null
}

gateway_started() {
  look
  runs_as_asked && [[ -n "$found_address" ]] &&
    probe "$found_address" /startupz && probe "$found_address" /healthz && token_in_force
}

# A running gateway takes half a second to read what an adoption wrote; the token shows when it has.
token_in_force() {
  local token tenth
  token="$(gateway_token "$(volume_path)")"
  [[ -n "$token" ]] || return 0
  for ((tenth = 0; tenth < 20; tenth++)); do
    if accepts "$token"; then return 0; fi
    sleep 0.1
  done
  return 1
}

# gateway_token PATH: of the configuration in that volume. What a tenant wrote may be anything.
gateway_token() { timeout 5 jq -r '.gateway.auth.token | strings' "$1/openclaw.json" 2>/dev/null | head -c 1000 || true; }

accepts() { rpc "$1" health '{}' >/dev/null; }

# rpc TOKEN METHOD PARAMS: what the gateway's administration answers, if it does.
# From inside, because the gateway locks an address out after ten wrong tokens, but not its own.
rpc() {
  local data="{\"method\":\"$2\",\"params\":$3}"
  timeout 10 docker exec -i "$container" curl -fsS -m 5 -K - 2>/dev/null <<-TEXT | head -c "$ANSWER_MAX"
	url = "http://127.0.0.1:18789/api/v1/admin/rpc"
	header = "Authorization: Bearer $1"
	header = "Content-Type: application/json"
	data = "${data//\"/\\\"}"
	TEXT
}

# Until the gateway is seen started; ends the command when it does not.
await_start() {
  until gateway_started; do
    refuse_below_container
    refuse_below_tombstone
    stop_if_hopeless
    (($SECONDS < $1)) || give_up "$LATER" not_started "the gateway has not started yet"
    sleep 0.25
  done
  free_boot_slot
}

# Waits without the lock; then the gateway has started, and the lock is held.
await_settled() {
  await_start $((SECONDS + ${flag[wait]}))
  lock_project
  refuse_below_tombstone
  refuse_below_container
}

# The same; and it has the CPUs that it is sold with.
await_capped() {
  await_settled
  cap_cpus
}

# From the last start of the container, or its adoption, until now.
boot_ms() {
  local started
  started="$(date -d "$found_started" +%s%3N)"
  echo $(($(date +%s%3N) - (adopted_ms > started ? adopted_ms : started)))
}

# Exit codes of this container so far, oldest first. The state shows only the last one, and only
# until the restart.
exit_codes() {
  docker events --since "$(inspect '{{.Created}}')" --until "$(date +%s)" \
    --filter "container=$(inspect '{{.Id}}')" --filter event=die --format '{{.Actor.Attributes.exitCode}}'
}

# A gateway that cannot start is stopped, because a crash loop would take the CPU of its neighbours.
stop_if_hopeless() {
  local last
  [[ -n "$found_generation" ]] || give_up "$LATER" not_launched "there is no container yet"
  [[ "$found_status" != running ]] || ((found_restarts > 0)) || return 0
  last="$(exit_codes | tail -n 1)"
  case "$last" in
    "$CONFIG_EXIT") stop_and_give_up "$INVALID" invalid_configuration "the gateway refused its configuration" ;;
    "$KILLED_EXIT") stop_and_give_up "$EXITED" killed "the gateway was killed, most likely for want of memory" ;;
  esac
  if ((found_restarts >= MAX_RESTARTS)) || [[ "$found_status" == exited ]]; then
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

# More is no configuration of ours: who writes that many has made them up, and is not waited for.
readonly MAX_SECRETS=200

# Every value of the configuration that is a credential by the name of its key. The one beside the volume
# was written by us; the one within may be anything, also something that never ends.
secrets() {
  local config
  for config in "$(volume_path)/../openclaw.json.latest" "$(volume_path)/openclaw.json"; do
    timeout 5 jq -r '[paths(strings) as $p
      | select([$p[] | strings] | last // "" | test("token|key|secret|password"; "i")) | getpath($p)]
      | unique[] | select(length >= 6)' "$config" 2>/dev/null || true
  done | head -n "$MAX_SECRETS"
}

# Blanks them, longest first: none may hide the rest of another one. Also in a last line without an end.
without_secrets() {
  local line secret
  local -a known=()
  mapfile -t known < <(secrets | sort -u | awk '{ print length, $0 }' | sort -rn | cut -d ' ' -f 2-)
  while IFS= read -r line || [[ -n "$line" ]]; do
    for secret in "${known[@]}"; do line="${line//"$secret"/***}"; done
    printf '%s\n' "$line"
  done
}
