# shellcheck shell=bash disable=SC2154 # shared with test
# Signs of life, to a metadata service and a table that check what they get.

heartbeat() { inside /opt/worker/bin/heartbeat 2>&1; }

last_beat() { tail -n 1 "$scratch/heartbeats"; }

# beat JQ_EXPRESSION: of the last request that the table saw.
beat() { last_beat | jq -r "$1"; }

no_table_no_heartbeat() {
  is "without a table there is no heartbeat, and one says so" "$(heartbeat)" 'heartbeat: /etc/1mins-worker.env names no HEARTBEAT_TABLE, so there are none'
  is "once" "$(heartbeat)" ''
}

# As the user data of the local stage does.
write_environment() {
  inside sh -c "cat >/etc/1mins-worker.env <<-END
	export AWS_DEFAULT_REGION=us-east-1
	IMDS_TARGET=$gateway_address:$CLOUD_PORT
	HEARTBEAT_TABLE=fleet
	DYNAMODB_URL=http://$gateway_address:$CLOUD_PORT
	AGENT_IMAGE=$AGENT
	END"
}

the_worker_says_that_it_lives() {
  no_table_no_heartbeat
  write_environment
  for ((tenth = 0; tenth < 100; tenth++)); do
    [[ ! -s "$scratch/heartbeats" ]] || break
    sleep 0.1
  done
  is "once it is told where, it beats by itself" "$(beat '.method + " " + .target + " " + .type')" 'POST DynamoDB_20120810.PutItem application/x-amz-json-1.0'
  is "signed, with the keys of its role" "$(beat '"\(.signed) \(.token)"')" 'true metadata-token-0123456789abcdef'
  is "about the machine that it is" "$(beat '.body.TableName + " " + .body.Item.pk.S + " " + .body.Item.sk.S + " " + .body.Item.machine_id.S')" \
    'fleet HEARTBEAT#arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0 HEARTBEAT i-0123456789abcdef0'
  is "with Docker, the image and no gateway yet" "$(beat '.body.Item | "\(.docker.BOOL) \(.image.BOOL) \(.containers.S)"')" 'true true []'
  is "now, for a day" "$(beat '.body.Item | (.at_ms.N | tonumber) as $at | (now * 1000 - $at | fabs < 60000), (.expires_at_s.N | tonumber) - ($at / 1000 | floor)' | tr '\n' ' ')" 'true 86400 '
  is "with room" "$(beat '.body.Item | [.disk_free_mib.N, .memory_available_mib.N] | map(tonumber > 100)' | tr -d ' \n')" '[true,true]'
}

heartbeats_in_trouble() {
  docker exec -e DOCKER_HOST=unix:///run/none.sock "$worker" /opt/worker/bin/heartbeat
  is "one without Docker still says that it lives" "$(beat '.body.Item | "\(.docker.BOOL) \(.image.BOOL) \(.containers.S)"')" 'false false []'
  inside sh -c 'mkdir -p /var/lib/amazon/ssm /root/.aws
    echo "{\"ManagedInstanceID\":\"mi-0123456789abcdef0\",\"Region\":\"us-east-1\"}" >/var/lib/amazon/ssm/registration
    printf "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret-of-the-agent\naws_session_token = token-of-the-agent\n" >/root/.aws/credentials'
  heartbeat
  is "one that joined by itself has the agent's name and keys" "$(beat '.body.Item.pk.S + " " + .token + " \(.signed)"')" 'HEARTBEAT#mi-0123456789abcdef0 token-of-the-agent true'
  inside rm -r /var/lib/amazon /root/.aws
}

the_heartbeat_lists_containers() {
  heartbeat
  is "the heartbeat has what is listed" "$(beat '.body.Item.containers.S | fromjson | map(del(.health))')" "$(instance list | jq .instances)"
  is "and how each is" "$(beat '.body.Item.containers.S | fromjson | all(.health.run == "running")')" true
}

# By the engine, whose metadata service and whose permissions are those of the local stage.
the_engine_hears_a_worker() {
  local python="${ONEMINS_HOME:-$HOME/.cache/1mins}/venv/bin/python" answer
  if [[ ! -x "$python" ]]; then
    echo "SKIPPED a worker of the local engine: scripts/up installs the engine"
    return
  fi
  answer="$("$python" -B test-engine.py "$image" "$gateway_address" "$ENGINE_PORT" "$AGENT" 2>&1)" || true
  is "the engine hears of a worker that it started, with the keys of its role" "$(head -n 1 <<<"$answer")" 'True True []'
  figure "its first heartbeat after the purchase" "$(tail -n 1 <<<"$answer")"
}

# As on EC2, where only the machine itself may ask. What is there for the tenant without the firewall is
# that of the machine below, if any, and never the worker's.
metadata_is_for_the_worker_only() {
  is "the worker reaches its metadata service" "$(inside curl -s -m 3 -o /dev/null -w '%{http_code}' http://169.254.169.254/)" 200
  is "a tenant does not" "$(reaches two http://169.254.169.254/)" 000
  inside sh -c 'iptables -F ONEMINS-EGRESS && iptables -F ONEMINS-HOST'
  is "nor would it without the firewall" "$(reaches two http://169.254.169.254/ | sed 's/200/200 by the worker/')" "$(curl -s -m 3 -o /dev/null -w '%{http_code}' http://169.254.169.254/ || true)"
  inside /opt/worker/bin/firewall
}
