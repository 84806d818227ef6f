# shellcheck shell=bash disable=SC2154 # shared with test
# Rest and return: archived, gone on, restored elsewhere, and every archive that is not to be restored.

readonly DATA=/home/node/.openclaw

# archive_flags PROJECT GENERATION NUMBER FILE
archive_flags() { archive=(archive --project "$1" --generation "$2" --number "$3" --upload-url "$(bundle_url "$4")"); }

# resume_flags PROJECT GENERATION NUMBER
resume_flags() { resume=(resume --project "$1" --generation "$2" --number "$3" --cpus 0.750 --boot-cpus 2 --wait 90); }

# resize_flags PROJECT GENERATION MEMORY CPUS HEAP [NUMBER UNDO]
resize_flags() {
  resize=(resize --project "$1" --generation "$2" --memory-mib "$3" --cpus "$4" --boot-cpus 2 --heap-mib "$5"
    --number "${6:-1795262400}" --undo "${7:-no}" --wait 90)
}

# with_restore FILE GENERATION [SUM]: the sum `unknown` is left out.
with_restore() {
  launch+=(--restore-url "$(bundle_url "$1")" --restore-generation "$2")
  [[ "${3:-}" == unknown ]] || launch+=(--restore-sha256 "${3:-$(sum_of "$1")}")
}

sum_of() { sha256sum "$scratch/$1" | cut -d ' ' -f 1; }

state_of() { inside docker inspect -f '{{.State.Status}}' "openclaw-$1" 2>/dev/null || echo none; }

# in_volume PROJECT COMMAND: as the tenant.
in_volume() { inside docker exec -w "$DATA" "openclaw-$1" sh -c "$2"; }

# What Node.js was told by who started it, and what it and the container may have.
limits_of() {
  in_volume "$1" 'cat /proc/[0-9]*/environ 2>/dev/null | tr "\0" "\n" | grep -a -m 1 ^NODE_OPTIONS='
  inside docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}}' "openclaw-$1"
}

staged() { inside sh -c 'ls /var/lib/1mins-worker/archives 2>/dev/null; ls /dev/shm'; }

# What tenants have in their volumes, and what nobody expects there.
furnish() {
  in_volume "$1" 'mkdir -p workspace/deep && echo "the sentinel" >workspace/deep/sentinel && chmod 640 workspace/deep/sentinel
    ln -s /usr/bin/node workspace/absolute && ln -s ../sentinel workspace/deep/relative && ln workspace/deep/sentinel workspace/twin
    mkfifo workspace/fifo && truncate -s 40G workspace/sparse && echo odd >"workspace/-a name
of two lines"'
}

furniture() {
  in_volume "$1" 'cd workspace && cat deep/sentinel twin -- "-a name
of two lines" && readlink absolute deep/relative && stat -c "%a %u:%g" deep/sentinel && stat -c %s sparse'
}

an_instance_is_archived() {
  port=18810
  launch_flags prj_arc 1 18810 good.json
  exits "an instance to be archived is launched" 0 "${launch[@]}"
  exits "and has started" 0 await --project prj_arc --generation 1 --cpus 0.750 --wait 90
  is "it has chatted" "$(chat)" PONG
  furnish prj_arc
  furniture_before="$(furniture prj_arc || true)"
  sessions_before="$(sessions openclaw-prj_arc)"
  archive_flags prj_arc 1 0 refused.tar.gz
  exits "an archive that cannot be put anywhere may be tried again" 75 "${archive[@]}"
  is "it has stopped all the same, and nothing is left on the disk" "$(state_of prj_arc) $(staged)" 'exited '
  archive_flags prj_arc 1 0 arc.tar.gz
  exits "it is archived" 0 "${archive[@]}"
  is "and says what was put there" "$(jq -c . <<<"$said")" "{\"archived\":true,\"sha256\":\"$(sum_of arc.tar.gz)\",\"bytes\":$(stat -c %s "$scratch/arc.tar.gz")}"
  exits "and again, as if the answer had been lost" 0 "${archive[@]}"
  is "with the same data" "$(jq -c .sha256 <<<"$said")" "\"$(sum_of arc.tar.gz)\""
  is "nothing is left on the disk" "$(staged)" ''
  is "no key and no token leaves the worker" "$(tar -xzOf "$scratch/arc.tar.gz" --exclude ./workspace/sparse | grep -caE "$TOKEN|$KEY" || true)" 0
  is "nor anything that is no file" "$(tar -tvzf "$scratch/arc.tar.gz" | grep -cv '^[-dlh]' || true)" 0
  exits "a late launch does not start it" 73 "${launch[@]}"
}

