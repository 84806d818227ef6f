# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# A bundle is the complete openclaw.json of one instance. It holds keys: until it is in the tenant's
# own volume it lives in memory only.

bundle=''

# Also what an earlier command left when it was killed.
discard_bundle() { rm -rf "/dev/shm/bundle-${flag[project]}"; }

# The URL is a credential, so curl reads it from standard input and not from its arguments.
fetch_bundle() {
  discard_bundle
  bundle="/dev/shm/bundle-${flag[project]}"
  mkdir -m 700 "$bundle"
  trap discard_staged EXIT
  local status
  status="$(printf 'url = "%s"\n' "${flag[bundle-url]}" |
    curl -sS -g -K - --connect-timeout 5 --max-time 20 --max-filesize 1048576 --proto '=http,https' \
      -o "$bundle/openclaw.json" -w '%{http_code}' 2>/dev/null)" ||
    give_up "$LATER" bundle_unavailable "the bundle could not be fetched"
  # Also 403: the URL has expired, and the next attempt brings a new one.
  [[ "$status" == 200 ]] || give_up "$LATER" bundle_unavailable "the bundle was answered with status $status"
  chown -R 1000:1000 "$bundle"
  chmod 600 "$bundle/openclaw.json"
}

# With the validator of the very image that will read it: OpenClaw refuses unknown keys with exit 78,
# and a container that restarts would do so for ever.
validate_bundle() {
  local verdict
  docker rm -f "validate-${flag[project]}" >/dev/null 2>&1 || true
  verdict="$(docker run --rm --name "validate-${flag[project]}" --pull never --network none \
    --cap-drop ALL --security-opt no-new-privileges --pids-limit 512 --memory 1g --read-only \
    --tmpfs /tmp:size=64m,mode=1777 --tmpfs /home/node/.cache:size=64m,uid=1000,gid=1000,mode=700 \
    -v "$bundle:/home/node/.openclaw" \
    "${flag[image]}" openclaw config validate --json 2>/dev/null)" || true
  case "$(jq -r '.valid' <<<"$verdict" 2>/dev/null)" in
    true) ;;
    false) give_up "$INVALID" invalid_configuration "$(complaints "$verdict")" ;;
    *) give_up "$LATER" no_verdict "the validator gave no verdict" ;;
  esac
}

# Paths and messages name keys, not values.
complaints() { jq -r '[.issues[]? | "\(.path): \(.message)"] | join("; ")' <<<"$1" | cut -c1-1000; }

ensure_volume() {
  local data
  docker volume create --label "in.1mins.project=${flag[project]}" "$volume" >/dev/null
  data="$(volume_path)"
  rm -f "$data/../openclaw.json.before"
  chown 1000:1000 "$data"
  chmod 700 "$data"
}

# Staged beside the volume's data, where the tenant cannot plant a link, and renamed into place:
# the gateway watches this file and must never see half of it.
write_bundle() {
  local data
  data="$(volume_path)"
  note_configuration
  note_data_generation
  install -o 1000 -g 1000 -m 600 "$bundle/openclaw.json" "$data/../openclaw.json.new"
  cp -p "$data/../openclaw.json.new" "$data/../openclaw.json.latest"
  mv -fT "$data/../openclaw.json.new" "$data/openclaw.json" ||
    give_up "$INVALID" volume_unusable "openclaw.json in the volume is not a file"
  discard_bundle
}
