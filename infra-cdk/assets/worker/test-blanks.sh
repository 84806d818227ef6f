# shellcheck shell=bash disable=SC2154 # shared with test
# Blanks: booted, warmed, adopted; and every way in which that can be cut off.

figure() { echo "figure  $1: $2"; }

# timed NAME COMMAND...: prints the figure and keeps what the command said in `said`.
timed() {
  local name="$1" began=$EPOCHREALTIME
  shift
  said="$("$@")"
  figure "$name" "$(seconds_since "$began")"
}

boot_blank() {
  launch_flags "$1" 1 "$2" blank.json
  exits "a blank is launched" 0 "${launch[@]}"
}

# database_rows CONTAINER WORDS...: rows of the gateway's databases that have one of them.
database_rows() {
  local container="$1"
  shift
  docker exec -i "$worker" docker exec -i "$container" node --no-warnings --input-type=module - "$@" <test-traces.mjs ||
    echo "could not look"
}

sessions() {
  inside docker exec "$1" node --no-warnings --input-type=module -e "
    import { connect } from '/opt/warm/gateway.mjs';
    const gateway = await connect('$TOKEN');
    console.log((await gateway.call('sessions.list', {})).sessions.map(({ key }) => key).join(' '));
    gateway.close();"
}

a_blank_is_made_warm() {
  boot_blank blk_one 18800
  exits "it is made warm" 0 warm --project blk_one --generation 1 --cpus 0.750 --wait 120
  figure "boot of a blank" "$(jq -r .boot_ms <<<"$said") ms"
  figure "its warm-up" "$(jq -r .warm_ms <<<"$said") ms"
  is "its CPU is capped and yields to others" "$(inside docker inspect -f '{{.HostConfig.NanoCpus}} {{.HostConfig.CpuShares}}' openclaw-blk_one)" '750000000 128'
  is "it is listed as a blank" "$(instance list | jq -c '.instances[] | {holder, instance, generation, state, port, restarts, oom}')" \
    '{"holder":"blk_one","instance":"ins_one-1","generation":1,"state":"running","port":18800,"restarts":0,"oom":false}'
  is "nothing names the session of the warm-up, and memory holds nothing of it" "$(database_rows openclaw-blk_one openai-user 'User: warm' sessions/main)" ''
  is "nor is there a file of it" "$(inside docker exec openclaw-blk_one sh -c 'ls .openclaw/agents/main/sessions /tmp/openclaw/session-archive-read-cache 2>/dev/null')" ''
  is "what warmed it is not the tenant's to change" "$(inside docker exec openclaw-blk_one sh -c 'find /opt/warm -writable -o ! -user root')" ''
}

adoption_that_cannot_be() {
  adopt_flags prj_eins 1 blk_absent
  exits "there is no such blank" 69 "${adopt[@]}"
  adopt_flags prj_eins 1 blk_one absent.json
  exits "a bundle that is not there may be tried again" 75 "${adopt[@]}"
  is "neither changed anything" "$(inside ls /var/lib/1mins-worker/adopted 2>/dev/null; instance list | jq -r '.instances[].holder')" 'blk_one'
  exits "a project's generation is not a blank's" 64 await --project blk_one --generation 2 --cpus 1 --wait 1
}

a_project_adopts_it() {
  local began=$EPOCHREALTIME
  port=18800
  adopt_flags prj_eins 1 blk_one
  exits "a project adopts it" 0 "${adopt[@]}"
  exits "and its configuration is in force" 0 await --project prj_eins --generation 1 --cpus 0.750 --wait 30
  figure "claim: adopt and await" "$(seconds_since "$began")"
  timed "first chat after the claim" chat
  is "it answers with the project's token and the project's key" "$said" PONG
  timed "second chat" chat
  is "and again" "$said" PONG
  is "the blank's token is refused" "$(status_with "$BLANK_TOKEN")" 401
  is "only the tenant's session is listed" "$(sessions openclaw-prj_eins)" 'agent:main:openai-user:test'
  is "there is no trace of the warm-up" "$(database_rows openclaw-prj_eins openai-user:warm 'User: warm')" ''
  is "memory and share are what was sold" "$(setting eins '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.CpuShares}}')" \
    '2684354560 2684354560 1024'
  is "the first chat has the CPUs of a boot" "$(setting eins '{{.HostConfig.NanoCpus}}')" "$(all_cpus)"
  a_loan_is_taken_back
  is "it never restarted" "$(setting eins '{{.RestartCount}}')" 0
  is "it is listed as the project's" "$(instance list | jq -c '.instances[] | [.holder, .instance, .generation, .port]')" '["prj_eins","ins_eins-1",1,18800]'
}

# Its time passes when we say so.
a_loan_is_taken_back() {
  inside sh -c 'echo "1 0" >/var/lib/1mins-worker/loans/prj_eins'
  is "they are taken back" "$([[ "$(until_cpus prj_eins 750000000)" == never ]] || echo "yes")" yes
  exits "who asks again" 0 await --project prj_eins --generation 1 --cpus 0.750 --wait 30
  is "is lent nothing more" "$(inside cat /var/lib/1mins-worker/loans/prj_eins; setting eins '{{.HostConfig.NanoCpus}}')" $'1 over\n750000000'
}

