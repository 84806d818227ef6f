# shellcheck shell=bash
# Drives the stand-in for Dodo Payments by hand: what a bank, a card or the passing of time would do.

dodo_usage() {
  cat <<'END'
scripts/ops dodo COMMAND

Does by hand what a bank, a card or time would do, in the stand-in for Dodo Payments. Only the local
stage has one. A SUBSCRIPTION is an id (sub_…), or `last` for the newest.

  list                              subscriptions: status, price, card, next date
  deliveries                        webhooks: what was sent, how often, and what was answered
  clock                             its time
  advance DAYS                      moves its clock on; what is due on the way happens
  decline SUBSCRIPTION              its card is refused from now on
  accept SUBSCRIPTION               its card works again
  renew SUBSCRIPTION                bills it now, with a card that works; brings it back from hold
  fail SUBSCRIPTION [DAYS]          bills it now, with a card that is refused; past due so long first
  cancel SUBSCRIPTION               ends it now
  pause SUBSCRIPTION                stops its charges
  unpause SUBSCRIPTION              goes on
  expire SUBSCRIPTION               its term is over
  refund SUBSCRIPTION [CENTS]       gives its last payment back, or a part of it
  dispute SUBSCRIPTION              its payer's bank asks its last payment back
  settle DISPUTE OUTCOME            challenged, accepted, cancelled, expired, won or lost
  emit TYPE [ABOUT] [COPIES]        sends a webhook, perhaps several times under one id
  redeliver DELIVERY                sends one once more
  outage on|off|lose                answers 503; works; works but its answers get lost

END
}

dodo_misused() {
  if (($# > 0)); then printf '%s\n\n' "$1" >&2; fi
  dodo_usage >&2
  exit 64
}

drive_dodo() {
  local command=${1:-} tool
  case $command in
    -h | --help) dodo_usage; return ;;
    '') dodo_misused ;;
  esac
  shift
  for tool in curl jq column; do
    command -v "$tool" >/dev/null || die "\`$tool\` is missing."
  done
  [[ -r $RUN/env ]] || die "Nothing runs here." "Run scripts/up first."
  DODO=$(sed -n 's/^\(export \)\?DODO_URL=//p' "$RUN/env" | tr -d "\"'")
  DODO=${DODO:-http://127.0.0.1:$DODO_PORT}
  answers "$DODO/_standin/health" ||
    die "The stand-in for Dodo Payments does not answer at $DODO." "Its log: $LOGS/dodo-standin.log"
  dodo_command "$command" "$@"
}

dodo_command() {
  local command=$1
  shift
  case $command in
    list) dodo_takes 0 0 "$@"; dodo_list ;;
    deliveries) dodo_takes 0 0 "$@"; dodo_deliveries ;;
    clock) dodo_takes 0 0 "$@"; dodo_ask GET clock; say "It is $(dodo_told .now)." ;;
    advance) dodo_takes 1 1 "$@"; dodo_advance "$1" ;;
    decline) dodo_takes 1 1 "$@"; dodo_subscription "$1" card '{"card":"declined"}' ;;
    accept) dodo_takes 1 1 "$@"; dodo_subscription "$1" card '{"card":"good"}' ;;
    renew) dodo_takes 1 1 "$@"; dodo_subscription "$1" renew '{}' ;;
    fail) dodo_takes 1 2 "$@"; dodo_fail "$@" ;;
    cancel) dodo_takes 1 1 "$@"; dodo_subscription "$1" status '{"status":"cancelled"}' ;;
    pause) dodo_takes 1 1 "$@"; dodo_subscription "$1" status '{"status":"paused"}' ;;
    unpause) dodo_takes 1 1 "$@"; dodo_subscription "$1" status '{"status":"active"}' ;;
    expire) dodo_takes 1 1 "$@"; dodo_subscription "$1" status '{"status":"expired"}' ;;
    refund) dodo_takes 1 2 "$@"; dodo_refund "$@" ;;
    dispute) dodo_takes 1 1 "$@"; dodo_dispute "$1" ;;
    settle) dodo_takes 2 2 "$@"; dodo_ask POST "disputes/$1/$2" '{}'; say "$1: $(dodo_told .dispute_status)." ;;
    emit) dodo_takes 1 3 "$@"; dodo_emit "$@" ;;
    redeliver) dodo_takes 1 1 "$@"; dodo_redeliver "$1" ;;
    outage) dodo_takes 1 1 "$@"; dodo_outage "$1" ;;
    *) dodo_misused "There is no command \`$command\`." ;;
  esac
}

