# shellcheck shell=bash
# The common ground of the scripts here. Source it; it sets strict mode.

set -eEuo pipefail
shopt -s inherit_errexit

source "$(dirname "${BASH_SOURCE[0]}")/lib/settings.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/say.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/phases.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/machine.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/processes.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/build.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/tls.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/secrets.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/engine.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/stack.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/edge.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/stand_ins.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/up.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/checks.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/yardstick.sh"

mkdir -p "$RUN"
