//! Projects come and go, and the fleet grows and shrinks with them.
//!
//! They arrive at random, independently of each other, and stay for an exponentially distributed time,
//! which has no memory: whoever leaves next is anybody. Workers come at once and moves take no time,
//! so that what is measured is the decision and nothing else.

use super::{bound, fleet, fleet::Fleet, machine::Machine, optimum::Optimum};
use domain::{
    consolidation::Consolidation,
    id::{ProjectId, WorkerId},
    plan::PlanId,
};
use std::collections::VecDeque;

const HOURS_PER_WEEK: f64 = 7.0 * 24.0;

/// What is simulated.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) machine: Machine,
    /// How many projects are there on average.
    pub(super) projects: u32,
    /// Share of projects that are Pro; the others are Standard.
    pub(super) pro_share: f64,
    pub(super) lifetime_h: f64,
    /// How long an empty worker is kept.
    pub(super) keep_empty_h: f64,
    pub(super) moving: Option<Moving>,
    /// Lifetimes that pass before anything is counted, and that are counted.
    pub(super) lifetimes: (f64, f64),
    pub(super) seed: u64,
}

/// When workers are emptied into others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moving {
    /// How often the planner is asked.
    pub(super) every_h: f64,
    /// How often a tenant may be moved, on average over the fleet.
    pub(super) per_tenant_week: f64,
}

/// What happened while it counted. Hours are sums over workers or projects.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub(super) hours: f64,
    pub(super) worker_hours: f64,
    /// What the best packing at every moment would have needed.
    pub(super) optimum_hours: f64,
    /// The lower bound L2 of that.
    pub(super) bound_hours: f64,
    pub(super) project_hours: f64,
    pub(super) moves: f64,
}

impl Outcome {
    pub(super) fn over_optimum(&self) -> f64 {
        self.worker_hours / self.optimum_hours
    }

    pub(super) fn moves_per_tenant_week(&self) -> f64 {
        self.moves * HOURS_PER_WEEK / self.project_hours
    }

    /// What a project costs a month if a worker of this `machine` was used.
    pub(super) fn usd_per_tenant_month(&self, machine: &Machine) -> f64 {
        let workers = self.worker_hours / self.project_hours;
        workers * machine.usd_per_worker_month() + machine.usd_per_tenant_month()
    }

    /// The same, had it been packed as well as can be.
    pub(super) fn least_usd_per_tenant_month(&self, machine: &Machine) -> f64 {
        Self { worker_hours: self.optimum_hours, ..*self }.usd_per_tenant_month(machine)
    }
}

/// `None` if a worker does not hold one project.
pub(super) fn run(setting: &Setting) -> Option<Outcome> {
    let mut simulation = Simulation::start(setting)?;
    for _ in 0..setting.projects {
        simulation.arrive()?;
    }
    let end = (setting.lifetimes.0 + setting.lifetimes.1) * setting.lifetime_h;
    let arrivals_per_h = f64::from(setting.projects) / setting.lifetime_h;
    loop {
        let changes_per_h = arrivals_per_h + simulation.present() / setting.lifetime_h;
        let next = simulation.now + simulation.random_time(changes_per_h);
        simulation.pass_until(next.min(end))?;
        if next >= end {
            return Some(simulation.counted);
        }
        if simulation.random.f64() * changes_per_h < arrivals_per_h {
            simulation.arrive()?;
        } else {
            simulation.leave()?;
        }
    }
}

struct Simulation<'a> {
    setting: &'a Setting,
    random: fastrand::Rng,
    fleet: Fleet,
    optimum: Optimum,
    projects: Vec<(ProjectId, PlanId)>,
    arrived: u32,
    standard: u32,
    pro: u32,
    now: f64,
    /// Empty workers and when each is given back, unless it was used again.
    empty: VecDeque<(f64, WorkerId)>,
    next_plan: f64,
    /// Whether anything changed since the planner had nothing to say.
    is_changed: bool,
    /// Moves that may be made now. Saved for a week at most.
    allowed_moves: f64,
    counted: Outcome,
}

