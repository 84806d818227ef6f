# shellcheck shell=bash
# The checks of `scripts/test`, each a phase.

check_fmt() {
  cd "$ROOT" || return
  cargo fmt --all -- --check --color never
}

# Every shell script of the repository, wherever it is.
check_shell() {
  cd "$ROOT" || return
  mapfile -t scripts < <(repository_files | xargs grep -lE '^#!.*\b(ba)?sh\b' --)
  echo "${#scripts[@]} scripts"
  shellcheck --external-sources --source-path=SCRIPTDIR "${scripts[@]}"
  # The parts of scripts/lib make sense only together.
  shellcheck --external-sources --source-path=SCRIPTDIR --check-sourced scripts/test scripts/up \
    scripts/down scripts/status
}

repository_files() {
  git ls-files --cached --others --exclude-standard | while read -r file; do
    if [[ -f $file ]]; then printf '%s\n' "$file"; fi
  done
}

# Compiles everything once: functions, tests, tools. Own crates are linted on the way.
check_build() {
  cd "$ROOT" || return
  cargo build --workspace --all-targets ${CARGO_LOCKED[@]+"${CARGO_LOCKED[@]}"}
  build_functions 2>&1 | tee "$PHASE_LOGS/functions.log"
  refuse_second_compilation
  check_built
}

# A feature that only tests switch on makes cargo compile every crate above it a second time, for
# the functions. For a small crate so be it; for the SDKs it is ten minutes.
refuse_second_compilation() {
  local twice
  twice=$(grep -oE '^ *Compiling aws-sdk-[a-z0-9]+ ' "$PHASE_LOGS/functions.log" || true)
  [[ -z $twice ]] || die "The SDKs are compiled once for the tests and once more for the functions:" \
    "$twice" "Look with \`cargo tree --edges features\` for a feature that only a dev-dependency asks for."
}

# Compiles nothing: cargo repeats the warnings of crates that it compiled before, so none can hide.
check_lint() {
  cd "$ROOT" || return
  local warnings
  warnings=$(cargo build --workspace --all-targets --message-format json |
    jq -r 'select(.reason == "compiler-message" and .message.level == "warning") | .message.rendered')
  if [[ -n $warnings ]]; then
    printf '%s\n' "$warnings"
    echo "The build has warnings; each of them is an error here."
    return 1
  fi
}

# Unit, property and saga tests, and the edge against a real nginx. Tests that need a running
# stack are marked as ignored, and run in the phase e2e.
check_rust_tests() {
  cd "$ROOT" || return
  cargo test --workspace --no-fail-fast ${CARGO_LOCKED[@]+"${CARGO_LOCKED[@]}"}
}

# Dodo's own libraries take what the stand-in signs, and the intake takes what they sign.
check_interop() {
  npm_packages node-interop "$ROOT/tests/interop"
  python_interop_packages
  cd "$ROOT" || return
  cargo test --workspace --test interop ${CARGO_LOCKED[@]+"${CARGO_LOCKED[@]}"} -- --ignored
}

check_cdk() {
  cd "$CDK" || return
  npm run check
}

# Types, lints and tests of the site, that it can be built, and each page of it in a browser.
check_frontend() {
  npm_packages node-site "$SITE"
  cd "$SITE" || return
  npm run check
  npm run browser
  rm -f "$STAMPS/site"
  build_site
}

check_engine() {
  cd "$ROOT/tests/engine" || return
  "$VENV/bin/python" -B -m unittest
}

# A worker from inside: what a tenant's container can reach, who loses against whom, blanks.
check_worker() {
  "$CDK/assets/worker/test" "$(<"$ONEMINS_HOME/images/worker.tag")"
}

# The main job, from sign-up to an answer of one's own OpenClaw, and the life of a subscription after it.
check_e2e() {
  cd "$ROOT" || return
  # shellcheck disable=SC1091
  set -a && source "$RUN/env" && set +a
  HETZNER_TEST_IMAGE=$(<"$ONEMINS_HOME/images/worker.tag")
  HETZNER_TEST_ROLE=test-node
  ensure_node_role "$HETZNER_TEST_ROLE"
  export HETZNER_TEST_IMAGE HETZNER_TEST_ROLE
  cargo test --workspace --test stores -- --ignored &&
    cargo test --workspace --test hetzner --test clouds -- --ignored &&
    cargo test --workspace --test live -- --ignored --nocapture --test-threads=1
}

# The site in a browser, as customers see it. What a failed test saw is kept beside the logs.
check_site() {
  npm_packages node-site-tests "$ROOT/tests/site"
  # shellcheck disable=SC1091
  set -a && source "$RUN/env" && set +a
  cd "$ROOT/tests/site" || return
  npm run check
  SITE_TEST_RESULTS=$PHASE_LOGS/site npm test
}

# Every operation with what its description allows and with what it does not, as a stranger and as a
# customer: whether it answers as described, and never with a fault.
check_api() {
  python_test_packages
  # shellcheck disable=SC1091
  set -a && source "$RUN/env" && set +a
  API_TEST_RESULTS=$PHASE_LOGS/api "$VENV/bin/python" -B "$ROOT/tests/api/check.py"
}

# A role that servers from elsewhere may join with.
ensure_node_role() {
  local trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
  "$VENV/bin/aws" iam get-role --role-name "$1" >/dev/null 2>&1 ||
    "$VENV/bin/aws" iam create-role --role-name "$1" --assume-role-policy-document "$trust"
}

# A stack of its own, beside one that may run, from nothing.
bring_up_test_stack() {
  "$ROOT/scripts/down" --purge --yes
  # Its phases beside these, which may have the same names.
  ONEMINS_PHASE_LOGS=$PHASE_LOGS/up "$ROOT/scripts/up"
}
