# shellcheck shell=bash disable=SC2154 # shared with test
# Tenants' gateways: flags, launch, confinement, isolation, generations, removal, failures, restart.

# Something to find on the worker itself, so that a refusal proves something.
open_a_port_on_the_worker() {
  inside ip address add 169.254.169.254/32 dev lo
  inside docker run -d --name decoy --network host "$AGENT" \
    node -e 'require("http").createServer((_, answer) => answer.end()).listen(9999)' >/dev/null
}

# The metadata service is itself again: heartbeats need it.
close_the_port_on_the_worker() {
  inside docker rm -f decoy >/dev/null
  inside ip address del 169.254.169.254/32 dev lo
}

# The same probes, so that what refused them was the firewall and nothing else.
without_the_firewall() {
  inside sh -c 'iptables -F ONEMINS-EGRESS && iptables -F ONEMINS-HOST'
  is "without the firewall the other port is reachable" "$(reaches two "http://$gateway_address:$BUNDLE_PORT/good.json")" 200
  is "and the metadata service" "$(reaches two http://169.254.169.254:9999/)" 200
  inside /opt/worker/bin/firewall
  is "with it again they are not" "$(reaches two "http://$gateway_address:$BUNDLE_PORT/good.json")" 000
  close_the_port_on_the_worker
}

