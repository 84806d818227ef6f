//! When an instance falls asleep, as a table and as laws.

use super::*;
use crate::{
    health::Run,
    id::ProjectId,
    plan::{PLANS, PlanId},
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
const IDLE: Activity =
    Activity { asked_s: 30, idle_s: 15 * 60, tasks: 0, connections: 0, next_job_s: None };

fn sight(activity: Option<Activity>) -> Sight {
    Sight { activity, ..Sight::WELL }
}

fn look(sight: &Sight) -> Look<'_> {
    Look {
        at: NOW,
        plan: PlanId::Standard.plan(),
        attempt: 1,
        here_since: ago(60),
        keep_awake: false,
        is_entitled: true,
        is_settled: true,
        sight,
        rest: None,
    }
}

fn ago(minutes: i64) -> Timestamp {
    NOW - SignedDuration::from_mins(minutes)
}

fn rest(attempt: u32, minutes: i64) -> Rest {
    Rest::begin(ProjectId::new("a").unwrap(), attempt, None, ago(minutes))
}

/// Woken at each of these minutes before now, after having fallen asleep a minute earlier.
fn woken(minutes: &[i64]) -> Rest {
    minutes
        .iter()
        .fold(rest(0, 10_000), |it, minute| it.again(0, None, ago(minute + 1)).woken(ago(*minute)))
}

#[test]
fn one_that_nobody_uses_falls_asleep_and_whatever_goes_on_keeps_it_awake() {
    let all = SLEEP_LEAST + LEAD;
    let due_s = u32::try_from(all.as_secs()).unwrap();
    let asleep = Verdict::FallAsleep { wake_at: None };
    let awake = Verdict::StayAwake;
    let cases = [
        ("idle for its minutes", IDLE, asleep),
        ("a second less", Activity { idle_s: 15 * 60 - 1, ..IDLE }, awake(Why::InUse)),
        ("connected", Activity { connections: 1, ..IDLE }, awake(Why::Connected)),
        ("at work", Activity { tasks: 1, ..IDLE }, awake(Why::Busy)),
        ("not asked of late", Activity { asked_s: FRESH_S, ..IDLE }, awake(Why::Unknown)),
        ("a job soon", Activity { next_job_s: Some(due_s - 1), ..IDLE }, awake(Why::JobDue)),
        ("an overdue job", Activity { next_job_s: Some(0), ..IDLE }, awake(Why::JobDue)),
        (
            "a job later",
            Activity { next_job_s: Some(due_s), ..IDLE },
            Verdict::FallAsleep { wake_at: Some(NOW + SLEEP_LEAST) },
        ),
    ];
    for (case, activity, expected) in cases {
        assert_eq!(look(&sight(Some(activity))).verdict(), expected, "{case}");
    }
    assert_eq!(look(&sight(None)).verdict(), awake(Why::Unknown), "an older worker");
}

