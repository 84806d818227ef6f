# shellcheck shell=bash disable=SC2154 # shared with test
# A worker to test, what it talks to, and how a check is written.

failures=0 servers=''

clean_up() {
  docker rm -fv "$worker" >/dev/null 2>&1 || true
  [[ -z "$servers" ]] || kill "$servers" 2>/dev/null || true
  rm -rf "$scratch"
}

verdict() {
  local passed="$1" name="$2" detail="${3:-}"
  if [[ "$passed" == yes ]]; then
    echo "ok      $name${detail:+ ($detail)}"
  else
    echo "FAILED  $name${detail:+: $detail}"
    failures=$((failures + 1))
  fi
}

# is NAME GOT WANTED
is() {
  if [[ "$2" == "$3" ]]; then verdict yes "$1"; else verdict no "$1" "got \`$2\`, wanted \`$3\`"; fi
}

inside() { docker exec "$worker" "$@"; }

# All that `instance` ever says is kept: at the end no secret may be in it.
instance() { inside /opt/worker/bin/instance "$@" > >(tee -a "$scratch/said") 2> >(tee -a "$scratch/said" >&2); }

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }'; }

# exits NAME CODE VERB FLAGS...
exits() {
  local name="$1" wanted="$2" code=0 began=$EPOCHREALTIME
  shift 2
  said="$(instance "$@" 2>&1)" || code=$?
  if ((code == wanted)); then
    verdict yes "$name" "$(seconds_since "$began")"
  else
    verdict no "$name" "exit $code instead of $wanted: $said"
  fi
}

# Of those that a boot is lent, as many as this machine has.
all_cpus() { inside sh -c 'n=$(nproc); echo $((n < 2 ? n : 2))000000000'; }

# until_cpus PROJECT NANOCPUS: says after how long.
until_cpus() {
  local began=$EPOCHREALTIME
  for ((tenth = 0; tenth < 900; tenth++)); do
    if [[ "$(inside docker inspect -f '{{.HostConfig.NanoCpus}}' "openclaw-$1")" == "$2" ]]; then
      seconds_since "$began"
      return
    fi
    sleep 0.1
  done
  echo never
}

bundle_url() { echo "http://$gateway_address:$BUNDLE_PORT/$1?X-Amz-Signature=$SIGNATURE"; }

# launch_flags HOLDER GENERATION PORT BUNDLE [MEMORY HEAP]
launch_flags() {
  launch=(launch --project "$1" --instance "ins_${1#*_}-$2" --generation "$2" --port "$3"
    --memory-mib "${5:-2048}" --cpus 0.750 --boot-cpus 2 --heap-mib "${6:-1024}" --image "$AGENT"
    --bundle-url "$(bundle_url "$4")" --edge-cidr "$gateway_address/32" --model-egress "$gateway_address:$MODEL_PORT"
    --configuration "$([[ "$1" == blk_* ]] && echo 0 || echo 1)")
}

# configure_flags PROJECT GENERATION VERSION BUNDLE
configure_flags() {
  configure=(configure --project "$1" --generation "$2" --image "$AGENT" --bundle-url "$(bundle_url "$4")" --configuration "$3" --wait 30)
}

# adopt_flags PROJECT GENERATION BLANK [BUNDLE]
adopt_flags() {
  adopt=(adopt --project "$1" --instance "ins_${1#*_}-$2" --generation "$2" --blank "$3" --memory-mib 2560 --cpus 0.750 --boot-cpus 2
    --bundle-url "$(bundle_url "${4:-good.json}")" --edge-cidr "$gateway_address/32" --model-egress "$gateway_address:$MODEL_PORT"
    --configuration 1)
}

make_bundles() {
  jq --arg token "$TOKEN" --arg key "$KEY" --arg edge "$gateway_address/32" --arg model "http://$gateway_address:$MODEL_PORT/v1" '
    .gateway.auth.token = $token | .gateway.trustedProxies = [$edge]
    | .gateway.publicOrigin = "https://bot-one.1mins.localhost:8443"
    | .gateway.controlUi.allowedOrigins = [.gateway.publicOrigin]
    | .models.providers.platform.baseUrl = $model | .models.providers.platform.apiKey = $key
  ' ../agent/warm/openclaw.json >"$scratch/good.json"
  jq '.gateway.bogus = true' "$scratch/good.json" >"$scratch/unknown-key.json"
  jq --arg key "$OWN_KEY" '
    .models.providers.openrouter = {baseUrl: .models.providers.platform.baseUrl, api: "openai-completions", apiKey: $key, models: []}
    | .agents.defaults.model = {primary: "openrouter/some/model", fallbacks: [.agents.defaults.model.primary]}
  ' "$scratch/good.json" >"$scratch/own.json"
  jq '.channels.telegram = {enabled: false, bogus: true}' "$scratch/own.json" >"$scratch/bad-channel.json"
  jq 'del(.gateway.auth)' "$scratch/good.json" >"$scratch/no-auth.json"
  jq --arg token "$BLANK_TOKEN" --arg edge "$gateway_address/32" '
    .gateway.auth.token = $token | .gateway.trustedProxies = [$edge]
    | .gateway.publicOrigin = "https://blank.invalid" | .gateway.controlUi.allowedOrigins = [.gateway.publicOrigin]
  ' ../agent/warm/openclaw.json >"$scratch/blank.json"
}

start_worker() {
  local -a flags
  mapfile -t flags <local-run-flags
  docker run -d --init --name "$worker" "${flags[@]}" "$1" >/dev/null
  address="$(docker inspect -f '{{.NetworkSettings.IPAddress}}' "$worker")"
}

# as_edge PATH CURL_FLAGS...; `port` is the gateway's on the worker.
as_edge() { curl -sS -m 90 -H 'X-Forwarded-For: 203.0.113.9' "http://$address:${port:-18789}$1" "${@:2}"; }

chat() {
  as_edge /v1/chat/completions -H "Authorization: Bearer $TOKEN" -H 'content-type: application/json' \
    -d '{"model":"openclaw","user":"test","messages":[{"role":"user","content":"ping"}]}' |
    jq -r '.choices[0].message.content'
}

# status_with TOKEN: what the gateway answers to who has it.
status_with() {
  as_edge /api/v1/admin/rpc -H "Authorization: Bearer $1" -H 'content-type: application/json' \
    -d '{"method":"health","params":{}}' -o /dev/null -w '%{http_code}'
}

# reaches BODY URL: what a tenant's container sees there, an HTTP status, or 000 for no answer.
reaches() {
  inside docker exec "openclaw-prj_$1" curl -sS -m 3 -o /dev/null -w '%{http_code}' "$2" 2>/dev/null || true
}

setting() { inside docker inspect -f "$2" "openclaw-prj_$1"; }

# left_of WORDS...: names of containers, volumes and networks that have one of them.
left_of() {
  local word
  for word in "$@"; do
    inside sh -c "docker ps -a --format '{{.Names}}' -f name=$word; docker volume ls -q -f name=$word; docker network ls --format '{{.Name}}' -f name=$word"
  done
}
