//! Read, choose, claim; choose again if somebody was faster.
//!
//! Best fit at first. Whoever lost a race is one of several who want the same worker, so from then
//! on chance decides, weighted by what is free. `scripts/bench --only yardstick` has what that takes.

use crate::handler::{PlaceError, World};
use domain::{
    fit::{Demand, choose_any_best, choose_weighted, judge_once_ready},
    id::{BlankId, ReservationId},
    plan::PlanId,
    worker::{Holder, Reservation, State, Worker},
};
use ports::{
    clock::Clock,
    fleet::{Fleet, ReserveError},
    random::Random,
};
use std::collections::BTreeSet;

/// How many conditional writes one call makes before it lets the saga back off.
pub const MAX_WRITES: u32 = 12;

/// What is asked for, and by whom.
pub(crate) struct Wish<'a> {
    pub(crate) holder: Holder,
    pub(crate) reservation_id: &'a ReservationId,
    pub(crate) plan: PlanId,
    pub(crate) demand: Demand,
    /// Whether an instance that has started already will do.
    pub(crate) takes_blank: bool,
}

/// Where the wish came true.
#[derive(Debug)]
pub(crate) enum Found {
    /// An earlier call of the same saga had claimed it already.
    Before(Worker),
    Blank {
        worker: Worker,
        blank: BlankId,
    },
    Room(Worker),
    /// On a worker that is stopped: it has to be started.
    Asleep(Worker),
    Nowhere,
}

/// One placement as it goes: what it has seen, and what it has tried.
pub(crate) struct Search<'a, F, P, C, R> {
    world: &'a World<'a, F, P, C, R>,
    wish: &'a Wish<'a>,
    pub(crate) seen: Vec<Worker>,
    pub(crate) writes: u32,
    /// Blanks that somebody else got first. There is room elsewhere: nobody waits for a blank.
    lost: BTreeSet<BlankId>,
}

impl<'a, F: Fleet, P, C: Clock, R: Random> Search<'a, F, P, C, R> {
    pub(crate) fn new(world: &'a World<'a, F, P, C, R>, wish: &'a Wish<'a>) -> Self {
        Self { world, wish, seen: Vec::new(), writes: 0, lost: BTreeSet::new() }
    }

    /// Claims a blank, else room on a worker that is awake, else wakes one.
    pub(crate) async fn run(&mut self) -> Result<Found, PlaceError> {
        // Before any choice: on a retry the fleet may be full, of us.
        self.seen = self.world.fleet.workers().await?;
        if let Some(worker) = self.held_already() {
            return Ok(Found::Before(worker));
        }
        loop {
            if self.writes >= MAX_WRITES {
                return Err(PlaceError::Contended(self.writes));
            }
            let before = self.writes;
            if let Some(found) = self.try_once().await? {
                return Ok(found);
            }
            if self.writes == before {
                return Ok(Found::Nowhere);
            }
            self.seen = self.world.fleet.workers().await?;
        }
    }

    fn held_already(&self) -> Option<Worker> {
        let ours = |it: &&Worker| {
            let held = it.reservations.get(&self.wish.holder);
            held.is_some_and(|it| it.id == *self.wish.reservation_id)
        };
        self.seen.iter().find(ours).cloned()
    }

    /// One write at most. `None` if it was lost, or if there was nothing to try.
    async fn try_once(&mut self) -> Result<Option<Found>, PlaceError> {
        if let Some((worker, blank, held)) = self.choose_blank() {
            return self.claim_blank(worker, blank, held).await;
        }
        if let Some(worker) = self.choose_awake() {
            return self.reserve(worker).await;
        }
        match self.choose_asleep() {
            Some(worker) => self.wake(worker).await,
            None => Ok(None),
        }
    }

