# shellcheck shell=bash
# What the machine must offer: packages, disk, ports, Docker.

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "This needs root: $*" "Run the script as root, or install sudo."
  fi
}

MISSING_PACKAGES=()
MISSING_REASONS=()

# need PACKAGE PROBE WHY: notes a Debian package whose PROBE (a command or a file) is absent.
need() {
  local package=$1 probe=$2 why=$3
  if command -v "$probe" >/dev/null || [[ -e $probe ]]; then return 0; fi
  MISSING_PACKAGES+=("$package")
  MISSING_REASONS+=("$why")
}

# Installs what `need` noted, after saying what and why.
install_missing_packages() {
  if ((${#MISSING_PACKAGES[@]} == 0)); then return 0; fi
  command -v apt-get >/dev/null || die \
    "These packages are missing, and there is no apt-get here: ${MISSING_PACKAGES[*]}" \
    "Install them with your system's own tool, then run this again."
  say "Installing with apt-get:"
  local i
  for i in "${!MISSING_PACKAGES[@]}"; do
    say "$(printf '  %-26s %s' "${MISSING_PACKAGES[i]}" "${MISSING_REASONS[i]}")"
  done
  phase "packages" apt_install "${MISSING_PACKAGES[@]}" || exit 1
  MISSING_PACKAGES=()
  MISSING_REASONS=()
}

apt_install() {
  local apt=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -y
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
  local had_nginx=yes
  command -v nginx >/dev/null || had_nginx=no
  "${apt[@]}" update
  "${apt[@]}" install --no-install-recommends "$@" || die \
    "apt-get could not install: $*" \
    "Usually the network or a mirror: look at the log, then run this again. It continues here."
  # Debian starts a web server on port 80 when nginx is installed. Nobody asked for that one.
  if [[ $had_nginx == no && -d /run/systemd/system ]]; then
    as_root systemctl disable --now nginx 2>/dev/null || true
  fi
}

# need_tool COMMAND MINIMUM FOUND HINT: a tool that the machine must bring itself.
need_tool() {
  local command=$1 minimum=$2 found=$3 hint=$4
  [[ -n $found ]] || die "$command is not installed (needed: $minimum or newer)" "$hint"
  if [[ $(printf '%s\n%s\n' "$minimum" "$found" | sort -V | head -n 1) != "$minimum" ]]; then
    die "$command $found is too old (needed: $minimum or newer)" "$hint"
  fi
}

check_tools() {
  # Under sudo the path is root's, and Rust is usually the caller's.
  if ! command -v cargo >/dev/null && [[ -n ${SUDO_USER:-} ]]; then
    local home
    home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
    export PATH=$PATH:$home/.cargo/bin RUSTUP_HOME=${RUSTUP_HOME:-$home/.rustup}
  fi
  choose_rust
  need_tool python3 3.11 "$(version_in python3 --version)" "sudo apt-get install python3"
  need_tool node 20 "$(version_in node --version)" "See https://nodejs.org/en/download"
  need_tool npm 9 "$(version_in npm --version)" "See https://nodejs.org/en/download"
}

version_in() {
  { "$@" 2>/dev/null || true; } | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || true
}

# The toolchain that rust-toolchain.toml names, or else a default that is new enough.
choose_rust() {
  local pinned hint="See https://rustup.rs"
  pinned=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$ROOT/rust-toolchain.toml")
  if ! (cd "$ROOT" && cargo --version) >/dev/null 2>&1; then
    local default
    default=$(cd / && version_in cargo --version)
    need_tool cargo "$pinned" "$default" "$hint"
    warn "Rust $pinned cannot be had here; going on with $default"
    RUSTUP_TOOLCHAIN=$(cd / && rustup show active-toolchain | cut -d' ' -f1)
    export RUSTUP_TOOLCHAIN
  fi
  need_tool cargo "$pinned" "$(cd "$ROOT" && version_in cargo --version)" "$hint"
  CARGO_BUILD_TARGET=${CARGO_BUILD_TARGET:-$(cd "$ROOT" && rustc -vV | sed -n 's/^host: //p')}
  export CARGO_BUILD_TARGET
}

# check_disk GIB: enough space where the caches are.
check_disk() {
  local wanted=$1 free
  mkdir -p "$ONEMINS_HOME"
  free=$(df --output=avail -BG "$ONEMINS_HOME" | tail -n 1 | tr -dc '0-9')
  if ((free < wanted)); then
    die "Only $free GB are free in $ONEMINS_HOME, and this takes up to $wanted GB." \
      "Free some, or choose another place: ONEMINS_HOME=/big/disk ${0##*/}"
  fi
}

# check_port PORT NAME VARIABLE: free, or held by our own process NAME.
check_port() {
  local port=$1 name=$2 variable=$3 listener own
  listener=$(ss -Hltnp "sport = :$port" | head -n 1)
  if [[ -z $listener ]]; then return 0; fi
  if process_alive "$name"; then
    read -r own _ <"$RUN/$name.pid"
    if [[ $listener == *"pid=$own,"* ]]; then return 0; fi
  fi
  die "Port $port is taken by $(holder_of "$listener"), and $name wants it." \
    "Stop that, or choose another port: $variable=$((port + 1000)) ${0##*/}"
}

# Who listens, as `name (pid 123)`, from a line of `ss`.
holder_of() {
  if [[ $1 =~ \(\(\"([^\"]+)\",pid=([0-9]+) ]]; then
    printf '%s (pid %s)' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
  else
    printf 'another program'
  fi
}

docker_answers() {
  timeout 20 docker info >/dev/null 2>&1
}

# Starts Docker if it does not run. Fails, with the reason in DOCKER_LOG, where it cannot.
DOCKER_LOG=$ONEMINS_HOME/dockerd.log
DOCKER_PID=$ONEMINS_HOME/dockerd.pid

start_docker() {
  if docker_answers; then return 0; fi
  if [[ -S /var/run/docker.sock && ! -w /var/run/docker.sock ]]; then
    echo "this user may not use /var/run/docker.sock: run as root, or join the group docker" >"$DOCKER_LOG"
    return 1
  fi
  say "Docker does not run: starting it"
  if [[ -d /run/systemd/system ]]; then
    as_root systemctl start docker >"$DOCKER_LOG" 2>&1 || as_root journalctl -u docker -n 20 >>"$DOCKER_LOG" 2>&1
  else
    as_root sh -c "setsid dockerd >'$DOCKER_LOG' 2>&1 </dev/null 3>&- 9>&- & echo \$! >'$DOCKER_PID'"
  fi
  local waited
  for ((waited = 0; waited < 60; waited++)); do
    if docker_answers; then return 0; fi
    if [[ -s $DOCKER_PID ]] && ! as_root kill -0 "$(cat "$DOCKER_PID")" 2>/dev/null; then break; fi
    sleep 1
  done
  return 1
}

explain_docker() {
  printf '%s\n' \
    "Docker runs the workers and cannot be started here. What it said last:" \
    "$(grep -v level=info "$DOCKER_LOG" 2>/dev/null | tail -n 3 | cut -c1-300 | sed 's/^/  /')" \
    "It needs root with CAP_SYS_ADMIN and CAP_NET_ADMIN. In a container: docker run --privileged." \
    "The daemon's whole log: $DOCKER_LOG"
}

# Ends the daemon that `start_docker`, or the installation of its package, has started.
stop_own_docker() {
  if [[ -d /run/systemd/system ]]; then
    as_root systemctl stop docker.socket docker 2>/dev/null || true
    return 0
  fi
  if [[ ! -s $DOCKER_PID ]]; then return 0; fi
  local pid waited
  pid=$(cat "$DOCKER_PID")
  rm -f "$DOCKER_PID"
  as_root kill "$pid" 2>/dev/null || return 0
  for ((waited = 0; waited < 300; waited++)); do
    as_root kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
}

# The address at which both this machine and the workers reach what listens on it.
bridge_address() {
  docker network inspect bridge --format '{{(index .IPAM.Config 0).Gateway}}' 2>/dev/null | grep . ||
    ip -4 -o addr show docker0 | grep -oE 'inet [0-9.]+' | cut -d' ' -f2
}