it_goes_on() {
  resume_flags prj_arc 1 0
  exits "it goes on where it was" 0 "${resume[@]}"
  exits "and goes on" 0 "${resume[@]}"
  is "with all that it had, and the CPU that it is sold with" "$(furniture prj_arc || true) $(setting arc '{{.HostConfig.NanoCpus}}')" "$furniture_before 750000000"
  archive_flags prj_arc 1 0 late.tar.gz
  exits "the archive that was taken back is late" 73 "${archive[@]}"
  is "it runs on" "$(state_of prj_arc)" running
  archive_flags prj_arc 1 1 arc.tar.gz
  exits "the next one is not" 0 "${archive[@]}"
  resume_flags prj_arc 1 0
  exits "and only its own undo starts it again" 73 "${resume[@]}"
  is "it rests" "$(state_of prj_arc)" exited
  resume_flags prj_arc 2 0
  exits "another generation is not there to go on" 69 "${resume[@]}"
}

# An archive of one entry, made on the spot.
hostile() { python3 - "$scratch/$1" "${@:2}" <<'PY'
import io, sys, tarfile
file, kind, name, link = sys.argv[1:5]
def entry(name, kind, link=""):
    it = tarfile.TarInfo(name)
    it.type, it.linkname, it.mode = getattr(tarfile, kind), link, 0o644
    return it
with tarfile.open(file, "w:gz") as archive:
    archive.addfile(entry("./", "DIRTYPE"))
    if kind == "THROUGH":
        archive.addfile(entry("./link", "SYMTYPE", link))
        it = entry("./link/planted", "REGTYPE")
        it.size = 4
        archive.addfile(it, io.BytesIO(b"evil"))
    else:
        archive.addfile(entry(name, kind, link))
PY
}

hostile_archives_are_refused() {
  local name
  hostile absolute.tar.gz REGTYPE /tmp/planted ''
  hostile parent.tar.gz REGTYPE ./a/../../planted ''
  hostile device.tar.gz CHRTYPE ./device ''
  hostile fifo.tar.gz FIFOTYPE ./fifo ''
  hostile hard.tar.gz LNKTYPE ./hard /etc/passwd
  hostile through.tar.gz THROUGH '' /tmp
  hostile above.tar.gz THROUGH '' ../../
  echo "no archive" >"$scratch/garbage.tar.gz"
  for name in absolute parent device fifo hard through above garbage; do
    launch_flags prj_hostile 2 18812 good.json
    with_restore "$name.tar.gz" 1
    exits "a hostile archive is refused: $name" 66 "${launch[@]}"
    is "nothing is there of it" "$(left_of prj_hostile | grep -v '^openclaw-prj_hostile$' || true)$(staged)" ''
  done
  is "and nothing was planted" "$(inside sh -c 'find / -xdev -name planted 2>/dev/null')" ''
}

it_is_restored_elsewhere() {
  exits "it is removed, state and all" 0 remove --project prj_arc --generation 1 --purge yes
  archive_flags prj_arc 1 1 late.tar.gz
  exits "a late archive finds its generation removed" 73 "${archive[@]}"
  port=18811
  launch_flags prj_arc 2 18811 good.json
  with_restore arc.tar.gz 1 "$(printf '%064d' 0)"
  exits "a backup with another sum is refused" 66 "${launch[@]}"
  is "by that name" "$(tail -n 2 "$scratch/said" | grep -o '"error":"wrong_sum"')" '"error":"wrong_sum"'
  is "before anything is there" "$(left_of prj_arc)$(staged)" ''
  launch_flags prj_arc 2 18811 good.json
  with_restore absent.tar.gz 1 "$(printf '%064d' 0)"
  exits "a backup that cannot be fetched may be tried again" 75 "${launch[@]}"
  launch_flags prj_arc 2 18811 good.json
  with_restore arc.tar.gz 1
  exits "the right one is restored" 0 "${launch[@]}"
  exits "and starts" 0 await --project prj_arc --generation 2 --cpus 0.750 --wait 90
  is "all is there that was" "$(furniture prj_arc || true)" "$furniture_before"
  is "but no special file" "$(in_volume prj_arc "find . -not -type f -not -type d -not -type l" || true)" ''
  is "and its sessions" "$(sessions openclaw-prj_arc)" "$sessions_before"
  is "it chats" "$(chat)" PONG
  is "nothing is left of the archive" "$(staged)" ''
}

newer_data_stays() {
  in_volume prj_arc 'echo newer >workspace/newer'
  exits "a repeat finds it started" 0 "${launch[@]}"
  is "and unpacks nothing over it" "$(jq -c .fresh <<<"$said") $(in_volume prj_arc 'cat workspace/newer')" 'false newer'
  launch_flags prj_arc 3 18811 good.json
  with_restore arc.tar.gz 1
  exits "a later launch" 0 "${launch[@]}"
  is "keeps data that is newer than the backup" "$(in_volume prj_arc 'cat workspace/newer')" newer
  launch_flags prj_arc 4 18811 good.json
  with_restore arc.tar.gz 3 unknown
  exits "and one with a backup that its owner goes back to, and of which nobody has the sum" 0 "${launch[@]}"
  is "takes its place" "$(in_volume prj_arc 'cat workspace/deep/sentinel; cat workspace/newer 2>&1')" $'the sentinel\ncat: workspace/newer: No such file or directory'
  launch_flags blk_arc 1 18813 blank.json
  with_restore arc.tar.gz 0
  exits "a blank is not restored" 64 "${launch[@]}"
}