    /// The warm blank of the plan on the tightest worker: it is where best fit had put it.
    fn choose_blank(&self) -> Option<(Worker, BlankId, Reservation)> {
        if !self.wish.takes_blank {
            return None;
        }
        let demand = &self.wish.demand;
        let open = |it: &&Worker| it.admits() && demand.may_be_in(&it.origin.region);
        let warm = self.seen.iter().filter(open).flat_map(|worker| {
            let blanks = worker.reservations.iter().filter_map(|(holder, held)| {
                Some((holder.blank()?, held)).filter(|_| held.warm && held.plan == self.wish.plan)
            });
            blanks.map(move |(blank, held)| (worker, blank, held))
        });
        let mut open: Vec<_> = warm.filter(|(_, blank, _)| !self.lost.contains(*blank)).collect();
        open.sort_by_key(|(worker, blank, _)| (worker.free.memory_mib, &worker.id, *blank));
        // Placers that race for blanks must not all want the same one.
        let at = if self.writes == 0 { 0 } else { self.random_index(open.len()) };
        open.get(at)
            .map(|(worker, blank, held)| ((*worker).clone(), (*blank).clone(), (*held).clone()))
    }

    fn random_index(&self, len: usize) -> usize {
        let len = u64::try_from(len.max(1)).unwrap_or(1);
        usize::try_from(self.world.random.next() % len).unwrap_or(0)
    }

    fn choose_awake(&self) -> Option<Worker> {
        let random = self.world.random.next();
        let chosen = if self.writes == 0 {
            choose_any_best(&self.seen, &self.wish.demand, random)
        } else {
            choose_weighted(&self.seen, &self.wish.demand, random)
        };
        chosen.cloned()
    }

    /// The smallest that will do: it is started for this one.
    fn choose_asleep(&self) -> Option<Worker> {
        self.seen
            .iter()
            .filter(|it| it.state == State::WarmStopped)
            .filter_map(|it| Some((judge_once_ready(it, &self.wish.demand).ok()?, it)))
            .min_by_key(|(score, worker)| (*score, &worker.id))
            .map(|(_, worker)| worker.clone())
    }

    async fn claim_blank(
        &mut self,
        worker: Worker,
        blank: BlankId,
        held: Reservation,
    ) -> Result<Option<Found>, PlaceError> {
        let Some(project) = self.wish.holder.project() else { return Ok(None) };
        let claim = Reservation {
            blank: Some(blank.clone()),
            // Capacity and port change hands as they are, whatever the plan asks for by now.
            demand: held.demand,
            port: held.port,
            ..self.claim(&worker)
        };
        self.writes += 1;
        let fleet = self.world.fleet;
        let claimed = fleet.claim_blank(&worker.id, &blank, &held, project, &claim).await;
        if won(claimed)? {
            return Ok(Some(Found::Blank { worker, blank }));
        }
        self.lost.insert(blank);
        Ok(None)
    }

    async fn reserve(&mut self, worker: Worker) -> Result<Option<Found>, PlaceError> {
        self.writes += 1;
        let claim = self.claim(&worker);
        let fleet = self.world.fleet;
        let won = won(fleet.reserve(&worker.id, &self.wish.holder, &claim).await)?;
        Ok(won.then_some(Found::Room(worker)))
    }

    async fn wake(&mut self, worker: Worker) -> Result<Option<Found>, PlaceError> {
        if self.wish.holder.project().is_none() {
            return Ok(None);
        }
        self.writes += 1;
        let claim = self.claim(&worker);
        let fleet = self.world.fleet;
        let won = won(fleet.reserve_and_wake(&worker.id, &self.wish.holder, &claim).await)?;
        Ok(won.then_some(Found::Asleep(worker)))
    }

    fn claim(&self, worker: &Worker) -> Reservation {
        Reservation {
            id: self.wish.reservation_id.clone(),
            demand: self.wish.demand.on(worker),
            // A worker without one was refused before.
            port: worker.free_port(self.world.random.next()).unwrap_or_default(),
            plan: self.wish.plan,
            since: self.world.clock.now(),
            warm: false,
            blank: None,
        }
    }
}

/// Whether the write took: `false` if somebody was faster.
fn won(reserved: Result<Reservation, ReserveError>) -> Result<bool, PlaceError> {
    match reserved {
        Ok(_) => Ok(true),
        Err(ReserveError::LostRace) => Ok(false),
        Err(ReserveError::Unavailable(cause)) => Err(cause.into()),
    }
}
