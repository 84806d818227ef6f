# The floor: one agent, started by hand with the limits of the Standard plan and nothing around it.
# Prints the milliseconds from `docker run` until the gateway says that it has started.
set -euo pipefail
image="$1" name="bench-floor-$$"
trap 'docker rm -f "$name" >/dev/null 2>&1 || true; docker volume rm -f "$name" >/dev/null 2>&1 || true' EXIT

docker volume create "$name" >/dev/null
docker run --rm -i --network none --user 0 -v "$name:/data" "$image" \
  sh -c 'umask 077; cat >/data/openclaw.json; chown -R 1000:1000 /data' <<'JSON'
{
  "gateway": {
    "mode": "local", "bind": "lan", "port": 18789,
    "auth": { "mode": "token", "token": "bench-only-bench-only-bench-only-bench-only" },
    "trustedProxies": ["127.0.0.1"],
    "controlUi": { "enabled": true, "allowedOrigins": ["https://bench.invalid"] },
    "http": { "endpoints": { "chatCompletions": { "enabled": true } } }
  },
  "discovery": { "mdns": { "mode": "off" } },
  "update": { "checkOnStart": false }
}
JSON

cpus="$(awk -v have="$(nproc)" 'BEGIN { print have < 2 ? have : 2 }')"
began="$(date +%s%3N)"
docker run -d --name "$name" --pull never --init \
  --cap-drop ALL --security-opt no-new-privileges --pids-limit 512 \
  --memory 1536m --memory-swap 1536m --cpus "$cpus" \
  --read-only --tmpfs '/tmp:size=256m,mode=1777' \
  --tmpfs '/home/node/.cache:size=64m,uid=1000,gid=1000,mode=700' \
  -v "$name:/home/node/.openclaw" -e OPENCLAW_DISABLE_BONJOUR=1 -e AWS_EC2_METADATA_DISABLED=true \
  -e NODE_OPTIONS=--max-old-space-size=768 \
  "$image" openclaw gateway --bind lan --port 18789 >/dev/null
address="$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$name")"
until curl -fsS -m 3 -o /dev/null "http://$address:18789/startupz" 2>/dev/null; do
  if (($(date +%s%3N) - began > 180000)); then
    docker logs --tail 20 "$name" >&2
    exit 1
  fi
  sleep 0.1
done
echo $(($(date +%s%3N) - began))
