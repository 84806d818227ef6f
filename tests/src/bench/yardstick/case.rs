//! What is placed where: the fleets of the yardstick.

use domain::{
    capacity::Capacity,
    plan::{Plan, PlanId},
};
use std::collections::BTreeSet;

/// Workers of each fleet.
pub const WORKERS: u32 = 40;
/// How many placements are made at a time.
pub const PLACERS: [u32; 3] = [1, 10, 100];
pub const PLAN: PlanId = PlanId::Standard;

/// How much room there is for what is placed. Always enough: who finds none is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Eight fifths of what is asked, all workers alike.
    Plenty,
    /// One in twenty-five more than what is asked, and every second worker short of CPU instead of
    /// memory.
    Tight,
}

/// One race for capacity.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub room: Room,
    pub placers: u32,
    pub placements: u32,
}

impl Room {
    pub const ALL: [Room; 2] = [Room::Plenty, Room::Tight];

    pub fn name(self) -> &'static str {
        match self {
            Self::Plenty => "160 %",
            Self::Tight => "104 %",
        }
    }

    fn slots(self, placements: u32) -> u32 {
        match self {
            Self::Plenty => (placements * 8).div_ceil(5),
            Self::Tight => (placements * 26).div_ceil(25),
        }
    }
}

impl Case {
    /// What each worker has, before anything is placed.
    pub fn workers(self) -> Vec<Capacity> {
        let plan = PLAN.plan();
        let slots = spread(self.room.slots(self.placements), WORKERS);
        let short_of_cpu = |index: usize| self.room == Room::Tight && index % 2 == 1;
        slots
            .enumerate()
            .map(|(index, slots)| {
                let roomy = slots + 3;
                if short_of_cpu(index) {
                    room(plan, roomy, slots)
                } else {
                    room(plan, slots, roomy)
                }
            })
            .collect()
    }

    /// Who asks.
    pub fn projects(self) -> BTreeSet<String> {
        (0..self.placements).map(project).collect()
    }
}

/// The id of the project that placement `number` is for.
pub fn project(number: u32) -> String {
    format!("prj_yard{number}")
}

fn room(plan: &Plan, by_memory: u32, by_cpu: u32) -> Capacity {
    Capacity {
        memory_mib: plan.limits.memory_mib * by_memory,
        cpu_millis: plan.limits.cpu_millis * by_cpu,
    }
}

/// `slots` over so many workers, as evenly as it goes.
fn spread(slots: u32, workers: u32) -> impl Iterator<Item = u32> {
    (0..workers).map(move |it| slots / workers + u32::from(it < slots % workers))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many instances fit on all of them.
    fn fitting(case: Case) -> u32 {
        let limits = PLAN.plan().limits;
        let slots = |it: &Capacity| {
            (it.memory_mib / limits.memory_mib).min(it.cpu_millis / limits.cpu_millis)
        };
        case.workers().iter().map(slots).sum()
    }

    #[test]
    fn there_is_room_for_all_and_when_tight_for_few_more() {
        for placements in [1, 40, 199, 200, 1000] {
            let case = |room| Case { room, placers: 1, placements };
            let plenty = fitting(case(Room::Plenty));
            assert!(plenty >= placements * 8 / 5, "{placements}: {plenty}");
            let tight = fitting(case(Room::Tight));
            assert!((placements..=placements + placements / 25 + 1).contains(&tight), "{tight}");
        }
    }

    #[test]
    fn when_tight_half_the_workers_run_out_of_cpu_first() {
        let case = Case { room: Room::Tight, placers: 1, placements: 200 };
        let limits = PLAN.plan().limits;
        let by_cpu = case
            .workers()
            .iter()
            .filter(|it| it.cpu_millis / limits.cpu_millis < it.memory_mib / limits.memory_mib)
            .count();
        assert_eq!(by_cpu, 20);
    }
}