impl<'a> Simulation<'a> {
    fn start(setting: &'a Setting) -> Option<Self> {
        let memory_mib = |plan: PlanId| plan.plan().limits.memory_mib;
        let sold = setting.machine.offering.capacity().memory_mib;
        Some(Self {
            setting,
            random: fastrand::Rng::with_seed(setting.seed),
            fleet: Fleet::of(setting.machine.offering.clone()),
            optimum: Optimum::new(sold, memory_mib(PlanId::Standard), memory_mib(PlanId::Pro))?,
            projects: Vec::new(),
            arrived: 0,
            standard: 0,
            pro: 0,
            now: 0.0,
            empty: VecDeque::new(),
            next_plan: setting.moving.map_or(f64::INFINITY, |it| it.every_h),
            is_changed: true,
            allowed_moves: 0.0,
            counted: Outcome::default(),
        })
    }

    fn present(&self) -> f64 {
        f64::from(self.standard + self.pro)
    }

    /// Exponentially distributed, with a mean of one over `per_h`.
    fn random_time(&mut self, per_h: f64) -> f64 {
        -(1.0 - self.random.f64()).ln() / per_h
    }

    fn arrive(&mut self) -> Option<()> {
        let is_pro = self.random.f64() < self.setting.pro_share;
        let plan = if is_pro { PlanId::Pro } else { PlanId::Standard };
        let project = fleet::project(self.arrived)?;
        self.arrived += 1;
        self.fleet.place(&project, plan)?;
        self.projects.push((project, plan));
        *self.number_of(plan) += 1;
        self.is_changed = true;
        Some(())
    }

    fn leave(&mut self) -> Option<()> {
        let anybody = self.random.usize(..self.projects.len());
        let (project, plan) = self.projects.swap_remove(anybody);
        let worker = self.fleet.release(&project)?;
        *self.number_of(plan) -= 1;
        self.is_changed = true;
        if self.fleet.is_empty(&worker) {
            self.empty.push_back((self.now + self.setting.keep_empty_h, worker));
        }
        Some(())
    }

    fn number_of(&mut self, plan: PlanId) -> &mut u32 {
        if plan == PlanId::Pro { &mut self.pro } else { &mut self.standard }
    }

    /// Lets time pass, and does on the way what is due.
    fn pass_until(&mut self, end: f64) -> Option<()> {
        loop {
            let give_back = self.empty.front().map_or(f64::INFINITY, |(at, _)| *at);
            let due = give_back.min(self.next_plan);
            self.count_until(due.min(end));
            if due > end {
                return Some(());
            }
            if give_back <= self.next_plan {
                self.give_back();
            } else {
                self.consolidate()?;
            }
        }
    }

    /// A worker that was used again in the meantime, and emptied again, waits in the queue twice and
    /// is given back the second time.
    fn give_back(&mut self) {
        if let Some((_, worker)) = self.empty.pop_front() {
            let again = self.empty.iter().any(|(_, it)| *it == worker);
            if self.fleet.is_empty(&worker) && !again {
                self.fleet.give_back(&worker);
            }
        }
    }

    fn consolidate(&mut self) -> Option<()> {
        self.next_plan += self.setting.moving.map_or(f64::INFINITY, |it| it.every_h);
        while self.is_changed {
            let Some(plan) = self.fleet.plan_consolidation() else {
                self.is_changed = false;
                break;
            };
            if moves_of(&plan) > self.allowed_moves {
                break;
            }
            self.fleet.carry_out(&plan)?;
            self.fleet.give_back(&plan.worker);
            self.allowed_moves -= moves_of(&plan);
            if self.now >= self.warm_at() {
                self.counted.moves += moves_of(&plan);
            }
        }
        Some(())
    }

    /// When counting begins.
    fn warm_at(&self) -> f64 {
        self.setting.lifetimes.0 * self.setting.lifetime_h
    }

