//! What is asked of the simulation, and the tables that answer it.

use super::{
    PackingError,
    machine::{Machine, ladder, of_gib},
    series::{Question, Series, Spread, answer_all},
    simulation::{Moving, Outcome},
};
use crate::bench::table::Table;

pub(super) const SIZES_GIB: [u32; 5] = [4, 8, 16, 32, 64];
pub(super) const PROJECTS: [u32; 3] = [50, 500, 5000];
/// Of all projects, how many are Pro.
pub(super) const MIXED: f64 = 0.2;
const STANDARD_ONLY: f64 = 0.0;
/// What we set out for, on 16 GiB with 500 projects.
pub(super) const GOALS: Goals = Goals { alone: 1.06, moving: 1.03 };
const GOAL_GIB: u32 = 16;
const GOAL_PROJECTS: u32 = 500;
const MONTH_H: f64 = 30.0 * 24.0;
const FIVE_MINUTES_H: f64 = 5.0 / 60.0;
/// Once a day, when most owners sleep; never more than once a week for a tenant, on average.
const DAILY: Moving = Moving { every_h: 24.0, per_tenant_week: 1.0 };

/// Server-hours over the optimum, by best fit alone and with consolidation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goals {
    pub(super) alone: f64,
    pub(super) moving: f64,
}

/// Every size with every number of projects and both mixes, with moves and without.
#[derive(Debug)]
pub(super) struct Study {
    series: Vec<Series>,
}

impl Study {
    pub(super) fn run() -> Result<Self, PackingError> {
        let mut questions = Vec::new();
        for machine in SIZES_GIB.into_iter().filter_map(of_gib) {
            for projects in PROJECTS {
                for pro_share in [MIXED, STANDARD_ONLY] {
                    let usual = usual(&machine, projects, pro_share);
                    questions.push(Question { moving: Some(DAILY), ..usual.clone() });
                    questions.push(usual);
                }
            }
        }
        Ok(Self { series: answer_all(questions)? })
    }

    fn find(&self, gib: u32, projects: u32, pro_share: f64, moves: bool) -> Option<&Series> {
        self.series.iter().find(|Series { question, .. }| {
            (question.machine.gib(), question.projects) == (gib, projects)
                && (question.pro_share - pro_share).abs() < 1e-9
                && question.moving.is_some() == moves
        })
    }

    /// Server-hours over the optimum for the mix.
    pub(super) fn over_optimum(&self, gib: u32, projects: u32, moves: bool) -> Option<Spread> {
        Some(self.find(gib, projects, MIXED, moves)?.spread(Outcome::over_optimum))
    }

    pub(super) fn packing_table(&self) -> String {
        let title = "Server-hours over the exact optimum, mean ± deviation over seeds";
        let headers = [
            "GiB, projects",
            "80 % Standard, 20 % Pro",
            "emptied daily",
            "moves / tenant-week",
            "all Standard",
            "emptied daily",
            "moves / tenant-week",
        ];
        let mut table = Table::new(title, &headers);
        for gib in SIZES_GIB {
            for projects in PROJECTS {
                let cells = [MIXED, STANDARD_ONLY].map(|pro_share| {
                    let alone = self.find(gib, projects, pro_share, false);
                    let moving = self.find(gib, projects, pro_share, true);
                    let moves = moving.map(|it| it.mean(Outcome::moves_per_tenant_week));
                    [ratio(alone), ratio(moving), cell(moves, 3)]
                });
                table.row([format!("{gib} GiB, {projects}")].into_iter().chain(cells.concat()));
            }
        }
        table.markdown()
    }

    pub(super) fn goal_table(&self) -> String {
        let title = format!("Goals, on {GOAL_GIB} GiB with {GOAL_PROJECTS} projects of both plans");
        let mut table = Table::new(&title, &["", "goal", "measured", "met"]);
        let goals = [
            ("best fit alone", GOALS.alone, false),
            ("emptied daily, at most 1 move / tenant-week", GOALS.moving, true),
        ];
        for (name, goal, moves) in goals {
            let measured = self.over_optimum(GOAL_GIB, GOAL_PROJECTS, moves);
            let met = measured.is_some_and(|it| it.mean <= goal);
            table.row([
                name.to_owned(),
                format!("≤ {goal:.2}"),
                measured.map_or_else(none, |it| spread(it, 3)),
                if met { "yes" } else { "no" }.to_owned(),
            ]);
        }
        table.markdown()
    }

    pub(super) fn bound_table(&self) -> String {
        let title = "How close the bound L2 comes to the exact optimum (1 = equal)";
        let mut table = Table::new(title, &["", "80 % Standard, 20 % Pro", "all Standard"]);
        for gib in SIZES_GIB {
            let cells = [MIXED, STANDARD_ONLY].map(|pro_share| {
                let series = self.find(gib, GOAL_PROJECTS, pro_share, false);
                cell(series.map(|it| it.mean(|it| it.bound_hours / it.optimum_hours)), 3)
            });
            table.row([format!("{gib} GiB")].into_iter().chain(cells));
        }
        table.markdown()
    }

