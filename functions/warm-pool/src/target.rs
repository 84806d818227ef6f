//! How much to have in stock, given the hour and who is about to come.

use crate::config::WarmPool;
use domain::{plan::PlanId, worker::Worker};
use jiff::{Timestamp, tz::TimeZone};
use std::{collections::BTreeMap, time::Duration};

/// How many of each plan.
pub(crate) type Counts = BTreeMap<PlanId, u32>;

/// How far back an arrival says something about the next ones.
const ARRIVALS_WINDOW: Duration = Duration::from_mins(10);
/// How long it takes until a blank that was taken is replaced. Whoever comes in this time finds the
/// stock as the others left it.
const REFILL: Duration = Duration::from_mins(2);

/// How much to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Blank instances, warm or booting.
    pub(crate) blanks: Counts,
    /// Instances of the headroom's plan that running workers have room for, beside the blanks.
    pub(crate) headroom: u32,
    pub(crate) stopped_workers: u32,
}

/// What `pool` wants at `hour` (UTC): what it wants anyway, more in busy hours, and a blank for
/// everybody who is expected.
///
/// A customer who wants to be alone needs a whole worker. That is too much to have in stock, so
/// nothing is kept for them.
pub(crate) fn choose_target(
    pool: &WarmPool,
    hour: i8,
    arrivals: &Counts,
    intents: &Counts,
) -> Target {
    let factor = if pool.busy_hours_utc.contains(&hour) { pool.busy_factor } else { 1 };
    let of = |counts: &Counts, plan: PlanId| counts.get(&plan).copied().unwrap_or_default();
    let blanks = pool.blanks.iter().map(|(plan, bounds)| {
        let expected = while_refilling(of(arrivals, *plan)).saturating_add(of(intents, *plan));
        let wanted = bounds.least.saturating_mul(factor).saturating_add(expected);
        (*plan, wanted.min(bounds.most))
    });
    Target {
        blanks: blanks.collect(),
        headroom: pool.headroom.instances.saturating_mul(factor),
        stopped_workers: pool.stopped_workers,
    }
}

/// Of `arrivals` in [`ARRIVALS_WINDOW`], how many to expect within [`REFILL`].
fn while_refilling(arrivals: u32) -> u32 {
    let share = u64::from(arrivals) * REFILL.as_secs();
    u32::try_from(share.div_ceil(ARRIVALS_WINDOW.as_secs())).unwrap_or(u32::MAX)
}

/// The projects that got their place within the last minutes.
pub(crate) fn arrivals(fleet: &[Worker], now: Timestamp) -> Counts {
    let since = now - ARRIVALS_WINDOW;
    let places = fleet.iter().flat_map(|it| &it.reservations);
    let lately = places.filter(|(holder, it)| holder.project().is_some() && it.since > since);
    count(lately.map(|(_, it)| it.plan))
}

pub(crate) fn count(plans: impl IntoIterator<Item = PlanId>) -> Counts {
    let mut counts = Counts::new();
    for plan in plans {
        *counts.entry(plan).or_default() += 1;
    }
    counts
}

/// The hour of the day in UTC.
pub(crate) fn hour(now: Timestamp) -> i8 {
    now.to_zoned(TimeZone::UTC).hour()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::example;
    use PlanId::{Dedicated, Pro, Standard};
    use domain::worker::{Holder, Reservation};
    use proptest::prelude::*;
    use testkit::make;

    const QUIET: i8 = 3;
    const BUSY: i8 = 7;

    fn pool() -> WarmPool {
        example().to_string().parse().expect("makes sense")
    }

    fn blanks(hour: i8, arrivals: &[PlanId], intents: &[PlanId]) -> (u32, u32) {
        let of = |plans: &[PlanId]| count(plans.iter().copied());
        let target = choose_target(&pool(), hour, &of(arrivals), &of(intents));
        (target.blanks[&Standard], target.blanks[&Pro])
    }

    #[test]
    fn there_is_a_blank_for_everybody_who_is_expected_up_to_the_most() {
        type Case<'a> = (&'a str, i8, &'a [PlanId], &'a [PlanId], (u32, u32));
        let cases: &[Case<'_>] = &[
            ("nobody", QUIET, &[], &[], (1, 0)),
            ("nobody, in a busy hour", BUSY, &[], &[], (2, 0)),
            ("one came lately", QUIET, &[Standard], &[], (2, 0)),
            ("five in ten minutes are one in two", QUIET, &[Standard; 5], &[], (2, 0)),
            ("six may be two", QUIET, &[Standard; 6], &[], (3, 0)),
            ("somebody looks at Pro", QUIET, &[], &[Pro], (1, 1)),
            ("many look", QUIET, &[], &[Standard; 50], (4, 0)),
            ("who is alone is not waited for", BUSY, &[Dedicated; 9], &[Dedicated; 9], (2, 0)),
        ];
        for (case, hour, arrivals, intents, expected) in cases {
            assert_eq!(blanks(*hour, arrivals, intents), *expected, "{case}");
        }
    }

    #[test]
    fn headroom_doubles_in_busy_hours_and_stopped_workers_do_not() {
        for (hour, headroom) in [(QUIET, 2), (BUSY, 4)] {
            let target = choose_target(&pool(), hour, &Counts::new(), &Counts::new());
            assert_eq!((target.headroom, target.stopped_workers), (headroom, 1), "{hour}");
        }
    }

    #[test]
    fn who_got_a_place_ten_minutes_ago_has_arrived_and_a_blank_never_does() {
        let now = Timestamp::from_second(1_795_262_400).unwrap();
        let mut worker = make::worker("a", 8_192);
        for (holder, age_s, plan) in [
            ("prj_new", 1, Standard),
            ("prj_other", 599, Pro),
            ("prj_old", 600, Standard),
            ("blk_new", 1, Standard),
        ] {
            let holder = Holder::try_from(holder.to_owned()).unwrap();
            let since = now - Duration::from_secs(age_s);
            let (id, demand) = (make::project_id("x").reservation(1), plan.plan().limits);
            let place = Reservation { id, demand, port: 1, plan, since, warm: false, blank: None };
            worker.reservations.insert(holder, place);
        }
        assert_eq!(arrivals(&[worker], now), count([Standard, Pro]));
        assert_eq!(hour(now), 12);
    }

    fn plans() -> impl Strategy<Value = Vec<PlanId>> {
        prop::collection::vec(prop::sample::select(vec![Standard, Pro, Dedicated]), 0..60)
    }

    proptest! {
        #[test]
        fn more_customers_never_make_it_less_nor_more_than_the_most(
            hour in 0_i8..24,
            arrived in plans(),
            wanted in plans(),
            more_arrived in plans(),
            more_wanted in plans(),
        ) {
            let target = |arrived: &[PlanId], wanted: &[PlanId]| {
                let of = |plans: &[PlanId]| count(plans.iter().copied());
                choose_target(&pool(), hour, &of(arrived), &of(wanted))
            };
            let few = target(&arrived, &wanted);
            let many = target(
                &[arrived, more_arrived].concat(),
                &[wanted, more_wanted].concat(),
            );
            for (plan, bounds) in &pool().blanks {
                prop_assert!(few.blanks[plan] <= many.blanks[plan]);
                prop_assert!(many.blanks[plan] <= bounds.most);
                prop_assert!(few.blanks[plan] >= bounds.least);
            }
            prop_assert_eq!(few.headroom, many.headroom);
        }
    }
}
