# shellcheck shell=bash
# What the reader sees: messages on fd 3, whatever a phase does with its own output.

exec 3>&1

if [[ -t 3 && -z ${NO_COLOR:-} ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' GREEN='' YELLOW='' PLAIN=''
fi

# Wipes the line of a running progress display before a message.
clear_line() {
  if [[ -t 3 ]]; then printf '\r\e[K' >&3; fi
}

heading() {
  clear_line
  printf '%s%s%s\n' "$BOLD" "$*" "$PLAIN" >&3
}

say() {
  clear_line
  printf '  %s\n' "$*" >&3
}

warn() {
  clear_line
  printf '  %swarning%s  %s\n' "$YELLOW" "$PLAIN" "$*" >&3
}

# die WHAT [WHAT-TO-DO…]: ends the script, or the phase that it is called in.
die() {
  clear_line
  printf '\n  %s%s%s\n' "$RED" "$1" "$PLAIN" >&3
  shift
  if (($# > 0)); then printf '  %s\n' "$@" >&3; fi
  # Tells the phase that the reader knows already: no need to show its log.
  if [[ -n ${PHASE_LOG:-} ]]; then touch "$PHASE_LOG.explained"; fi
  exit 1
}

as_minutes() {
  local seconds=$1
  if ((seconds < 60)); then
    printf '%ds' "$seconds"
  else
    printf '%dm%02ds' $((seconds / 60)) $((seconds % 60))
  fi
}
