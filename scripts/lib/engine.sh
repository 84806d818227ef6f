# shellcheck shell=bash
# The local AWS engine, and the workers that it runs.

ENGINE_STOP_S=90

# What a client of the engine needs. Its root key has no power anywhere else.
use_engine() {
  GATEWAY=$(bridge_address)
  [[ -n $GATEWAY ]] || die "Docker's bridge network has no address." "Try: docker network inspect bridge"
  AWS_ENDPOINT_URL=http://$GATEWAY:$ENGINE_PORT
  export AWS_ENDPOINT_URL GATEWAY
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  export AWS_EC2_METADATA_DISABLED=true AWS_PAGER=''
  # Whatever the developer has set up for the real AWS stays out of this.
  unset AWS_PROFILE AWS_SESSION_TOKEN
  export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
}

engine_answers() {
  answers "$AWS_ENDPOINT_URL/_ministack/health"
}

# On the bridge for the workers, on loopback for people; not on the machine's own addresses.
start_engine() {
  local folder=$ROOT/tests/engine
  local level=${ENGINE_LOG_LEVEL:-INFO}
  start_process engine "$(stamp_of "$folder/launcher.py" "$folder"/patches/*.py) $GATEWAY $level" \
    engine_answers env "LOG_LEVEL=$level" "$VENV/bin/python" "$folder/launcher.py" \
    --bind "$GATEWAY,127.0.0.1" --port "$ENGINE_PORT" --state "$ENGINE_STATE"
}

stop_engine() {
  stop_process engine "$ENGINE_STOP_S"
}

# ensure_worker_image: prints the id of the machine image that stands for the built worker image.
ensure_worker_image() {
  local tag id
  tag=$(worker_tag)
  id=$(aws ec2 describe-images --owners self --output text \
    --query "Images[?Name=='${tag//:/-}'].ImageId | [0]")
  if [[ -z $id || $id == None ]]; then
    id=$(aws ec2 register-image --name "${tag//:/-}" --image-location "$tag" \
      --query ImageId --output text)
  fi
  printf '%s' "$id"
}

# The containers and volumes of the engine at this port, also after it has gone.
remove_workers() {
  docker_answers || return 0
  docker ps -aq --filter label=ministack=ec2 --filter "label=ministack.instance=$(hostname):$ENGINE_PORT" |
    xargs -r docker rm --force --volumes >/dev/null
}