the_adopted_one_is_the_projects() {
  exits "adopting again is the same adoption" 0 "${adopt[@]}"
  is "and does nothing" "$(jq -c . <<<"$said")" '{"adopted":true,"fresh":false,"configuration":1}'
  adopt[4]=ins_other
  exits "another instance of the same generation is refused" 73 "${adopt[@]}"
  launch_flags blk_one 1 18800 blank.json
  exits "a late launch of the blank is refused" 73 "${launch[@]}"
  exits "and a late warm-up" 73 warm --project blk_one --generation 1 --cpus 1 --wait 1
  exits "removing the blank is nothing" 0 remove --project blk_one --generation 1 --purge yes
  is "and takes nothing from the project" "$(inside docker ps -q -f name=openclaw-prj_eins | wc -l) $(left_of blk_one | sort | tr '\n' ' ')" '1 openclaw-blk_one openclaw-blk_one-data '
  inside docker exec openclaw-prj_eins touch /home/node/.openclaw/kept
  launch_flags prj_eins 2 18800 good.json
  exits "a higher generation replaces it" 0 "${launch[@]}"
  is "and keeps the volume and the name of its host" "$(inside docker exec openclaw-prj_eins sh -c 'ls /home/node/.openclaw/kept; hostname')" $'/home/node/.openclaw/kept\nopenclaw-one'
  is "and the conversation" "$(database_rows openclaw-prj_eins openai-user:test | grep -c '^session_nodes$')" 1
  exits "an older adoption is refused" 73 "${adopt[@]}"
  adopt_flags prj_eins 3 blk_two
  exits "a project with data of its own does not adopt" 73 "${adopt[@]}"
  exits "removed without its data" 0 remove --project prj_eins --generation 2 --purge no
  is "it keeps the volume" "$(left_of prj_eins blk_one)" openclaw-blk_one-data
  exits "removed with its data" 0 remove --project prj_eins --generation 2 --purge yes
  is "nothing is left of either" "$(left_of prj_eins blk_one; inside ls /var/lib/1mins-worker/adopted)" ''
}

# Programs that kill who called them when they have done what FAULT says.
install_faults() {
  # shellcheck disable=SC2016 # expanded in the worker
  inside sh -c 'mkdir -p /tmp/faults; for name in mv docker; do
    printf "#!/bin/bash\n%s \"\$@\"; code=\$?\n[[ \"\$*\" != *\$FAULT* ]] || kill -9 \$PPID\nexit \$code\n" "$(command -v $name)" >/tmp/faults/$name
  done; chmod 755 /tmp/faults/*'
}

# cut_off FAULT: the adoption ends there, as if the machine had been switched off.
cut_off() {
  local code=0
  docker exec -e "FAULT=$1" -e PATH=/tmp/faults:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$worker" \
    /opt/worker/bin/instance "${adopt[@]}" >/dev/null 2>&1 || code=$?
  is "an adoption is cut off after: $1" "$code" 137
}

await_blank() { exits "a blank starts" 0 await --project "$1" --generation 1 --cpus 0.750 --wait 150; }

adoption_is_healed() {
  local step
  install_faults
  boot_blank blk_two 18801
  adopt_flags prj_zwei 1 blk_two
  exits "a blank that boots is not adopted yet" 75 "${adopt[@]}"
  await_blank blk_two
  for step in adopted/prj_zwei.new tombstones/blk_two.new openclaw.json.new rename update; do
    cut_off "$step"
    exits "which is no start" 75 await --project prj_zwei --generation 1 --cpus 1 --wait 0
  done
  exits "the next attempt heals it" 0 "${adopt[@]}"
  exits "and its configuration is in force" 0 await --project prj_zwei --generation 1 --cpus 0.750 --wait 30
  port=18801
  is "with the project's token" "$(status_with "$TOKEN") $(status_with "$BLANK_TOKEN")" '200 401'
  exits "it is removed, state and all" 0 remove --project prj_zwei --generation 1 --purge yes
  is "nothing is left of either" "$(left_of prj_zwei blk_two)" ''
}

adoption_is_taken_back() {
  boot_blank blk_three 18802
  await_blank blk_three
  adopt_flags prj_drei 1 blk_three
  cut_off adopted/prj_drei.new
  exits "the blank's removal leaves it to the project's" 0 remove --project blk_three --generation 1 --purge yes
  is "so the blank is still there" "$(left_of blk_three | wc -l)" 3
  exits "the project's removal finds the blank" 0 remove --project prj_drei --generation 1 --purge yes
  is "and nothing is left of either" "$(left_of prj_drei blk_three; inside ls /var/lib/1mins-worker/adopted)" ''
  exits "a late adoption is refused" 73 "${adopt[@]}"
}
