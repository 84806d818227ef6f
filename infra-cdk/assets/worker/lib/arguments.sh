# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# Flags of `instance`: `--key value`, each once, each of a shape that is safe to pass on.

declare -A flag=()

readonly NUMBER='(0|[1-9][0-9]{0,8})'
readonly OCTET='(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
readonly ADDRESS="$OCTET\.$OCTET\.$OCTET\.$OCTET"
readonly URL='https?://[A-Za-z0-9._~:/?#@!$&()*+,;=%-]+'
readonly MAX_LENGTH=4000
readonly FIRST_PORT=18789 LAST_PORT=26980 # as many as there are /29 networks in 10.231.0.0/16

declare -rA SHAPE=(
  [project]='(prj|blk)_[a-z0-9-]{1,40}'
  [blank]='blk_[a-z0-9-]{1,40}'
  [instance]='ins_[a-z0-9-]{1,40}'
  [generation]="$NUMBER"
  [number]='(0|[1-9][0-9]{0,17})'
  [asked-ms]='(0|[1-9][0-9]{0,14})'
  [undo]='(yes|no)'
  [configuration]="$NUMBER"
  [port]='[1-9][0-9]{4}'
  [memory-mib]='[1-9][0-9]{1,6}'
  [heap-mib]='[1-9][0-9]{1,6}'
  [cpus]='[0-9]{1,3}(\.[0-9]{1,3})?'
  [boot-cpus]='[0-9]{1,3}(\.[0-9]{1,3})?'
  [image]='[a-z0-9][a-z0-9._/-]{0,100}:[A-Za-z0-9._-]{1,60}'
  [bundle-url]="$URL"
  [upload-url]="$URL"
  [restore-url]="$URL"
  [restore-sha256]='[0-9a-f]{64}'
  [known-sha256]='[0-9a-f]{64}'
  [restore-generation]="$NUMBER"
  [edge-cidr]="$ADDRESS(/([0-9]|[12][0-9]|3[0-2]))?"
  [model-egress]="$ADDRESS:[1-9][0-9]{0,4}"
  [wait]='[0-9]{1,4}'
  [purge]='(yes|no)'
  [tail]='[1-9][0-9]{0,3}'
  [since]='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z'
  [argv]='[A-Za-z0-9+/]+={0,2}'
)

# The value itself is never repeated in the message: it may be a presigned URL.
bad_flag() { give_up "$USAGE" usage "\`--$1\` $2"; }

# parse_flags WANTED ARGUMENTS...: what ends in a question mark may be left out.
parse_flags() {
  local wanted=" ${1//\?/} " needed="$1" name
  shift
  while (($#)); do
    name="${1#--}"
    [[ "$1" == --* && "$wanted" == *" $name "* ]] || give_up "$USAGE" usage "unknown flag for \`$verb\`; it takes:$wanted"
    (($# >= 2)) || bad_flag "$name" "needs a value"
    [[ -z "${flag[$name]+set}" ]] || bad_flag "$name" "is given twice"
    # A limit on the length would be the slowest part of a whole command within the expression.
    ((${#2} <= MAX_LENGTH)) && [[ "$2" =~ ^${SHAPE[$name]}$ ]] || bad_flag "$name" "is malformed"
    flag[$name]="$2"
    shift 2
  done
  for name in $needed; do
    [[ "$name" == *\? || -n "${flag[$name]+set}" ]] || bad_flag "$name" "is missing"
  done
  check_ranges
}

check_ranges() {
  local name
  [[ "${flag[project]:-}" != blk_* || "${flag[generation]:-1}" == 1 ]] || bad_flag generation "of a blank is 1"
  case "$verb" in
    warm) is_blank || bad_flag project "must be a blank" ;;
    adopt | configure | archive | backup | resume | resize | restart | quiesce | logs | exec) ! is_blank || bad_flag project "must not be a blank" ;;
  esac
  check_restore
  if [[ -n "${flag[port]+set}" ]] && ((${flag[port]} < FIRST_PORT || ${flag[port]} > LAST_PORT)); then
    bad_flag port "must be from $FIRST_PORT to $LAST_PORT"
  fi
  for name in cpus boot-cpus; do
    [[ ! "${flag[$name]:-1}" =~ ^[0.]+$ ]] || bad_flag "$name" "must be more than 0"
  done
}

check_restore() {
  local given="${flag[restore-url]+url}${flag[restore-sha256]+sum}${flag[restore-generation]+generation}"
  [[ -n "$given" ]] || return 0
  # The sum may be unknown.
  [[ "$given" == url*generation ]] || bad_flag restore-url "comes with its generation"
  ! is_blank || bad_flag restore-url "is not for a blank"
  ((${flag[restore-generation]} < ${flag[generation]})) || bad_flag restore-generation "must be an earlier one"
}