flags_are_checked() {
  local row name value before=$failures
  for row in project:prj_A 'project:prj_a;reboot' project:../x instance:prj_a generation:-1 generation:x port:80 \
    port:26981 memory-mib:0 cpus:0.000 cpus:a 'image:-v' bundle-url:file:///etc/passwd 'bundle-url:http://x/"' \
    edge-cidr:0.0.0.0/33 edge-cidr:::/0 model-egress:10.0.0.1 configuration:-1 configuration:x; do
    name="${row%%:*}" value="${row#*:}"
    launch_flags prj_one 1 18789 good.json
    for ((at = 1; at < ${#launch[@]}; at += 2)); do
      [[ "${launch[at]}" != "--$name" ]] || launch[at + 1]="$value"
    done
    local code=0 said
    said="$(instance "${launch[@]}" 2>&1 >/dev/null)" || code=$?
    [[ "$code" == 64 && "$said" == *"--$name"* ]] || verdict no "the flag $row is refused by name" "exit $code: $said"
  done
  is "malformed flags are refused by name" "$failures" "$before"
  exits "a missing flag is refused" 64 remove --project prj_one --generation 1
  exits "an unknown verb is refused" 64 destroy
}

a_gateway_runs() {
  launch_flags prj_one 1 18789 good.json
  exits "awaiting it again is done at once" 0 await --project prj_one --generation 1 --cpus 0.750 --wait 5
  is "the CPUs of its boot are left to its first chat" "$(setting one '{{.HostConfig.NanoCpus}}')" "$(all_cpus)"
  is "it answers as ready to the edge" "$(as_edge /startupz -o /dev/null -w '%{http_code}')" 200
  is "it chats through the worker's port" "$(chat)" PONG
  exits "launching it again is the same launch" 0 "${launch[@]}"
  is "and starts nothing" "$(tail -n 1 "$scratch/said")" '{"launched":true,"fresh":false,"configuration":1}'
  launch_flags prj_one 0 18789 good.json
  exits "a lower generation is refused" 73 "${launch[@]}"
  launch_flags prj_one 1 18789 good.json
  launch[4]=ins_other
  exits "another instance of the same generation is refused" 73 "${launch[@]}"
}

it_is_confined() {
  is "no capability, no new privilege" "$(setting one '{{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}')" '[ALL] [no-new-privileges]'
  is "limits" "$(setting one '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}')" '2147483648 2147483648 512'
  is "read-only, restarted, own name" "$(setting one '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.RestartPolicy.Name}} {{.Config.Hostname}}')" 'true unless-stopped openclaw-one'
  is "its configuration is its own" "$(inside docker exec openclaw-prj_one stat -c '%a %u:%g' /home/node/.openclaw/openclaw.json)" '600 1000:1000'
  is "nothing of the bundle is left behind" "$(inside ls /dev/shm)" ''
  is "no secret in its environment" "$(setting one '{{.Config.Env}}' | grep -cE "$TOKEN|$KEY" || true)" 0
}

it_is_isolated() {
  open_a_port_on_the_worker
  local neighbour
  neighbour="$(setting one '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')"
  is "the model is reachable" "$(reaches two "http://$gateway_address:$MODEL_PORT/v1/models")" 200
  is "another port of that address is not" "$(reaches two "http://$gateway_address:$BUNDLE_PORT/good.json")" 000
  is "the metadata service is not" "$(reaches two http://169.254.169.254:9999/)" 000
  is "the neighbour's container is not" "$(reaches two "http://$neighbour:18789/healthz")" 000
  is "the neighbour's published port is not" "$(reaches two "http://$address:18789/healthz")" 000
  is "the worker's own ports are not, by its address" "$(reaches two "http://$address:9999/")" 000
  is "nor by the bridge" "$(reaches two "http://$(setting two '{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}'):9999/")" 000
  is "private networks are not" "$(reaches two http://10.0.0.1/)$(reaches two http://192.168.0.1/)" 000000
  is "though they answer others" "$(curl -sS -m 3 -o /dev/null -w '%{http_code}' "http://$address:9999/" || true)" 200
  is "a machine that is not the edge cannot connect" "$(docker run --rm --entrypoint curl "$image" -sS -m 3 -o /dev/null -w '%{http_code}' "http://$address:18789/healthz" 2>/dev/null || true)" 000
}

a_generation_replaces_the_lower_one() {
  inside docker exec openclaw-prj_two touch /home/node/.openclaw/kept
  launch_flags prj_two 2 18790 good.json
  exits "a higher generation replaces it" 0 "${launch[@]}"
  is "and keeps the volume" "$(inside docker exec openclaw-prj_two ls /home/node/.openclaw/kept)" /home/node/.openclaw/kept
  exits "an await for the replaced one is refused" 73 await --project prj_two --generation 1 --cpus 1 --wait 1
}

removal_is_final() {
  exits "a lower removal does not touch it" 73 remove --project prj_two --generation 1 --purge yes
  exits "it is removed, state and all" 0 remove --project prj_two --generation 2 --purge yes
  exits "and again" 0 remove --project prj_two --generation 2 --purge yes
  is "nothing is left of it" "$(inside sh -c 'docker ps -aq -f name=prj_two; docker volume ls -q -f name=prj_two; docker network ls -q -f name=prj_two')" ''
  exits "a late launch is refused" 73 "${launch[@]}"
  exits "what never existed is removed" 0 remove --project prj_never --generation 3 --purge no
  launch_flags prj_never 3 18799 good.json
  exits "and its late launch is refused" 73 "${launch[@]}"
}

bad_bundles_start_nothing() {
  launch_flags prj_bad 1 18791 unknown-key.json
  exits "an unknown key is an invalid configuration" 65 "${launch[@]}"
  is "nothing was started" "$(inside docker ps -aq -f name=prj_bad)" ''
  launch_flags prj_bad 1 18791 absent.json
  exits "an absent bundle may be tried again" 75 "${launch[@]}"
  exits "what was not launched is not awaited for long" 75 await --project prj_bad --generation 1 --cpus 1 --wait 0
}

gateways_that_cannot_start() {
  launch_flags prj_refused 1 18792 no-auth.json
  exits "a configuration that only the gateway refuses is launched" 0 "${launch[@]}"
  exits "its exit is an invalid configuration" 65 await --project prj_refused --generation 1 --cpus 1 --wait 60
  launch_flags prj_small 1 18793 good.json 250
  exits "a gateway with too little memory is launched" 0 "${launch[@]}"
  exits "it is found killed" 70 await --project prj_small --generation 1 --cpus 1 --wait 90
  launch_flags prj_heap 1 18794 good.json 2048 40
  exits "a gateway with too little heap is launched" 0 "${launch[@]}"
  exits "its crash loop is found" 70 await --project prj_heap --generation 1 --cpus 1 --wait 90
  is "all three are stopped" "$(inside docker ps -q -f name=prj_refused -f name=prj_small -f name=prj_heap)" ''
}

the_worker_survives_a_restart() {
  docker restart -t 70 "$worker" >/dev/null
  address="$(docker inspect -f '{{.NetworkSettings.IPAddress}}' "$worker")"
  exits "a restarted worker is ready" 0 ready --wait 30 --image "$AGENT"
  exits "its tenant starts by itself" 0 await --project prj_one --generation 1 --cpus 0.750 --wait 150
  is "the worker reaches its metadata service again" "$(inside curl -s -m 3 -o /dev/null -w '%{http_code}' http://169.254.169.254/)" 200
  is "and the tenant is still confined" "$(reaches one http://169.254.169.254/) $(reaches one "http://$gateway_address:$MODEL_PORT/v1/models")" '000 200'
}