    /// Nothing changes from now to `end`.
    fn count_until(&mut self, end: f64) {
        let hours = end - self.now;
        let projects = self.present();
        if let Some(moving) = self.setting.moving {
            let per_week = projects * moving.per_tenant_week;
            let earned = hours / HOURS_PER_WEEK * per_week;
            self.allowed_moves = (self.allowed_moves + earned).min(per_week);
        }
        let counts_from = self.now.max(self.warm_at());
        if end > counts_from {
            let hours = end - counts_from;
            let workers = u32::try_from(self.fleet.len()).unwrap_or(u32::MAX);
            self.counted.hours += hours;
            self.counted.worker_hours += hours * f64::from(workers);
            self.counted.project_hours += hours * projects;
            let fewest = self.optimum.workers(self.standard, self.pro);
            self.counted.optimum_hours += hours * f64::from(fewest);
            self.counted.bound_hours += hours * self.bound();
        }
        self.now = end;
    }

    fn bound(&self) -> f64 {
        let memory_mib = |plan: PlanId| plan.plan().limits.memory_mib;
        let sold = self.setting.machine.offering.capacity().memory_mib;
        let load =
            [(memory_mib(PlanId::Standard), self.standard), (memory_mib(PlanId::Pro), self.pro)];
        f64::from(u32::try_from(bound::fewest_workers(sold, &load)).unwrap_or(u32::MAX))
    }
}

fn moves_of(plan: &Consolidation) -> f64 {
    f64::from(u32::try_from(plan.disturbed()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{super::machine::of_gib, *};

    const MOVING: Moving = Moving { every_h: 6.0, per_tenant_week: 1.0 };

    fn setting(gib: u32, pro_share: f64) -> Setting {
        Setting {
            machine: of_gib(gib).unwrap(),
            projects: 40,
            pro_share,
            lifetime_h: 720.0,
            keep_empty_h: 0.0,
            moving: None,
            lifetimes: (1.0, 4.0),
            seed: 1,
        }
    }

    #[test]
    fn nothing_packs_better_than_the_optimum_and_that_not_better_than_the_bound() {
        for gib in [4, 8, 16, 32, 64] {
            for moving in [None, Some(MOVING)] {
                let outcome = run(&Setting { moving, ..setting(gib, 0.2) }).unwrap();
                assert!(outcome.over_optimum() >= 1.0, "{gib} GiB: {outcome:?}");
                assert!(outcome.bound_hours <= outcome.optimum_hours, "{gib} GiB: {outcome:?}");
            }
        }
    }

    #[test]
    fn there_are_as_many_projects_as_asked_for_and_for_as_long() {
        let outcome = run(&Setting { lifetimes: (0.0, 60.0), ..setting(16, 0.2) }).unwrap();
        assert!((outcome.hours - 60.0 * 720.0).abs() < 1e-6, "{outcome:?}");
        let projects = outcome.project_hours / outcome.hours;
        assert!((36.0..44.0).contains(&projects), "{projects}");
    }

    #[test]
    fn a_seed_gives_the_same_run_again() {
        let again = || run(&setting(8, 0.2)).unwrap();
        assert_eq!(again(), again());
        assert_ne!(again(), run(&Setting { seed: 2, ..setting(8, 0.2) }).unwrap());
    }

    #[test]
    fn moves_save_workers_and_stay_within_what_is_allowed() {
        let moved = |per_tenant_week| {
            let moving = Some(Moving { per_tenant_week, ..MOVING });
            run(&Setting { moving, ..setting(16, 0.2) }).unwrap()
        };
        let without = run(&setting(16, 0.2)).unwrap();
        assert!(moved(1.0).worker_hours < without.worker_hours);
        assert!(moved(1.0).moves > 0.0);
        // What was saved during the warm-up may be spent while it counts.
        let few = moved(0.01);
        assert!(few.moves <= 0.01 * (few.project_hours / HOURS_PER_WEEK + 60.0), "{few:?}");
        let none = moved(0.0);
        assert!((none.worker_hours - without.worker_hours).abs() < 1e-6, "{none:?}");
    }

    #[test]
    fn who_is_kept_empty_costs_and_is_used_again() {
        let kept = run(&Setting { keep_empty_h: 72.0, ..setting(4, 0.2) }).unwrap();
        let at_once = run(&setting(4, 0.2)).unwrap();
        assert!(kept.worker_hours > at_once.worker_hours);
        assert!((kept.project_hours - at_once.project_hours).abs() < 1e-6);
    }
}
