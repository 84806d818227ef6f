# shellcheck shell=bash disable=SC2004,SC2154 # shared with bin/instance
# The CPUs of a boot are left to a project for its owner's first chat, which costs as much as the boot:
# fifteen seconds with what a small plan is sold, half of that with these.
#
# A loan is a file with the generation that it was given to, once, and until when. bin/boosts takes it
# back; a neighbour is held up by its share of the CPUs and no more, as with any boot.

readonly LOANS="$STATE/loans" LOAN_S=120

# Repeated, it is the same loan, and one that is over stays so.
lend_cpus() {
  note_sold_cpus
  [[ "$(loan_generation)" == "${flag[generation]}" ]] ||
    write_atomically "$LOANS/${flag[project]}" "${flag[generation]} $(($(date +%s) + LOAN_S))"
}

loan_generation() { cut -d ' ' -f 1 "$LOANS/${flag[project]}" 2>/dev/null; }

forget_loan() { rm -f "$LOANS/${flag[project]}"; }

# What it has then is what it was sold last; its container may be gone.
reclaim() {
  lock_project
  if ! loan_is_due; then
    answer reclaimed false
    return
  fi
  [[ -z "$found_status" ]] || set_cpus "$(sold_cpus)"
  write_atomically "$LOANS/${flag[project]}" "$(loan_generation) over"
  answer reclaimed true
}

loan_is_due() {
  local until
  read -r _ until 2>/dev/null <"$LOANS/${flag[project]}" && [[ "$until" != over ]] && (($(date +%s) >= until))
}
