# shellcheck shell=bash disable=SC2154 # shared with test
# Configurations: taken over by a gateway that runs, refused, and late.

# What is in force: whose key is used, and that nothing was restarted for it.
in_force() { echo "$(chat) $(setting one '{{.RestartCount}} {{.State.StartedAt}}')"; }

the_file() { inside docker exec openclaw-prj_one sha256sum /home/node/.openclaw/openclaw.json; }

configurations_are_taken_over() {
  local started before began
  started="$(setting one '{{.RestartCount}} {{.State.StartedAt}}')"
  began=$EPOCHREALTIME
  configure_flags prj_one 1 2 own.json
  exits "a gateway that runs takes a configuration over" 0 "${configure[@]}"
  figure "configure" "$(seconds_since "$began")"
  is "and says which" "$(jq -c . <<<"$said")" '{"configured":true,"configuration":2}'
  is "the customer's own key is used, without a restart" "$(in_force)" "OWN $started"
  is "its file is its own" "$(inside docker exec openclaw-prj_one stat -c '%a %u:%g' /home/node/.openclaw/openclaw.json)" '600 1000:1000'
  exits "the same again is the same" 0 "${configure[@]}"
  launch_flags prj_one 1 18789 good.json
  exits "a late launch of this generation" 0 "${launch[@]}"
  is "says what is there" "$(jq -c . <<<"$said")" '{"launched":true,"fresh":false,"configuration":2}'
  configurations_that_are_refused
  is "the customer's own key is still used, without a restart" "$(in_force)" "OWN $started"
  configure_flags prj_one 1 4 good.json
  exits "back to the platform's model" 0 "${configure[@]}"
  is "without a restart" "$(in_force)" "PONG $started"
  is "nothing is kept but the latest" "$(inside sh -c 'cd /var/lib/docker/volumes/openclaw-prj_one-data && ls -A')" $'_data\ngeneration\nlimits\nopenclaw.json.latest'
}

configurations_that_are_refused() {
  before="$(the_file)"
  configure_flags prj_one 1 1 good.json
  exits "an older configuration is late" 73 "${configure[@]}"
  configure_flags prj_one 0 3 good.json
  exits "and so is one of an older generation" 73 "${configure[@]}"
  configure_flags prj_one 2 3 good.json
  exits "one of a generation to come has to wait" 75 "${configure[@]}"
  configure_flags prj_none 1 3 good.json
  exits "and one for what does not run here" 75 "${configure[@]}"
  configure_flags blk_none 1 3 good.json
  exits "a blank has none" 64 "${configure[@]}"
  configure_flags prj_one 1 3 absent.json
  exits "what cannot be fetched may be tried again" 75 "${configure[@]}"
  configure_flags prj_one 1 3 unknown-key.json
  exits "what the validator refuses is invalid" 65 "${configure[@]}"
  configure_flags prj_one 1 3 bad-channel.json
  exits "and so is what only the gateway refuses" 65 "${configure[@]}"
  is "what was there is there again" "$(the_file)" "$before"
}
