# shellcheck shell=bash
# What is built before anything starts: Python's and Node's packages, the functions, the images.

STAMPS=$ONEMINS_HOME/stamps

# once STAMP-NAME VALUE COMMAND…: runs the command unless it succeeded before for this value.
once() {
  local file=$STAMPS/$1 value=$2
  shift 2
  if [[ $(cat "$file" 2>/dev/null) == "$value" ]]; then return 0; fi
  rm -f "$file"
  "$@"
  mkdir -p "$STAMPS"
  echo "$value" >"$file"
}

# The local engine, the command line of AWS, cargo-lambda.
python_packages() {
  local wanted=$ROOT/tests/engine/requirements.txt
  if [[ -x $VENV/bin/python ]]; then
    once "venv" "$(stamp_of "$wanted") $VENV" install_python_packages "$wanted"
  else
    install_python_packages "$wanted"
    once "venv" "$(stamp_of "$wanted") $VENV" true
  fi
}

# install_python_packages FILE [-r FILE…]
install_python_packages() {
  [[ -x $VENV/bin/python ]] || python3 -m venv "$VENV"
  "$VENV/bin/pip" install --disable-pip-version-check --retries 5 --timeout 60 -r "$@" || die \
    "The Python packages of ${1#"$ROOT"/} could not be installed." \
    "Usually the network: run this again, it continues here."
}

# Schemathesis, which only the checks need.
python_test_packages() {
  python_packages_beside venv-api "$ROOT/tests/api/requirements.txt"
}

# Dodo's library for Python, which only the checks need.
python_interop_packages() {
  python_packages_beside venv-interop "$ROOT/tests/interop/requirements.txt"
}

# python_packages_beside STAMP-NAME FILE: beside those of the engine and without changing any of them.
python_packages_beside() {
  local name=$1 wanted=$2 engine=$ROOT/tests/engine/requirements.txt
  once "$name" "$(stamp_of "$engine" "$wanted") $VENV" install_python_packages "$wanted" -r "$engine"
}

# For the stacks.
node_packages() {
  npm_packages node "$ROOT/infra-cdk"
}

# npm_packages STAMP-NAME FOLDER: what the folder's lock file names.
npm_packages() {
  local name=$1 folder=$2
  [[ -d $folder/node_modules ]] || rm -f "$STAMPS/$name"
  once "$name" "$(stamp_of "$folder/package-lock.json") $folder" install_node_packages "$folder"
}

install_node_packages() {
  (cd "$1" && timeout 900 npm ci --no-audit --no-fund --fetch-retries 3 --fetch-timeout 60000) || die \
    "The packages of ${1#"$ROOT"/}/package-lock.json could not be installed." \
    "Usually the network: run this again, it continues here."
}

SITE=$ROOT/frontend

# The site, as static files in frontend/dist.
build_site() {
  local stamp
  npm_packages node-site "$SITE"
  stamp="$(site_stamp) $SITE"
  [[ -s $SITE/dist/index.html ]] || rm -f "$STAMPS/site"
  once "site" "$stamp" run_site_build
}

# Everything in the folder but what is made from it.
site_stamp() {
  local files
  mapfile -t files < <(find "$SITE" \( -name node_modules -o -name dist -o -name test-results \) -prune -o -type f -print | sort)
  stamp_of "${files[@]}"
}

run_site_build() {
  (cd "$SITE" && npm run build)
}

# How Rust is compiled, for the functions and for the tests alike.
#
# The workspace's own crates go through clippy while they are compiled, so that checking them does
# not mean to compile the SDKs a second time for the linter.
prepare_cargo() {
  local sysroot
  sysroot=$(cd "$ROOT" && rustc --print sysroot)
  if [[ ! -x $sysroot/bin/clippy-driver || ! -x $sysroot/bin/rustfmt ]]; then
    say "Adding clippy and rustfmt to Rust: the checks need them"
    (cd "$ROOT" && rustup component add clippy rustfmt) || die \
      "clippy and rustfmt could not be added." "Try: rustup component add clippy rustfmt"
  fi
  export RUSTC_WORKSPACE_WRAPPER=$sysroot/bin/clippy-driver
  # aws-sdk-ec2 alone takes 7.5 GB to compile; two such at once would be killed.
  local memory_gib
  memory_gib=$(awk '/MemTotal/ { print int($2 / 1048576) }' /proc/meminfo)
  if ((memory_gib < 11)) && [[ -z ${CARGO_BUILD_JOBS:-} ]]; then
    warn "Only $memory_gib GB of memory: compiling one crate at a time"
    export CARGO_BUILD_JOBS=1
  fi
  CARGO_LOCKED=()
  if [[ ${CI:-} == true ]]; then CARGO_LOCKED=(--locked); fi
}

# Every binary of the workspace; the functions' land in $CARGO_TARGET_DIR/lambda/NAME/bootstrap.
build_functions() {
  cd "$ROOT" || return
  # One at a time for all who share the directory: see below.
  mkdir -p "$CARGO_TARGET_DIR"
  exec 8>"$CARGO_TARGET_DIR/.functions.lock"
  flock 8
  # `--compiler cargo`: built for this machine, where the engine runs them. The cross compiler
  # would be another target, and so compile everything again.
  cargo lambda build --compiler cargo --skip-target-check --workspace \
    ${CARGO_LOCKED[@]+"${CARGO_LOCKED[@]}"}
  # It moves the binaries away, also those that are no functions. This puts them back.
  cargo build --workspace --bins ${CARGO_LOCKED[@]+"${CARGO_LOCKED[@]}"}
  flock --unlock 8
}

binary() {
  printf '%s/%s/debug/%s' "$CARGO_TARGET_DIR" "$CARGO_BUILD_TARGET" "$1"
}

function_names() {
  find "$ROOT/functions" -mindepth 2 -maxdepth 2 -name Cargo.toml -printf '%h\n' | sed 's,.*/,,' | sort
}

check_built() {
  local name
  for name in $(function_names); do
    [[ -x $CARGO_TARGET_DIR/lambda/$name/bootstrap ]] || die \
      "The function $name has no binary." "Does functions/$name have a src/main.rs?"
  done
  for name in edge-agent dodo-standin mailbox model-standin google-standin hetzner-standin demo; do
    [[ -x $(binary "$name") ]] || die "$(binary "$name") was not built." "Is it still in the workspace?"
  done
  if [[ ${1:-} == with-site && ! -s $SITE/dist/index.html ]]; then
    die "The site has no page." "Does \`npm run build\` in frontend write dist/index.html?"
  fi
}

build_images() {
  "$ROOT/scripts/build-images"
}

worker_tag() {
  cat "$ONEMINS_HOME/images/worker.tag"
}
