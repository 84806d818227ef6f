# shellcheck shell=bash disable=SC2154 # shared with test
# Copies of an instance that goes on: whole, of one moment, and taken from nobody else's reach.

# backup_flags PROJECT GENERATION FILE [SUM]
backup_flags() { backup=(backup --project "$1" --generation "$2" --upload-url "$(bundle_url "$3")" ${4:+--known-sha256 "$4"}); }

life_of() { inside docker inspect -f '{{.State.OOMKilled}} {{.State.StartedAt}}' "openclaw-$1"; }

# Of the test's own, as tenants have them: it writes until it is told to stop.
write_on() {
  in_volume "$1" "node --no-warnings -e '
    const { DatabaseSync } = require(\"node:sqlite\"), { existsSync, writeFileSync } = require(\"node:fs\");
    const database = new DatabaseSync(\"workspace/busy.sqlite\");
    database.exec(\"PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS a (n); CREATE TABLE IF NOT EXISTS b (n)\");
    const both = () => {
      database.exec(\"BEGIN; INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); COMMIT\");
      writeFileSync(\"workspace/growing\", \"x\".repeat(1000), { flag: \"a\" });
      if (!existsSync(\"workspace/enough\")) setTimeout(both, 5); else database.close();
    };
    both();'"
}

# The rows of both tables of it, which only ever grow together, as the archive has them.
balance() {
  mkdir -p "$scratch/unpacked"
  tar -xzf "$scratch/$1" -C "$scratch/unpacked" ./workspace/busy.sqlite
  python3 -c 'import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
a, b = (database.execute(f"SELECT count(*) FROM {it}").fetchone()[0] for it in "ab")
print("balanced" if a == b > 0 else f"{a} and {b}")' "$scratch/unpacked/workspace/busy.sqlite"
}

# Reuses an instance that runs, has chatted and is furnished: prj_arc.
a_running_one_is_backed_up() {
  local before writer chatter code=0
  before="$(life_of prj_arc)"
  sessions_live="$(sessions openclaw-prj_arc)"
  in_volume prj_arc 'echo secret >workspace/closed && chmod 000 workspace/closed'
  write_on prj_arc &
  writer=$!
  chat >"$scratch/meanwhile" &
  chatter=$!
  backup_flags prj_arc "$1" live.tar.gz
  exits "one that runs is backed up" 0 "${backup[@]}"
  is "and says what was put there" "$(jq -c . <<<"$said")" "{\"backed_up\":true,\"sha256\":\"$(sum_of live.tar.gz)\",\"bytes\":$(stat -c %s "$scratch/live.tar.gz")}"
  wait "$chatter" || code=$?
  is "it chats meanwhile" "$code $(cat "$scratch/meanwhile")" '0 PONG'
  is "it was not restarted, and not killed for want of memory" "$(life_of prj_arc)" "$before"
  in_volume prj_arc 'touch workspace/enough'
  wait "$writer" || true
  is "a database that was written to is of one moment" "$(balance live.tar.gz)" balanced
  is "no key and no token leaves the worker" "$(tar -xzOf "$scratch/live.tar.gz" --exclude ./workspace/sparse | grep -caE "$TOKEN|$KEY" || true)" 0
  is "nor what is made anew, nor half of a database" "$(tar -tzf "$scratch/live.tar.gz" | grep -cE '^\./(cache|tmp)/|-(wal|shm)$' || true)" 0
  is "nothing is left on the disk" "$(staged)" ''
}

# A gateway writes down what it has done for a while after a chat.
until_it_is_idle() {
  local try
  for ((try = 0; try < 10; try++)); do
    backup_flags prj_arc "$1" live.tar.gz "$(sum_of live.tar.gz)"
    if [[ "$(instance "${backup[@]}")" == *unchanged* ]]; then return; fi
    sleep 5
  done
}

what_is_the_same_is_not_put_again() {
  until_it_is_idle "$1"
  backup_flags prj_arc "$1" other.tar.gz "$(sum_of live.tar.gz)"
  exits "what is the same" 0 "${backup[@]}"
  is "is not put again" "$(jq -c . <<<"$said") $(ls "$scratch/other.tar.gz" 2>/dev/null)" '{"backed_up":true,"unchanged":true} '
  backup_flags prj_arc "$1" live.tar.gz "$(printf '%064d' 0)"
  exits "unless somebody else has another one on record" 0 "${backup[@]}"
  is "as after a lost answer" "$(jq -c .sha256 <<<"$said")" "\"$(sum_of live.tar.gz)\""
  in_volume prj_arc 'echo more >workspace/more'
  backup_flags prj_arc "$1" live.tar.gz "$(sum_of live.tar.gz)"
  exits "nor what has one more file" 0 "${backup[@]}"
  is "the same" "$(tar -xzOf "$scratch/live.tar.gz" ./workspace/more)" more
}

late_backups_are_fenced() {
  backup_flags prj_arc $(($1 - 1)) never.tar.gz
  exits "an older generation's backup is late" 73 "${backup[@]}"
  backup_flags prj_arc $(($1 + 1)) never.tar.gz
  exits "a later generation is not there" 69 "${backup[@]}"
  backup_flags blk_arc 1 never.tar.gz
  exits "a blank is not backed up" 64 "${backup[@]}"
  backup_flags prj_arc "$1" refused.tar.gz
  exits "what cannot be put anywhere may be tried again" 75 "${backup[@]}"
  inside sh -c 'exec 9>/var/lib/1mins-worker/locks/backup-prj_arc; flock 9; sleep 8' &
  local holder=$!
  sleep 1
  backup_flags prj_arc "$1" never.tar.gz
  exits "one at a time" 75 "${backup[@]}"
  wait "$holder"
  is "nothing of these was put" "$(ls "$scratch/never.tar.gz" 2>/dev/null; staged)" ''
}

# a_backup_is_restored_elsewhere FROM TO: the same form as an archive's, so the same restore. FROM was removed.
a_backup_is_restored_elsewhere() {
  backup_flags prj_arc "$1" never.tar.gz
  exits "a late backup finds its generation removed" 73 "${backup[@]}"
  launch_flags prj_arc "$2" "$port" good.json
  with_restore live.tar.gz "$1"
  exits "the backup of one that ran is restored" 0 "${launch[@]}"
  exits "and starts" 0 await --project prj_arc --generation "$2" --cpus 0.750 --wait 120
  is "all is there that was, and what came after it" "$(furniture prj_arc || true) $(in_volume prj_arc 'cat workspace/more')" "$furniture_before more"
  is "and its sessions" "$(sessions openclaw-prj_arc)" "$sessions_live"
  is "it chats" "$(chat)" PONG
  exits "it is removed" 0 remove --project prj_arc --generation "$2" --purge yes
  is "nothing is left of it" "$(left_of prj_arc; staged; inside ls /var/lib/1mins-worker/backups)" ''
}
