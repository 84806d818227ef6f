//! How a worker is: from what it says of itself and, if that is nothing, from what its provider says.
//!
//! A worker sends a heartbeat every 15 seconds, and all are looked at every 10. So whoever dies is found
//! within 45 seconds of its last heartbeat, which leaves a quarter of the minute that we promise.

use domain::worker::{State, Worker};
use jiff::{SignedDuration, Timestamp};
use ports::{heartbeats::Heartbeat, machines::Power};

/// Two heartbeats missed.
const SILENT_AFTER: SignedDuration = SignedDuration::from_secs(33);
/// How long a worker that has just become ready may take to its first heartbeat.
const YOUNG_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Clocks of machines are synchronised far better than this.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Healthy,
    /// Just ready, and not heard of since.
    Young,
    /// Not heard of, or its Docker does not answer, while the provider knows no reason.
    Silent(Silence),
    /// The provider says that it cannot be heard of any more.
    Lost(Loss),
    /// Nobody expects it to speak: a saga is bringing it up or taking it down, or it is lost already.
    Unwatched,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    /// Since its last heartbeat; if there was none, since it became ready.
    pub(crate) silent_s: i64,
    /// It speaks, and says that its Docker does not answer.
    pub(crate) without_docker: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    Gone,
    Stopped,
    Stopping,
}

/// What the provider says of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    NotAsked,
    Gone,
    There(Power),
}

/// What there is to judge a worker by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) last: Option<&'a Heartbeat>,
    /// The provider has sent word of the machine's end, so its answer counts though the last
    /// heartbeat is fresh.
    pub(crate) announced: bool,
    pub(crate) seen: Seen,
}

pub(crate) fn verdict(now: Timestamp, worker: &Worker, evidence: &Evidence<'_>) -> Verdict {
    match worker.state {
        State::Ready => (),
        State::Provisioning
        | State::Draining
        | State::WarmStopped
        | State::Starting
        | State::Error
        | State::Terminated => return Verdict::Unwatched,
    }
    let says = what_it_says(now, worker, evidence.last);
    let is_doubted = evidence.announced || matches!(says, Verdict::Silent(_));
    match loss(evidence.seen) {
        Some(loss) if is_doubted => Verdict::Lost(loss),
        Some(_) | None => says,
    }
}

/// How far the worker's clock is ahead of ours, if that is too far. A heartbeat from the future counts
/// as one of now, so such a worker would be found silent late.
pub(crate) fn too_far_ahead(now: Timestamp, last: &Heartbeat) -> Option<SignedDuration> {
    let ahead = last.at.duration_since(now);
    (ahead > AHEAD_MAX).then_some(ahead)
}

fn what_it_says(now: Timestamp, worker: &Worker, last: Option<&Heartbeat>) -> Verdict {
    let Some(last) = last else {
        let silent_s = now.duration_since(worker.changed_at).as_secs().max(0);
        let silence = Silence { silent_s, without_docker: false };
        return if is_new(now, worker) { Verdict::Young } else { Verdict::Silent(silence) };
    };
    let quiet = now.duration_since(last.at).max(SignedDuration::ZERO);
    let is_silent = quiet >= SILENT_AFTER;
    if !is_silent && last.docker {
        return Verdict::Healthy;
    }
    // Docker's first answer makes it ready, so what it said before that is no news. And a worker that
    // was stopped was last heard of before it was.
    let is_old_news = if is_silent {
        last.at + YOUNG_FOR < worker.changed_at
    } else {
        last.at < worker.changed_at
    };
    if is_old_news && is_new(now, worker) {
        return Verdict::Young;
    }
    Verdict::Silent(Silence { silent_s: quiet.as_secs(), without_docker: !is_silent })
}

/// Whether it may have become ready a moment ago. A placement or a release looks the same, but neither
/// happens to a silent worker for long: it is cordoned as soon as it is found.
fn is_new(now: Timestamp, worker: &Worker) -> bool {
    now.duration_since(worker.changed_at) < YOUNG_FOR && !worker.is_cordoned()
}

