# shellcheck shell=bash
# Where things are and on which ports. Every value can be set in the environment beforehand.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Caches: expensive to make, harmless to share between a running stack and the tests.
ONEMINS_HOME=${ONEMINS_HOME:-$HOME/.cache/1mins}
# One stack's own state. The tests use another, so that they never meet a stack that runs.
ONEMINS_STATE=${ONEMINS_STATE:-$ONEMINS_HOME}
RUN=$ONEMINS_STATE/run
ENGINE_STATE=$ONEMINS_STATE/engine
LOGS=$RUN
PHASE_LOGS=${ONEMINS_PHASE_LOGS:-$RUN/phases}
VENV=$ONEMINS_HOME/venv

ENGINE_PORT=${ENGINE_PORT:-4570}
DODO_PORT=${DODO_PORT:-4580}
MAILBOX_PORT=${MAILBOX_PORT:-4581}
MODEL_PORT=${MODEL_PORT:-4582}
HETZNER_PORT=${HETZNER_PORT:-4583}
GOOGLE_PORT=${GOOGLE_PORT:-4584}
EDGE_HTTP_PORT=${EDGE_HTTP_PORT:-8080}
EDGE_HTTPS_PORT=${EDGE_HTTPS_PORT:-8443}

# `.localhost` is this machine for every browser, without a line in /etc/hosts.
DOMAIN=${DOMAIN:-1mins.localhost}
APP_URL=https://$DOMAIN:$EDGE_HTTPS_PORT
STAGE=local
# The name of the issuer as well: what browsers open is what stands in its tokens.
GOOGLE_URL=http://localhost:$GOOGLE_PORT
GOOGLE_CLIENT_ID=1mins-local.apps.googleusercontent.com
AGENT_IMAGE=openclaw-agent:2026.9.6

export ONEMINS_HOME ONEMINS_STATE DOMAIN APP_URL AGENT_IMAGE
export ENGINE_PORT DODO_PORT MAILBOX_PORT MODEL_PORT HETZNER_PORT GOOGLE_PORT EDGE_HTTP_PORT EDGE_HTTPS_PORT

# One target triple and one profile for tests and functions alike: otherwise the SDKs, ten
# minutes of compiling, would be built once for each.
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$ONEMINS_HOME/target}
export CARGO_TARGET_DIR CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}

export PATH=$VENV/bin:$PATH
