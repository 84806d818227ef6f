# shellcheck shell=bash
# Stand-ins for the services outside: payments, mail, a language model, Google, Hetzner.

start_stand_ins() {
  start_stand_in dodo-standin "$DODO_PORT" 127.0.0.1 \
    --listen "127.0.0.1:$DODO_PORT" \
    --public-url "http://localhost:$DODO_PORT" \
    --webhook-url "$APP_URL/webhooks/dodo" \
    --webhook-secret-file "$SECRETS/dodo-webhook" \
    --api-key-file "$SECRETS/dodo-api-key" \
    --ca-file "$TLS/ca.pem" \
    --state "$RUN/dodo.json" \
    --product-standard "$PRODUCT_STANDARD" --product-pro "$PRODUCT_PRO" \
    --product-dedicated "$PRODUCT_DEDICATED"
  start_stand_in mailbox "$MAILBOX_PORT" 127.0.0.1 \
    --listen "127.0.0.1:$MAILBOX_PORT" --engine-url "$AWS_ENDPOINT_URL"
  # The agents call this one, from inside their workers.
  start_stand_in model-standin "$MODEL_PORT" "$GATEWAY" --listen "$GATEWAY:$MODEL_PORT"
  start_stand_in google-standin "$GOOGLE_PORT" 127.0.0.1 \
    --listen "127.0.0.1:$GOOGLE_PORT" --public-url "$GOOGLE_URL" \
    --client-id "$GOOGLE_CLIENT_ID" --client-secret-file "$SECRETS/google-client-secret" \
    --redirect-uri "$APP_URL/api/google/callback"
  servers | xargs -r docker start >/dev/null
  # It has nothing to sell until somebody says so: PUT /_standin/modes.
  start_stand_in hetzner-standin "$HETZNER_PORT" 127.0.0.1 \
    --listen "127.0.0.1:$HETZNER_PORT" --token-file "$SECRETS/hetzner-token" --quota 0 \
    --worker-image "$(worker_tag)" --run-flags "$CDK/assets/worker/local-run-flags" \
    --realm "$HETZNER_REALM" --state "$RUN/hetzner.json"
}

# start_stand_in NAME PORT ADDRESS OPTION…
start_stand_in() {
  local name=$1 port=$2 address=$3 program
  shift 3
  program=$(binary "$name")
  start_process "$name" "$(stamp_of "$program") $*" \
    "answers http://$address:$port/_standin/health" "$program" "$@"
}

stop_stand_ins() {
  stop_process dodo-standin
  stop_process mailbox
  stop_process model-standin
  stop_process google-standin
  stop_process hetzner-standin
  servers | xargs -r docker stop --time 20 >/dev/null
}

# Keeps the servers of several stacks on this machine apart.
HETZNER_REALM=port-$HETZNER_PORT

# The servers that Hetzner's stand-in made, also after it has gone.
servers() {
  docker_answers || return 0
  docker ps -aq --filter "label=1mins.hetzner.realm=$HETZNER_REALM"
}

remove_servers() {
  servers | xargs -r docker rm --force --volumes >/dev/null
}