fn loss(seen: Seen) -> Option<Loss> {
    match seen {
        Seen::NotAsked | Seen::There(Power::Running | Power::Starting) => None,
        Seen::Gone => Some(Loss::Gone),
        Seen::There(Power::Stopped) => Some(Loss::Stopped),
        Seen::There(Power::Stopping) => Some(Loss::Stopping),
    }
}

/// Among so few, half of them is nothing.
const MASS_LEAST: usize = 4;

/// Whether so many of `watched` workers are `silent` at once that it is more likely us who do not hear
/// them.
pub(crate) fn is_mass_silence(silent: usize, watched: usize) -> bool {
    watched >= MASS_LEAST && silent * 2 > watched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::BETWEEN_LOOKS;
    use domain::worker::Cordon;
    use testkit::make;

    const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

    fn ago(seconds: i64) -> Timestamp {
        NOW - SignedDuration::from_secs(seconds)
    }

    /// One that has been ready for an hour.
    fn worker() -> Worker {
        Worker { changed_at: ago(3600), ..make::worker("a", 4096) }
    }

    fn changed(seconds: i64) -> Worker {
        Worker { changed_at: ago(seconds), ..worker() }
    }

    fn beat(seconds: i64) -> Heartbeat {
        let (node_id, containers) = ("i-a".to_owned(), vec![]);
        Heartbeat { node_id, at: ago(seconds), docker: true, containers }
    }

    fn beat_without_docker(seconds: i64) -> Heartbeat {
        Heartbeat { docker: false, ..beat(seconds) }
    }

    fn silent(silent_s: i64) -> Verdict {
        Verdict::Silent(Silence { silent_s, without_docker: false })
    }

    fn without_docker(silent_s: i64) -> Verdict {
        Verdict::Silent(Silence { silent_s, without_docker: true })
    }

    fn judge(worker: &Worker, last: Option<&Heartbeat>, seen: Seen) -> Verdict {
        verdict(NOW, worker, &Evidence { last, announced: false, seen })
    }

    /// What the timer of workers says of `key`, in seconds.
    fn timer(key: &str) -> SignedDuration {
        let unit = include_str!("../../../infra-cdk/assets/worker/1mins-heartbeat.timer");
        let value = unit.lines().find_map(|it| it.strip_prefix(key)?.strip_prefix('='));
        let seconds = value.and_then(|it| it.strip_suffix('s')?.parse().ok());
        SignedDuration::from_secs(seconds.unwrap_or_else(|| panic!("`{key}` is in seconds")))
    }

    #[test]
    fn who_dies_is_found_within_45_seconds_and_one_lost_heartbeat_is_nothing() {
        // A message that is due is received, and the pool read.
        let on_the_way = SignedDuration::from_secs(2);
        let between_looks = SignedDuration::try_from(BETWEEN_LOOKS).unwrap();
        let worst = SILENT_AFTER + between_looks + on_the_way;
        assert!(worst <= SignedDuration::from_secs(45), "{worst:?}");
        let between_heartbeats = timer("OnUnitActiveSec") + timer("AccuracySec");
        assert!(SILENT_AFTER > between_heartbeats * 2, "{between_heartbeats:?}");
    }

    #[test]
    fn what_a_worker_says_decides_whether_its_provider_is_asked() {
        let cordoned = |seconds| Worker { cordon: Some(Cordon::Silent), ..changed(seconds) };
        let cases = [
            ("heard of just now", worker(), Some(beat(0)), Verdict::Healthy),
            ("one heartbeat missed", worker(), Some(beat(32)), Verdict::Healthy),
            ("two missed", worker(), Some(beat(33)), silent(33)),
            ("never heard of", worker(), None, silent(3600)),
            ("ready, no heartbeat yet", changed(59), None, Verdict::Young),
            ("no heartbeat after a minute", changed(60), None, silent(60)),
            (
                "started, last heard of before its stop",
                changed(20),
                Some(beat(400)),
                Verdict::Young,
            ),
            ("started, still not heard of", changed(60), Some(beat(400)), silent(400)),
            ("silent, and placed on meanwhile", changed(10), Some(beat(40)), silent(40)),
            ("found silent, then released from", cordoned(10), Some(beat(90)), silent(90)),
            ("cordoned and well", cordoned(10), Some(beat(5)), Verdict::Healthy),
            ("Docker is down", worker(), Some(beat_without_docker(5)), without_docker(5)),
            (
                "Docker was down before it was ready",
                changed(5),
                Some(beat_without_docker(9)),
                Verdict::Young,
            ),
            ("Docker went down since", changed(9), Some(beat_without_docker(5)), without_docker(5)),
            ("a second ahead of us", worker(), Some(beat(-1)), Verdict::Healthy),
            ("an hour ahead of us", worker(), Some(beat(-3600)), Verdict::Healthy),
            ("ahead, without Docker", worker(), Some(beat_without_docker(-9)), without_docker(0)),
            ("changed in our future", changed(-5), None, Verdict::Young),
        ];
        for (case, worker, last, expected) in cases {
            assert_eq!(judge(&worker, last.as_ref(), Seen::NotAsked), expected, "{case}");
        }
    }

    #[test]
    fn only_silence_and_the_provider_together_make_a_loss() {
        use Seen::{Gone, There};
        let lost = Verdict::Lost;
        let cases = [
            ("silent, and runs", Some(beat(40)), There(Power::Running), silent(40)),
            ("silent, and comes up", Some(beat(40)), There(Power::Starting), silent(40)),
            ("silent, and gone", Some(beat(40)), Gone, lost(Loss::Gone)),
            ("silent, and stopped", Some(beat(40)), There(Power::Stopped), lost(Loss::Stopped)),
            ("silent, and stopping", Some(beat(40)), There(Power::Stopping), lost(Loss::Stopping)),
            ("never heard of, and gone", None, Gone, lost(Loss::Gone)),
            (
                "no Docker, and stopping",
                Some(beat_without_docker(5)),
                There(Power::Stopping),
                lost(Loss::Stopping),
            ),
            (
                "no Docker, and runs",
                Some(beat_without_docker(5)),
                There(Power::Running),
                without_docker(5),
            ),
            ("speaks, whatever the provider says", Some(beat(5)), Gone, Verdict::Healthy),
        ];
        for (case, last, seen, expected) in cases {
            assert_eq!(judge(&worker(), last.as_ref(), seen), expected, "{case}");
        }
        assert_eq!(judge(&changed(5), None, Gone), Verdict::Young, "young, and not found yet");
    }

    #[test]
    fn an_end_that_was_announced_counts_once_the_provider_repeats_it() {
        let cases = [
            ("repeated", Seen::Gone, Verdict::Lost(Loss::Gone)),
            ("repeated in part", Seen::There(Power::Stopping), Verdict::Lost(Loss::Stopping)),
            ("an old event", Seen::There(Power::Running), Verdict::Healthy),
            ("nobody answers", Seen::NotAsked, Verdict::Healthy),
        ];
        for (case, seen, expected) in cases {
            let last = beat(5);
            let evidence = Evidence { last: Some(&last), announced: true, seen };
            assert_eq!(verdict(NOW, &worker(), &evidence), expected, "{case}");
        }
    }

    #[test]
    fn what_we_stop_or_start_ourselves_is_never_lost() {
        for state in State::ALL.into_iter().filter(|it| *it != State::Ready) {
            let worker = Worker { state, ..worker() };
            for announced in [false, true] {
                let evidence = Evidence { last: None, announced, seen: Seen::Gone };
                assert_eq!(verdict(NOW, &worker, &evidence), Verdict::Unwatched, "{state:?}");
            }
        }
    }

    #[test]
    fn clocks_that_are_minutes_ahead_are_told() {
        for (seconds_ahead, told) in [(-60, false), (0, false), (300, false), (301, true)] {
            let last = beat(-seconds_ahead);
            assert_eq!(too_far_ahead(NOW, &last).is_some(), told, "{seconds_ahead} s ahead");
        }
    }

    #[test]
    fn more_than_half_of_four_or_more_is_a_mass() {
        let cases = [
            (3, 3, false),
            (2, 4, false),
            (3, 4, true),
            (5, 10, false),
            (6, 10, true),
            (0, 0, false),
        ];
        for (silent, watched, expected) in cases {
            assert_eq!(is_mass_silence(silent, watched), expected, "{silent} of {watched}");
        }
    }
}
