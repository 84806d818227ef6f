//! Ids for what is started, derived from the moment at which it is needed.
//!
//! Not by chance: then two looks at the same fleet would ask for everything twice. An id that the fleet
//! shows already is passed over, so that a look which does see what an earlier one has started can ask
//! for more.

use domain::{
    id::{BlankId, MalformedId, WorkerId},
    plan::PlanId,
    worker::Worker,
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Characters of a blank's id: 51 bits. It is a name, not a secret.
const BLANK_ID_LEN: usize = 10;
/// A worker that is bought to be stopped carries this in its name: until it is stopped nothing else
/// tells it from one that is to run.
const TO_BE_PARKED: &str = "park-";
const TO_RUN: &str = "pool-";

/// The ids of one pool and one minute.
#[derive(Debug)]
pub(crate) struct Mint<'a> {
    region: &'a str,
    minute: i64,
    /// What is in the fleet, or was minted here before.
    seen: BTreeSet<String>,
}

impl<'a> Mint<'a> {
    pub(crate) fn new(region: &'a str, now: Timestamp, fleet: &[Worker]) -> Self {
        let places = fleet.iter().flat_map(|it| &it.reservations);
        let blanks = places.filter_map(|(holder, held)| holder.blank().or(held.blank.as_ref()));
        let seen = blanks.map(BlankId::to_string);
        let seen = seen.chain(fleet.iter().map(|it| it.id.to_string())).collect();
        Self { region, minute: now.as_second().div_euclid(60), seen }
    }

    pub(crate) fn blank(&mut self, plan: PlanId) -> Result<BlankId, MalformedId> {
        self.first_unseen(|pool, number| {
            let (Self { region, minute, .. }, name) = (pool, plan.plan().name);
            let digest = Sha256::digest(format!("blank\0{region}\0{name}\0{minute}\0{number}"));
            let digits = digest.iter().take(BLANK_ID_LEN);
            let body: String =
                digits.map(|it| char::from(ALPHABET[usize::from(it % 36)])).collect();
            BlankId::new(&body)
        })
    }

    /// For a worker that is to run.
    pub(crate) fn worker(&mut self) -> Result<WorkerId, MalformedId> {
        self.purchase(TO_RUN)
    }

    /// For a worker that is stopped once it is ready.
    pub(crate) fn worker_to_park(&mut self) -> Result<WorkerId, MalformedId> {
        self.purchase(TO_BE_PARKED)
    }

    fn purchase(&mut self, kind: &str) -> Result<WorkerId, MalformedId> {
        self.first_unseen(|Self { region, minute, .. }, number| {
            WorkerId::new(&format!("{kind}{region}-{minute}-{number}"))
        })
    }

    fn first_unseen<I: ToString>(
        &mut self,
        derive: impl Fn(&Self, u32) -> Result<I, MalformedId>,
    ) -> Result<I, MalformedId> {
        let mut number = 0;
        loop {
            let id = derive(self, number)?;
            if self.seen.insert(id.to_string()) {
                return Ok(id);
            }
            number += 1;
        }
    }
}

/// Whether the worker was bought to be stopped. It may have been woken since.
pub(crate) fn was_bought_to_park(worker: &WorkerId) -> bool {
    worker.body().starts_with(TO_BE_PARKED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::worker::{Holder, Reservation};
    use testkit::make;

    const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

    fn blank(region: &str, second: i64, plan: PlanId, fleet: &[Worker]) -> BlankId {
        let now = Timestamp::from_second(NOW.as_second() + second).unwrap();
        Mint::new(region, now, fleet).blank(plan).unwrap()
    }

    #[test]
    fn two_looks_within_a_minute_mint_the_same_and_others_do_not() {
        let first = blank("here", 0, PlanId::Standard, &[]);
        assert_eq!(first.body().len(), BLANK_ID_LEN);
        let cases = [
            ("the same minute", blank("here", 59, PlanId::Standard, &[]), true),
            ("the next minute", blank("here", 60, PlanId::Standard, &[]), false),
            ("another plan", blank("here", 0, PlanId::Pro, &[]), false),
            ("another region", blank("there", 0, PlanId::Standard, &[]), false),
        ];
        for (case, id, same) in cases {
            assert_eq!(id == first, same, "{case}");
        }
    }

    #[test]
    fn what_the_fleet_has_already_is_passed_over_taken_or_not() {
        let plan = PlanId::Standard;
        let mut mint = Mint::new("here", NOW, &[]);
        let (first, second) = (mint.blank(plan).unwrap(), mint.blank(plan).unwrap());
        assert_ne!(first, second);
        let taken_by_a_project = (Holder::from(make::project().id), Some(first.clone()));
        for (holder, adopted) in [(Holder::from(first), None), taken_by_a_project] {
            let mut worker = make::worker("a", 8_192);
            let id = make::project().id.reservation(1);
            let (demand, since, warm) = (plan.plan().limits, NOW, false);
            let place = Reservation { id, demand, port: 1, plan, since, warm, blank: adopted };
            worker.reservations.insert(holder, place);
            assert_eq!(blank("here", 0, plan, &[worker]), second);
        }
    }

    #[test]
    fn workers_say_in_their_name_what_they_are_for() {
        let mut mint = Mint::new("ap-southeast-7", NOW, &[]);
        let (runs, parks) = (mint.worker().unwrap(), mint.worker_to_park().unwrap());
        assert_eq!(runs.as_str(), "wrk_pool-ap-southeast-7-29921040-0");
        assert_eq!(parks.as_str(), "wrk_park-ap-southeast-7-29921040-0");
        assert!(was_bought_to_park(&parks) && !was_bought_to_park(&runs));
        let known = Worker { id: runs, ..make::worker("a", 8_192) };
        let next = Mint::new("ap-southeast-7", NOW, &[known]).worker().unwrap();
        assert_eq!(next.as_str(), "wrk_pool-ap-southeast-7-29921040-1");
    }

    #[test]
    fn a_region_that_no_id_can_hold_is_an_error() {
        assert!(Mint::new("Nowhere!", NOW, &[]).worker().is_err());
    }
}