# dodo_takes LEAST MOST ARGUMENT…
dodo_takes() {
  local least=$1 most=$2
  shift 2
  (($# >= least && $# <= most)) || dodo_misused "It takes $least to $most arguments, not $#."
}

# dodo_ask METHOD PATH [BODY]: puts the answer into $ANSWER; ends the script if it is a refusal.
dodo_ask() {
  local status
  ANSWER=$(curl --silent --show-error --max-time 20 --request "$1" --write-out '\n%{http_code}' \
    ${3:+--header 'content-type: application/json' --data "$3"} "$DODO/_standin/$2") ||
    die "The stand-in did not answer." "Its log: $LOGS/dodo-standin.log"
  status=${ANSWER##*$'\n'} ANSWER=${ANSWER%$'\n'*}
  if ((status >= 400)); then
    die "$(jq -r '"\(.code): \(.message)"' <<<"$ANSWER" 2>/dev/null || echo "It answers $status.")"
  fi
}

dodo_told() {
  jq -r "$@" <<<"$ANSWER"
}

# The id behind `last`.
dodo_id() {
  if [[ $1 != last ]]; then
    printf '%s' "$1"
    return
  fi
  dodo_ask GET subscriptions
  [[ $(dodo_told '.items | length') != 0 ]] || die "There is no subscription yet."
  dodo_told '.items | max_by(.created_at) | .subscription_id'
}

# dodo_subscription SUBSCRIPTION ACTION BODY
dodo_subscription() {
  local id
  id=$(dodo_id "$1")
  dodo_ask POST "subscriptions/$id/$2" "$3"
  say "$id is $(dodo_told '.status'), next billed at $(dodo_told .next_billing_date)."
}

dodo_fail() {
  [[ ${2:-0} =~ ^[0-9]{1,2}$ ]] || dodo_misused "\`$2\` is not a number of days."
  dodo_subscription "$1" fail "{\"grace_days\":${2:-null}}"
}

dodo_list() {
  dodo_ask GET subscriptions
  if [[ $(dodo_told '.items | length') == 0 ]]; then
    say "There are no subscriptions."
    return
  fi
  dodo_told '["SUBSCRIPTION", "STATUS", "PRODUCT", "CENTS", "CARD", "NEXT", "PROJECT"],
    (.items | sort_by(.created_at)[] | [.subscription_id,
      .status + if .cancel_at_next_billing_date then ", until the next date" else "" end,
      .product_id, .recurring_minor, .card, .next_billing_date[:16], .metadata.project_id // "none"])
    | @tsv' | table
}

dodo_deliveries() {
  dodo_ask GET deliveries
  dodo_told '["DELIVERY", "TYPE", "AT", "OUTCOME", "ATTEMPTS", "LAST ANSWER"],
    (.items[] | [.id, .type, .event_at[:19], .outcome, (.attempts | length),
      (.attempts | last | if . == null then "none" else (.status // .error) end)])
    | @tsv' | table
}

dodo_advance() {
  [[ $1 =~ ^[1-9][0-9]*$ ]] || dodo_misused "\`$1\` is not a number of days."
  dodo_ask POST clock/advance "{\"days\":$1}"
  say "It is $(dodo_told .now)."
}

dodo_refund() {
  local id
  id=$(dodo_id "$1")
  [[ ${2:-1} =~ ^[1-9][0-9]*$ ]] || dodo_misused "\`$2\` is not a number of cents."
  dodo_ask POST refunds "$(jq -n --arg about "$id" --argjson amount "${2:-null}" '$ARGS.named')"
  say "$(dodo_told '"\(.refund_id): \(.amount) cents of \(.payment_id)"')."
}

dodo_dispute() {
  local id
  id=$(dodo_id "$1")
  dodo_ask POST disputes "$(jq -n --arg about "$id" '$ARGS.named')"
  say "$(dodo_told '"\(.dispute_id) about \(.payment_id)"'). How it ends: scripts/ops dodo settle $(dodo_told .dispute_id) won"
}

dodo_emit() {
  local about=${2:-}
  if [[ $about == last ]]; then about=$(dodo_id last); fi
  [[ ${3:-1} =~ ^[1-9][0-9]*$ ]] || dodo_misused "\`$3\` is not a number of copies."
  dodo_ask POST emit "$(jq -n --arg type "$1" --arg about "$about" --argjson copies "${3:-1}" \
    '{type: $type, copies: $copies} + if $about == "" then {} else {about: $about} end')"
  say "$(dodo_told .id) is on its way."
}

dodo_redeliver() {
  dodo_ask POST "deliveries/$1/redeliver" '{}'
  say "It was answered $(dodo_told '.attempt | .status // .error')."
}

dodo_outage() {
  local mode
  case $1 in
    on) mode=refuses ;;
    off) mode=off ;;
    lose) mode=loses_answers ;;
    *) dodo_misused "An outage is on, off or lose, not \`$1\`." ;;
  esac
  dodo_ask PUT outage "{\"mode\":\"$mode\"}"
  say "The outage is $1."
}
