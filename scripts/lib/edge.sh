# shellcheck shell=bash
# The edge: nginx, and the agent that tells it the routes.

EDGE_STATE=$RUN/edge

start_edge() {
  start_nginx
  start_edge_agent
}

start_nginx() {
  local settings files
  mapfile -t settings < <(edge_settings)
  mapfile -t files < <(find "$ROOT/edge/nginx" "$ROOT/edge/site/headers.json" "$ROOT/edge/render" \
    "$ROOT/edge/serve" "$TLS/edge.pem" "$SECRETS/front" -type f | sort)
  start_process nginx "$(stamp_of "${files[@]}") ${settings[*]}" edge_answers \
    env "${settings[@]}" "$ROOT/edge/serve"
}

# For `edge/render`.
edge_settings() {
  printf '%s\n' \
    "EDGE_STATE_DIR=$EDGE_STATE" \
    "EDGE_TLS_CERT=$TLS/edge.pem" \
    "EDGE_TLS_KEY=$TLS/edge.key" \
    "EDGE_APP_HOST=$DOMAIN" \
    "EDGE_KEY_FILE=$SECRETS/edge-key" \
    "EDGE_API_UPSTREAM=$AWS_ENDPOINT_URL/_aws/execute-api/$(output ApiId)/\$default" \
    "EDGE_FRONTEND_DIR=$SITE/dist" \
    "EDGE_FRONT_SECRET_FILE=$SECRETS/front" \
    "EDGE_HTTP_PORT=$EDGE_HTTP_PORT" \
    "EDGE_HTTPS_PORT=$EDGE_HTTPS_PORT"
}

# Any answer will do: what it says is for the smoke check.
edge_answers() {
  [[ $(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 3 --cacert "$TLS/ca.pem" \
    --resolve "$DOMAIN:$EDGE_HTTPS_PORT:127.0.0.1" "$APP_URL/") != 000 ]]
}

start_edge_agent() {
  local agent ledger wakes
  agent=$(binary edge-agent)
  ledger=$(output LedgerTable)
  wakes=$(output WakesQueueUrl)
  start_process edge-agent "$(stamp_of "$agent") $AWS_ENDPOINT_URL $ledger $wakes" edge_agent_stays \
    env AWS_ENDPOINT_URL="$AWS_ENDPOINT_URL" AWS_REGION="$AWS_REGION" \
    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true \
    "$agent" --name edge-local --routes-prefix "/1mins/$STAGE/routes" \
    --ledger-table "$ledger" --wakes-queue-url "$wakes" --state-dir "$EDGE_STATE"
}

# It serves nobody, so it is well when it has not given up.
edge_agent_stays() {
  sleep 0.5
  process_alive edge-agent
}

stop_edge() {
  stop_process edge-agent
  stop_process nginx
}