    /// For one of the two mixes: machine, address and disk, without the control plane.
    pub(super) fn cost_table(&self, is_mixed: bool) -> String {
        let (mix, pro_share) = if is_mixed {
            ("80 % Standard, 20 % Pro", MIXED)
        } else {
            ("all Standard", STANDARD_ONLY)
        };
        let title = format!("USD per tenant-month, {mix}: best fit alone / emptied daily");
        let headers = [
            "machine",
            "CPU sold so often",
            "USD / worker-month",
            "optimum",
            "50 projects",
            "500",
            "5000",
        ];
        let mut table = Table::new(&title, &headers);
        for machine in ladder() {
            let least = self.find(machine.gib(), PROJECTS[2], pro_share, false);
            let least = least.map(|it| it.mean(|it| it.least_usd_per_tenant_month(&machine)));
            let cells = PROJECTS.map(|projects| {
                let usd = |moves| {
                    let series = self.find(machine.gib(), projects, pro_share, moves);
                    cell(series.map(|it| it.mean(|it| it.usd_per_tenant_month(&machine))), 2)
                };
                format!("{} / {}", usd(false), usd(true))
            });
            let name = format!("{} ({} GiB)", machine.name(), machine.gib());
            let worker = cell(Some(machine.usd_per_worker_month()), 2);
            let overcommit = machine.offering.cpu_overcommit.to_string();
            let fixed = [name, overcommit, worker, cell(least, 2)];
            table.row(fixed.into_iter().chain(cells));
        }
        table.markdown()
    }
}

/// What the interval of the planner, the length of a stay and the keeping of empty workers do.
pub(super) fn variants() -> Result<String, PackingError> {
    let machine = of_gib(GOAL_GIB).ok_or(PackingError::NoMachine(GOAL_GIB))?;
    Ok(interval_table(&machine)? + &stay_table(&machine)?)
}

fn interval_table(machine: &Machine) -> Result<String, PackingError> {
    let intervals =
        [("hour", 1.0), ("6 hours", 6.0), ("day", 24.0), ("3 days", 72.0), ("week", 168.0)];
    let usual = usual(machine, GOAL_PROJECTS, MIXED);
    let question =
        |(_, every_h)| Question { moving: Some(Moving { every_h, ..DAILY }), ..usual.clone() };
    let series = answer_all(intervals.into_iter().map(question).collect())?;
    let title = format!(
        "How often workers are emptied: {GOAL_GIB} GiB, {GOAL_PROJECTS} projects that stay 30 days"
    );
    let headers =
        ["every", "over optimum", "moves / tenant-week", "weeks between moves of a tenant"];
    let mut table = Table::new(&title, &headers);
    for ((name, _), series) in intervals.into_iter().zip(&series) {
        let moves = series.mean(Outcome::moves_per_tenant_week);
        let cells = [ratio(Some(series)), cell(Some(moves), 3), cell(Some(1.0 / moves), 0)];
        table.row([name.to_owned()].into_iter().chain(cells));
    }
    Ok(table.markdown())
}

fn stay_table(machine: &Machine) -> Result<String, PackingError> {
    let stays =
        [("1 day", 24.0), ("7 days", 168.0), ("30 days", MONTH_H), ("90 days", 3.0 * MONTH_H)];
    let mut questions = Vec::new();
    for (_, lifetime_h) in stays {
        let usual = Question { lifetime_h, ..usual(machine, GOAL_PROJECTS, MIXED) };
        questions.push(usual.clone());
        questions.push(Question { keep_empty_h: FIVE_MINUTES_H, ..usual.clone() });
        questions.push(Question { moving: Some(DAILY), ..usual });
    }
    let series = answer_all(questions)?;
    let title = format!("How long a project stays: {GOAL_GIB} GiB, {GOAL_PROJECTS} projects");
    let headers = [
        "mean stay",
        "best fit alone",
        "empty workers kept 5 minutes",
        "emptied daily",
        "moves / tenant-week",
    ];
    let mut table = Table::new(&title, &headers);
    for ((name, _), series) in stays.into_iter().zip(series.chunks(3)) {
        let ratios = series.iter().map(|it| ratio(Some(it)));
        let moves = series.last().map(|it| it.mean(Outcome::moves_per_tenant_week));
        table.row([name.to_owned()].into_iter().chain(ratios).chain([cell(moves, 3)]));
    }
    Ok(table.markdown())
}

/// Nothing is moved, nothing is kept, and a project stays for a month.
fn usual(machine: &Machine, projects: u32, pro_share: f64) -> Question {
    Question {
        machine: machine.clone(),
        projects,
        pro_share,
        lifetime_h: MONTH_H,
        keep_empty_h: 0.0,
        moving: None,
    }
}

/// A fleet of `projects` on `machine`, by best fit alone and emptied daily.
pub(super) fn alone_and_moving(
    machine: &Machine,
    projects: u32,
    is_mixed: bool,
) -> Result<Vec<Series>, PackingError> {
    let usual = usual(machine, projects, if is_mixed { MIXED } else { STANDARD_ONLY });
    answer_all(vec![usual.clone(), Question { moving: Some(DAILY), ..usual }])
}

fn ratio(series: Option<&Series>) -> String {
    series.map_or_else(none, |it| spread(it.spread(Outcome::over_optimum), 3))
}

fn spread(it: Spread, digits: usize) -> String {
    format!("{:.digits$} ± {:.digits$}", it.mean, it.deviation)
}

fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(none, |it| format!("{it:.digits$}"))
}

fn none() -> String {
    "–".to_owned()
}
