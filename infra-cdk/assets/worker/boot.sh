#!/bin/bash
# Makes a worker out of a stock Debian 12 machine, and finds nothing to do on one that is baked.
#
# Runs as user data on every start of the machine and may be run again at any time. The user data
# writes /etc/1mins-worker.env before: WORKER_ASSET_S3 is a zip of this folder, AGENT_IMAGE_S3 the
# agent image as `docker save` made it, with or without zstd. On a machine that AWS did not sell it
# also writes /etc/1mins-activation.env, and this script comes along in the user data itself.
set -euo pipefail

readonly STATE=/var/lib/1mins-worker
readonly DOCKER_WAIT_S=120 ROLE_WAIT_S=300
readonly ACTIVATION=/etc/1mins-activation.env REGISTRATION=/var/lib/amazon/ssm/registration
readonly FINGERPRINT=/var/lib/amazon/ssm/fingerprint CREDENTIALS=/root/.aws/credentials
readonly CREDENTIALS_REFRESH_S=600
readonly SSM_PACKAGE=https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/latest/debian_amd64/amazon-ssm-agent.deb

say() { echo "boot: $* ($(date -Is))"; }

has_systemd() { [[ -d /run/systemd/system ]]; }

ensure_packages() {
  local -a missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v jq >/dev/null || missing+=(jq)
  command -v curl >/dev/null || missing+=(curl)
  command -v iptables >/dev/null || missing+=(iptables)
  if [[ -n "${WORKER_ASSET_S3:-}${AGENT_IMAGE_S3:-}" ]] && has_systemd; then
    command -v aws >/dev/null || missing+=(awscli)
    command -v zstd >/dev/null || missing+=(zstd)
  fi
  ((${#missing[@]})) || return 0
  say "installs ${missing[*]}"
  apt-get -o Acquire::Retries=3 -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -qq install -y --no-install-recommends "${missing[@]}"
}

# A machine that AWS did not sell joins Systems Manager by an activation, which works once, and has a
# role from then on. All that it fetches later, it fetches with that role.
ensure_joined() {
  local waited
  if [[ -e "$ACTIVATION" && ! -e "$REGISTRATION" ]]; then
    say "joins"
    # shellcheck source=/dev/null
    . "$ACTIVATION"
    if has_systemd; then join; else join_engine; fi
  fi
  rm -f "$ACTIVATION"
  [[ -e "$REGISTRATION" ]] || return 0
  export AWS_SHARED_CREDENTIALS_FILE="$CREDENTIALS"
  if ! has_systemd; then keep_credentials; fi
  for ((waited = 0; waited < ROLE_WAIT_S; waited++)); do
    [[ -s "$CREDENTIALS" ]] && return
    sleep 1
  done
  say "the agent has no credentials"
  return 1
}

# Amazon's own tool fetches the agent, checks its signature, registers and starts it. It takes the
# code as an argument only: nobody else is on the machine yet, and the code is used up by this.
join() {
  local cli="$STATE/ssm-setup-cli"
  curl -fsS --retry 5 --retry-all-errors -o "$cli" \
    "https://amazon-ssm-$AWS_DEFAULT_REGION.s3.$AWS_DEFAULT_REGION.amazonaws.com/latest/debian_$(dpkg --print-architecture)/ssm-setup-cli"
  chmod 700 "$cli"
  "$cli" -register -activation-code "$ACTIVATION_CODE" -activation-id "$ACTIVATION_ID" -region "$AWS_DEFAULT_REGION"
  rm -f "$cli"
}

# A worker that is a container has no agent. The local engine takes its registration all the same, and
# runs commands in it as the agent would.
join_engine() {
  local answer
  mkdir -p "${REGISTRATION%/*}"
  (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$FINGERPRINT")
  answer="$(export ACTIVATION_ID ACTIVATION_CODE && jq -nc --rawfile fingerprint "$FINGERPRINT" \
    '{ActivationId: env.ACTIVATION_ID, ActivationCode: env.ACTIVATION_CODE, Fingerprint: $fingerprint}' |
    ask_engine RegisterManagedInstance)"
  jq -c --arg region "$AWS_DEFAULT_REGION" '{ManagedInstanceID: .InstanceId, Region: $region}' <<<"$answer" >"$REGISTRATION.new"
  mv "$REGISTRATION.new" "$REGISTRATION"
}

# ask_engine OPERATION: what comes in is the request, so that no secret is an argument.
ask_engine() {
  curl -fsS -m 10 --retry 5 --retry-all-errors -H 'content-type: application/x-amz-json-1.1' \
    -H "x-amz-target: AmazonSSM.$1" --data-binary @- "$AWS_ENDPOINT_URL/"
}

# The agent writes its role's credentials into this file and renews them within the hour. So does this,
# and without the lock of the boot, which must end with the boot.
keep_credentials() {
  while true; do
    if write_credentials; then
      sleep "$CREDENTIALS_REFRESH_S"
    else
      say "the engine lends no credentials"
      sleep 10
    fi
  done 9>&- &
}

write_credentials() {
  local answer
  answer="$(jq -nc --rawfile fingerprint "$FINGERPRINT" '{Fingerprint: $fingerprint}' | ask_engine RequestManagedInstanceRoleToken)" || return
  mkdir -p "${CREDENTIALS%/*}"
  (umask 077 && jq -r '"[default]\naws_access_key_id = \(.AccessKeyId)\naws_secret_access_key = \(.SecretAccessKey)\naws_session_token = \(.SessionToken)"' \
    <<<"$answer" >"$CREDENTIALS.new") && mv "$CREDENTIALS.new" "$CREDENTIALS"
}

# What an earlier boot fetched is kept until the user data names something else.
is_current() { [[ "$(cat "$STATE/$1" 2>/dev/null)" == "$2" ]]; }

ensure_worker_files() {
  [[ -n "${WORKER_ASSET_S3:-}" ]] || return 0
  [[ ! -e /opt/worker/baked ]] || return 0
  ! is_current worker-asset "$WORKER_ASSET_S3" || return 0
  say "fetches the worker's files"
  aws s3 cp --only-show-errors "$WORKER_ASSET_S3" /run/worker.zip
  mkdir -p /opt/worker
  python3 -m zipfile -e /run/worker.zip /opt/worker
  chmod 755 /opt/worker/bin/* /opt/worker/*.sh
  rm -f /run/worker.zip
  echo "$WORKER_ASSET_S3" >"$STATE/worker-asset"
}

# Before Docker, because a container that restarts with the machine must not run unguarded.
ensure_firewall() {
  /opt/worker/bin/firewall
  has_systemd || return 0
  install -m 644 /opt/worker/1mins-firewall.service /etc/systemd/system/
  systemctl daemon-reload
  systemctl enable -q 1mins-firewall.service
}

# A machine that cannot say that it lives is taken for lost.
ensure_heartbeats() {
  has_systemd || return 0
  install -m 644 /opt/worker/1mins-heartbeat.service /opt/worker/1mins-heartbeat.timer /etc/systemd/system/
  systemctl daemon-reload
  systemctl enable -q --now 1mins-heartbeat.timer
}

# After Docker, which they listen to.
ensure_listeners() {
  has_systemd || return 0
  install -m 644 /opt/worker/1mins-{boosts,deaths,disks,activity}.service /opt/worker/1mins-{disks,activity}.timer /etc/systemd/system/
  systemctl daemon-reload
  systemctl enable -q --now 1mins-boosts.service 1mins-deaths.service 1mins-{disks,activity}.timer
}

ensure_docker() {
  local waited
  if has_systemd; then systemctl enable -q --now docker.service; fi
  for ((waited = 0; waited < DOCKER_WAIT_S * 10; waited++)); do
    docker version >/dev/null 2>&1 && return
    sleep 0.1
  done
  say "Docker does not answer"
  return 1
}

ensure_agent_image() {
  [[ -n "${AGENT_IMAGE_S3:-}" ]] || return 0
  [[ ! -e /opt/worker/baked ]] || return 0
  ! is_current agent-image "$AGENT_IMAGE_S3" || return 0
  say "fetches the agent image"
  aws s3 cp --only-show-errors "$AGENT_IMAGE_S3" - | zstd -dcf | docker load
  echo "$AGENT_IMAGE_S3" >"$STATE/agent-image"
}

# The metadata service answers 404 until the machine's role has arrived.
role_has_arrived() {
  local token
  token="$(curl -fsS -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)" &&
    curl -fsS -m 2 -o /dev/null -H "X-aws-ec2-metadata-token: $token" \
      http://169.254.169.254/latest/meta-data/iam/security-credentials/
} 2>/dev/null

# Debian's image has no agent for commands. One that started before its role gives up for half an
# hour, so it is started again once the role is there.
ensure_ssm_agent() {
  has_systemd || return 0
  # It joined, so it has one.
  [[ ! -e "$REGISTRATION" ]] || return 0
  local waited
  if ! systemctl cat amazon-ssm-agent.service >/dev/null 2>&1; then
    say "installs the SSM agent"
    curl -fsS --retry 3 -o /run/ssm-agent.deb "$SSM_PACKAGE"
    dpkg -i /run/ssm-agent.deb
  fi
  for ((waited = 0; waited < ROLE_WAIT_S; waited++)); do
    role_has_arrived && break
    sleep 1
  done
  systemctl restart amazon-ssm-agent.service
}

main() {
  mkdir -p "$STATE"
  exec 9>"$STATE/boot.lock"
  flock 9
  # Written by the user data, absent on a baked worker.
  # shellcheck source=/dev/null
  if [[ -r /etc/1mins-worker.env ]]; then . /etc/1mins-worker.env; fi
  say "starts"
  ensure_packages
  ensure_joined
  ensure_worker_files
  ensure_firewall
  ensure_docker
  ensure_heartbeats
  ensure_listeners
  ensure_ssm_agent
  ensure_agent_image
  say "is done"
}

# On one line: what fetches the worker's files may put another script in this one's place meanwhile.
main; exit