it_gets_other_limits() {
  exits "it has started" 0 await --project prj_arc --generation 4 --cpus 0.750 --wait 90
  resize_flags prj_arc 4 3072 1.000 2048
  exits "it gets more" 0 "${resize[@]}"
  is "also for Node.js" "$(limits_of prj_arc)" $'NODE_OPTIONS=--max-old-space-size=2048\n3221225472 3221225472 1000000000'
  local started
  started="$(setting arc '{{.State.StartedAt}}')"
  exits "and the same again" 0 "${resize[@]}"
  is "without a restart" "$(setting arc '{{.State.StartedAt}}')" "$started"
  resize_flags prj_arc 4 1536 0.750 768 1795262400 yes
  exits "it gets less again" 0 "${resize[@]}"
  is "also for Node.js, of the same generation" "$(limits_of prj_arc) $(setting arc '{{index .Config.Labels "in.1mins.generation"}}')" $'NODE_OPTIONS=--max-old-space-size=768\n1610612736 1610612736 750000000 4'
  is "its data is there" "$(furniture prj_arc || true)" "$furniture_before"
  is "it chats" "$(chat)" PONG
  resize_flags prj_arc 4 3072 1.000 2048
  exits "what was taken back is late" 73 "${resize[@]}"
  resize_flags prj_arc 3 3072 1.000 2048
  exits "an older generation's limits are late" 73 "${resize[@]}"
  resize_flags prj_none 1 3072 1.000 2048
  exits "what is not there has none" 69 "${resize[@]}"
  inside docker stop openclaw-prj_arc >/dev/null
  resize_flags prj_arc 4 1536 0.750 768 1795262401
  exits "one that was cut off is finished" 0 "${resize[@]}"
  is "it runs" "$(state_of prj_arc)" running
}

what_is_left_is_archived() {
  archive_flags prj_arc 4 0 arc.tar.gz
  exits "it is archived once more" 0 "${archive[@]}"
  resize_flags prj_arc 4 3072 1.000 2048 1795262402
  exits "what rests can be resized" 0 "${resize[@]}"
  is "and rests" "$(state_of prj_arc)" exited
  restart_flags prj_arc 4 "$(date +%s%3N)"
  exits "what rests is not restarted" 73 "${restart[@]}"
  backup_flags prj_arc 4 never.tar.gz
  exits "what rests is not backed up" 73 "${backup[@]}"
  inside docker rm openclaw-prj_arc >/dev/null
  exits "a volume without its container is archived" 0 "${archive[@]}"
  is "with what is in it" "$(tar -xzOf "$scratch/arc.tar.gz" ./workspace/deep/sentinel ./workspace/twin)" 'the sentinel'
  resume_flags prj_arc 4 0
  exits "but does not go on" 69 "${resume[@]}"
  archive_flags prj_nowhere 1 0 never.tar.gz
  exits "where nothing is, nothing is kept" 0 "${archive[@]}"
  is "and it says so" "$(jq -c . <<<"$said")" '{"archived":true,"empty":true}'
  exits "it is removed" 0 remove --project prj_arc --generation 4 --purge yes
  is "nothing is left of it" "$(left_of prj_arc; inside sh -c 'cd /var/lib/1mins-worker && ls halts resizes')" $'halts:\nprj_nowhere\n\nresizes:\nprj_none'
}

an_adopted_one_is_archived() {
  port=18813
  boot_blank blk_erbe 18813
  exits "a blank has started" 0 await --project blk_erbe --generation 1 --cpus 0.750 --wait 120
  adopt_flags prj_erbe 1 blk_erbe
  exits "a project adopts it" 0 "${adopt[@]}"
  exits "and takes it over" 0 await --project prj_erbe --generation 1 --cpus 0.750 --wait 90
  furnish prj_erbe
  furniture_before="$(furniture prj_erbe || true)"
  resize_flags prj_erbe 1 2048 0.750 1024
  exits "it is resized" 0 "${resize[@]}"
  archive_flags prj_erbe 1 0 erbe.tar.gz
  exits "it is archived" 0 "${archive[@]}"
  exits "it is removed, state and all" 0 remove --project prj_erbe --generation 1 --purge yes
  is "nothing is left of it" "$(left_of erbe)" ''
  launch_flags prj_erbe 2 18814 good.json
  with_restore erbe.tar.gz 1
  exits "it is restored elsewhere" 0 "${launch[@]}"
  is "all is there that was" "$(furniture prj_erbe || true)" "$furniture_before"
  exits "it is removed" 0 remove --project prj_erbe --generation 2 --purge yes
}