#[test]
fn what_stands_in_the_way_is_named() {
    let idle = sight(Some(IDLE));
    let silent = Sight { silent_s: 60, ..idle.clone() };
    let stopped = Sight { run: Run::Stopped, ..idle.clone() };
    let full = Sight { disk_mib: Some(10 * 1024 + 1), ..idle.clone() };
    let tried = rest(1, 29);
    let cases: [(Why, Look<'_>); 9] = [
        (Why::Plan, Look { plan: PlanId::Pro.plan(), ..look(&idle) }),
        (Why::Owner, Look { keep_awake: true, ..look(&idle) }),
        (Why::Unpaid, Look { is_entitled: false, ..look(&idle) }),
        (Why::Unsettled, Look { is_settled: false, ..look(&idle) }),
        (Why::Unwell, look(&silent)),
        (Why::Unwell, look(&stopped)),
        (Why::Full, look(&full)),
        (Why::Young, Look { here_since: ago(10) + SignedDuration::from_secs(1), ..look(&idle) }),
        (Why::TriedBefore, Look { rest: Some(&tried), ..look(&idle) }),
    ];
    for (why, look) in cases {
        assert_eq!(look.verdict(), Verdict::StayAwake(why));
    }
}

#[test]
fn who_could_not_fall_asleep_is_left_alone_for_a_while_and_who_was_woken_for_longer_each_time() {
    let sight_after = |minutes: u32| sight(Some(Activity { idle_s: minutes * 60, ..IDLE }));
    let cases = [
        ("tried half an hour ago", rest(1, 30), 15),
        ("another instance was tried", rest(0, 1), 15),
        ("woken once", woken(&[60]), 30),
        ("woken twice", woken(&[120, 60]), 60),
        ("woken long ago", woken(&[360, 60]), 30),
        ("woken all the time", woken(&[300, 250, 200, 150, 100, 50]), 240),
    ];
    for (case, rest, minutes) in cases {
        for (minutes, sleeps) in [(minutes, true), (minutes - 1, false)] {
            let sight = sight_after(minutes);
            let verdict = Look { rest: Some(&rest), ..look(&sight) }.verdict();
            let fell = matches!(verdict, Verdict::FallAsleep { .. });
            assert_eq!(fell, sleeps, "{case}, idle for {minutes} minutes");
        }
    }
}

#[test]
fn a_repeated_wake_is_one_wake_and_is_forgotten_in_time() {
    let once = rest(1, 10).woken(ago(5));
    assert_eq!(once.woken(ago(4)), once);
    assert_eq!(once.factor(NOW), 2);
    assert!(!once.is_over(NOW));
    let later = ago(5) + SignedDuration::from_hours(6);
    assert_eq!(once.factor(later), 1);
    assert!(once.is_over(later));
    assert!(!rest(1, 359).is_over(NOW), "it may not have come to anything");
    assert!(rest(1, 360).is_over(NOW));
}

#[test]
fn it_is_due_when_its_time_has_come() {
    let rest = |wake_at| {
        let mut rest = rest(1, 10);
        rest.wake_at = wake_at;
        rest
    };
    assert!(!rest(None).is_due(NOW));
    assert!(rest(Some(NOW)).is_due(NOW));
    assert!(!rest(Some(NOW + SignedDuration::from_secs(1))).is_due(NOW));
}

#[test]
fn what_costs_less_sleeps_and_what_costs_more_does_not() {
    let sleepers: Vec<_> =
        PLANS.iter().filter(|it| it.sleeps_after_min.is_some()).map(|it| it.id).collect();
    assert_eq!(sleepers, [PlanId::Standard]);
}

fn activities() -> impl Strategy<Value = Activity> {
    (0..400u32, 0..40_000u32, 0..2u32, 0..2u32, proptest::option::of(0..10_000u32)).prop_map(
        |(asked_s, idle_s, tasks, connections, next_job_s)| Activity {
            asked_s,
            idle_s,
            tasks,
            connections,
            next_job_s,
        },
    )
}

proptest! {
    /// Whatever else there is: nothing is under way, nobody is there, and no job is missed.
    #[test]
    fn who_falls_asleep_is_not_missed(
        activity in activities(),
        here_min in 0..90i64,
        wakes in proptest::collection::vec(1..500i64, 0..6),
    ) {
        let sight = sight(Some(activity.clone()));
        let rest = woken(&wakes);
        let here_since = ago(here_min);
        let verdict = Look { rest: Some(&rest), here_since, ..look(&sight) }.verdict();
        if let Verdict::FallAsleep { wake_at } = verdict {
            prop_assert_eq!((activity.tasks, activity.connections), (0, 0));
            prop_assert!(seconds(activity.idle_s) >= SignedDuration::from_mins(15));
            prop_assert!(SignedDuration::from_mins(here_min) >= AWAKE_LEAST);
            prop_assert_eq!(wake_at.is_some(), activity.next_job_s.is_some());
            for (at, job_s) in wake_at.into_iter().zip(activity.next_job_s) {
                prop_assert!(at >= NOW + SLEEP_LEAST);
                prop_assert_eq!(at + LEAD, NOW + seconds(job_s));
            }
        }
    }

    /// To be idle for longer never keeps one awake.
    #[test]
    fn more_idle_is_no_less_asleep(activity in activities(), more in 0..10_000u32) {
        let (now, later) =
            (sight(Some(activity.clone())),
             sight(Some(Activity { idle_s: activity.idle_s + more, ..activity })));
        if let Verdict::FallAsleep { .. } = look(&now).verdict() {
            prop_assert_eq!(look(&later).verdict(), look(&now).verdict());
        }
    }
}
