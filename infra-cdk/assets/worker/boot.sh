#!/bin/bash
# Makes a worker out of a stock Debian 12 machine, and finds nothing to do on one that is baked.
#
# Runs as user data on every start of the machine and may be run again at any time. The user data
# writes /etc/1mins-worker.env before: WORKER_ASSET_S3 is a zip of this folder, AGENT_IMAGE_S3 the
# agent image as `docker save` made it, with or without zstd.
set -euo pipefail

readonly STATE=/var/lib/1mins-worker
readonly DOCKER_WAIT_S=120 ROLE_WAIT_S=300
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
  ensure_worker_files
  ensure_firewall
  ensure_docker
  ensure_ssm_agent
  ensure_agent_image
  say "is done"
}

main
