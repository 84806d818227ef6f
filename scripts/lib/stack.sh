# shellcheck shell=bash
# The stacks on the engine, and the processes around it.

CDK=$ROOT/infra-cdk
OUTPUTS=$RUN/outputs.json
PRODUCT_STANDARD=pdt_standard
PRODUCT_PRO=pdt_pro
PRODUCT_DEDICATED=pdt_dedicated

# What the local stage must know of this machine, and what the environment may say of it, as JSON;
# `infra-cdk/bin/stages.ts` reads these.
cdk_settings() {
  printf '%s\n' \
    "ONEMINS_STAGE=$STAGE" \
    "ONEMINS_WORKER_AMI=$1" \
    "ONEMINS_DOMAIN=$DOMAIN" \
    "ONEMINS_APP_URL=$APP_URL" \
    "ONEMINS_INSTANCE_URL_PORT=:$EDGE_HTTPS_PORT" \
    "ONEMINS_DODO_URL=http://127.0.0.1:$DODO_PORT" \
    "ONEMINS_GOOGLE_URL=$GOOGLE_URL" \
    "ONEMINS_GOOGLE_CLIENT_ID=$GOOGLE_CLIENT_ID" \
    "ONEMINS_MODEL_URL=http://$GATEWAY:$MODEL_PORT/v1" \
    "ONEMINS_MODEL_EGRESS=$GATEWAY:$MODEL_PORT" \
    "ONEMINS_PROVIDERS_URL=http://$GATEWAY:$MODEL_PORT" \
    "ONEMINS_EDGE_CIDR=$GATEWAY/32" \
    "ONEMINS_ENGINE_FOR_WORKERS=$GATEWAY:$ENGINE_PORT" \
    "ONEMINS_WARM_POOL=${ONEMINS_WARM_POOL:-}" \
    "ONEMINS_OFFERINGS=${ONEMINS_OFFERINGS:-}" \
    "ONEMINS_HETZNER_URL=http://127.0.0.1:$HETZNER_PORT/v1" \
    "ONEMINS_FUNCTIONS=$CARGO_TARGET_DIR/lambda"
}

# Where the engine itself remembers what was deployed: it may have lost both, after a kill.
STAMP_PARAMETER=/1mins/$STAGE/deployed

# Deploys when anything that it deploys has changed since the last time.
deploy() {
  local ami=$1 stamp deployed
  stamp=$(deployment_stamp "$ami")
  deployed=$(aws ssm get-parameter --name "$STAMP_PARAMETER" --query Parameter.Value --output text ||
    true)
  if [[ -s $OUTPUTS && $deployed == "$stamp" ]]; then return 0; fi
  mapfile -t settings < <(cdk_settings "$ami")
  run_cdk "${settings[@]}" || explain_failed_deployment
  mv "$OUTPUTS.new" "$OUTPUTS"
  aws ssm put-parameter --name "$STAMP_PARAMETER" --type String --overwrite --value "$stamp" >/dev/null
}

# A subshell of its own, for the folder and the settings. Called in a condition, so it has no errexit.
run_cdk() (
  local cdk=(node_modules/.bin/cdk --no-notices --output "$RUN/cdk.out" -c "stage=$STAGE")
  local setting
  for setting in "$@"; do export "${setting?}"; done
  cd "$CDK" && bootstrap_once "${cdk[@]}" &&
    "${cdk[@]}" deploy --all --require-approval never --concurrency 4 --outputs-file "$OUTPUTS.new"
)

bootstrap_once() {
  aws cloudformation describe-stacks --stack-name CDKToolkit >/dev/null 2>&1 ||
    "$@" bootstrap aws://000000000000/us-east-1
}

explain_failed_deployment() {
  tail -n 25 "$PHASE_LOGS/deploy.log" | sed 's/^/    /' >&3
  die "The stacks could not be deployed." \
    "If something exists already: a stack was rebuilt under other names. In the cloud that takes a" \
    "migration; here, scripts/down --purge forgets the old one, and scripts/up makes the new."
}

deployment_stamp() {
  {
    cdk_settings "$1"
    find "$CDK/bin" "$CDK/lib" "$CDK/assets" "$CDK/cdk.json" "$CDK/package-lock.json" -type f -print0 |
      sort -z | xargs -0 sha256sum
    local name
    for name in $(function_names); do sha256sum "$CARGO_TARGET_DIR/lambda/$name/bootstrap"; done
  } | sha256sum | cut -c1-16
}

# output KEY: one value of the stacks' outputs, by the key's name in whichever stack has it.
output() {
  jq -er --arg key "$1" '[.[] | .[$key] // empty] | first // empty' "$OUTPUTS" || die \
    "The stacks have no output named $1." "Look into $OUTPUTS."
}
