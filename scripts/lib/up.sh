# shellcheck shell=bash
# The steps of `scripts/up`.

# A cold start fills so much: 6 of compiled crates, 4 of images, 4 inside the first workers.
COLD_DISK_GB=20
WARM_DISK_GB=5

prepare_machine() {
  need_packages_to_run
  install_missing_packages
  check_tools
  prepare_cargo
  if [[ -d $CARGO_TARGET_DIR/$CARGO_BUILD_TARGET ]]; then
    check_disk $WARM_DISK_GB
  else
    check_disk $COLD_DISK_GB
    say "The first time takes 10 to 20 minutes, most of it to compile the AWS SDKs."
  fi
  check_port "$ENGINE_PORT" engine ENGINE_PORT
  check_port "$EDGE_HTTPS_PORT" nginx EDGE_HTTPS_PORT
  check_port "$EDGE_HTTP_PORT" nginx EDGE_HTTP_PORT
  check_port "$DODO_PORT" dodo-standin DODO_PORT
  check_port "$MAILBOX_PORT" mailbox MAILBOX_PORT
  check_port "$MODEL_PORT" model-standin MODEL_PORT
  check_port "$GOOGLE_PORT" google-standin GOOGLE_PORT
  check_port "$HETZNER_PORT" hetzner-standin HETZNER_PORT
  if ! start_docker; then
    mapfile -t why < <(explain_docker)
    die "${why[@]}"
  fi
}

need_packages_to_run() {
  need ca-certificates /etc/ssl/certs/ca-certificates.crt "to download over https"
  need curl curl "to see whether things answer"
  need jq jq "to read what the stacks put out"
  need openssl openssl "to make the edge's certificate"
  need iproute2 ss "to see whether ports are free"
  need procps pgrep "to stop what was started"
  need build-essential cc "to link what Rust compiles"
  need python3-venv "$(python_venv_probe)" "for the local AWS engine, which is a Python program"
  need docker.io dockerd "workers are containers here"
  need iptables iptables "Docker's networks"
  need debootstrap debootstrap "to make the worker's and the agent's images"
  need nginx-light nginx "the edge"
  need gettext-base envsubst "to fill in the edge's configuration"
  need libnginx-mod-http-lua /usr/lib/nginx/modules/ngx_http_lua_module.so "the edge's routes"
}

# A Python that did not come from Debian brings its own venv.
python_venv_probe() {
  if python3 -c 'import ensurepip, venv' 2>/dev/null; then
    echo python3
  else
    echo /no/ensurepip
  fi
}

build_everything() {
  begin_phase "images" build_images
  begin_phase "functions" build_with_packages
  await_phases
  check_built with-site
}

# One after the other: pip and npm are short, and cargo-lambda comes from pip.
build_with_packages() {
  python_packages
  node_packages
  build_site
  build_functions
}

start_everything() {
  use_engine
  ensure_secrets
  ensure_certificates 2>>"$LOGS/tls.log"
  phase "engine" start_engine
  phase "deploy" deploy_all
  phase "edge" start_edge
  phase "stand-ins" start_stand_ins
  phase "smoke check" smoke_check
}

deploy_all() {
  put_secrets
  local ami
  ami=$(ensure_worker_image)
  deploy "$ami"
  write_environment >"$RUN/env.new"
  mv "$RUN/env.new" "$RUN/env"
}

# What the demo, the tests and a curious person need: `set -a; source run/env`.
write_environment() {
  cat <<END
AWS_ENDPOINT_URL=$AWS_ENDPOINT_URL
AWS_ACCESS_KEY_ID=test
AWS_SECRET_ACCESS_KEY=test
AWS_REGION=us-east-1
AWS_DEFAULT_REGION=us-east-1
AWS_EC2_METADATA_DISABLED=true
ONEMINS_STAGE=$STAGE
ONEMINS_RUN=$RUN
ONEMINS_OUTPUTS=$OUTPUTS
APP_URL=$APP_URL
DOMAIN=$DOMAIN
EDGE_HTTPS_PORT=$EDGE_HTTPS_PORT
EDGE_ADDR=127.0.0.1
CA_FILE=$TLS/ca.pem
DODO_URL=http://127.0.0.1:$DODO_PORT
MAILBOX_URL=http://127.0.0.1:$MAILBOX_PORT
MODEL_URL=http://$GATEWAY:$MODEL_PORT
GOOGLE_URL=$GOOGLE_URL
HETZNER_URL=http://127.0.0.1:$HETZNER_PORT
END
}

smoke_check() {
  local url
  for url in "$AWS_ENDPOINT_URL/_ministack/health" "http://127.0.0.1:$DODO_PORT/_standin/health" \
    "http://127.0.0.1:$MAILBOX_PORT/_standin/health" "http://$GATEWAY:$MODEL_PORT/_standin/health" \
    "$GOOGLE_URL/_standin/health" "http://127.0.0.1:$HETZNER_PORT/_standin/health"; do
    answers "$url" || die "$url does not answer." "Look into $LOGS."
  done
  local answer
  answer=$(edge_curl "$APP_URL/api/health") || die \
    "$APP_URL/api/health does not answer through the edge." "${answer:-}" "Look into $LOGS."
  edge_curl --output /dev/null "$APP_URL/" || die \
    "The edge does not serve the site." "Is there a $SITE/dist/index.html?"
}

# The edge by its own name and authority, whatever this machine resolves or trusts.
edge_curl() {
  curl --silent --show-error --fail-with-body --max-time 30 --cacert "$TLS/ca.pem" \
    --resolve "$DOMAIN:$EDGE_HTTPS_PORT:127.0.0.1" "$@"
}

print_summary() {
  cat >&3 <<END

${BOLD}1mins.in is up$PLAIN

  The product        ${BOLD}$APP_URL$PLAIN
  Its mail           http://localhost:$MAILBOX_PORT
  Payments           http://localhost:$DODO_PORT
  Google             $GOOGLE_URL
  Local AWS          $AWS_ENDPOINT_URL   ${DIM}set -a; source $RUN/env; set +a; aws stepfunctions list-state-machines$PLAIN

  To trust its certificate in a browser, import $TLS/ca.pem
  ${DIM}(it can speak for $DOMAIN and nothing else); curl takes --cacert.$PLAIN

  The main job       scripts/up --demo
  What runs          scripts/status
  Stop               scripts/down
  Logs               $LOGS/*.log
END
}
