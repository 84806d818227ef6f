//! Lives of instances that die, hang and loop, with stores that fail: each ends well, or in error with an
//! alarm, and none is started again for ever.

use crate::bench::{Bench, SILENT, STOPPED};
use domain::{
    health::{Run, Sight},
    project::State,
};
use ports::random::Random;
use testkit::{logs::Logs, outage::killed_after, random::FakeRandom};

const LIVES: u64 = 300;
/// Steps of ten seconds.
const NOISE: usize = 720;
const QUIET: usize = 900;

/// What helps an instance that is ill.
#[derive(Clone, Copy, Debug)]
enum Cure {
    Itself,
    Restart,
    Elsewhere,
    Nothing,
}

struct Life {
    bench: Bench,
    chance: FakeRandom,
    ill: Option<(Sight, Cure)>,
    /// Restarts and moves that have been carried out.
    done: (usize, usize),
}

impl Life {
    fn new(seed: u64) -> Self {
        let done = (0, 0);
        Self { bench: Bench::new(), chance: FakeRandom::seeded(seed), ill: None, done }
    }

    fn below(&self, limit: u64) -> u64 {
        self.chance.next() % limit
    }

    fn fall_ill(&mut self) {
        let dying = Sight { run: Run::Restarting, up_s: 0, deaths: 6, ..Sight::WELL };
        let refusing = Sight { exit: Some(78), ..dying.clone() };
        let booting = Sight { up_s: 30, silent_s: 30, ..Sight::WELL };
        let all = [SILENT, STOPPED, dying, refusing, booting];
        let cures = [Cure::Itself, Cure::Restart, Cure::Elsewhere, Cure::Nothing];
        let at = |limit: usize| usize::try_from(self.below(limit as u64)).unwrap_or_default();
        self.ill = Some((all[at(all.len())].clone(), cures[at(cures.len())]));
    }

    fn disturb(&mut self) {
        if self.ill.is_none() && self.below(60) == 0 {
            self.fall_ill();
        }
        if self.below(12) == 0 {
            let outages = self.bench.outages();
            let port = usize::try_from(self.below(outages.len() as u64)).unwrap_or_default();
            outages[port].1.begin(u32::try_from(1 + self.below(3)).unwrap_or(1));
        }
    }

    /// What the sagas that were asked for come to, some looks later.
    fn obey(&mut self) {
        let (restarts, moves) = self.bench.acts();
        let cured = |cure: Cure| match cure {
            Cure::Itself => self.below(20) == 0,
            Cure::Restart => restarts > self.done.0,
            Cure::Elsewhere => moves > self.done.1,
            Cure::Nothing => false,
        };
        if self.ill.as_ref().is_some_and(|(_, cure)| cured(*cure)) {
            self.ill = None;
        }
        self.done = (restarts, moves);
        let sight = self.ill.as_ref().map_or(Sight::WELL, |(sight, _)| sight.clone());
        self.bench.is(sight);
    }

    async fn step(&mut self) {
        self.obey();
        self.bench.beat();
        if self.below(8) == 0 {
            let calls = u32::try_from(self.below(12)).unwrap_or_default();
            let _ = killed_after(calls, self.bench.look()).await;
        } else {
            let _ = self.bench.look().await;
        }
        self.bench.wait(10);
    }

    /// How it ends once nothing disturbs any more.
    async fn end(mut self, logs: &Logs) -> Result<(), String> {
        for (_, outage) in self.bench.outages() {
            outage.begin(0);
        }
        for _ in 0..QUIET {
            self.obey();
            self.bench.look().await.map_err(|it| it.to_string())?;
            self.bench.wait(10);
        }
        let found = self.bench.project();
        let case = self.bench.case();
        let rang = logs.take().iter().any(|it| it.contains("instance given up"));
        match found.state {
            State::Error if found.reason.is_some() && rang => Ok(()),
            State::Running if self.ill.is_none() => match case {
                None => Ok(()),
                Some(case) => Err(format!("well, and remembered: {case:?}")),
            },
            state => Err(format!("{state:?}, ill: {:?}, {case:?}", self.ill)),
        }
    }
}

#[tokio::test]
async fn every_illness_ends() {
    let (mut errors, mut restarts) = (0, 0);
    for seed in 0..LIVES {
        let logs = Logs::catch_errors();
        let mut life = Life::new(seed);
        for _ in 0..NOISE {
            life.disturb();
            life.step().await;
        }
        let hours = NOISE / 360;
        let (asked, _) = life.bench.acts();
        // Of two hours that follow each other, and the beginning of the next.
        assert!(asked <= 3 * (hours + 1), "seed {seed}: {asked} restarts in {hours} hours");
        restarts += asked;
        errors += usize::from(life.bench.project().state == State::Error);
        if let Err(why) = life.end(&logs).await {
            panic!("seed {seed}: {why}");
        }
    }
    assert!(errors > 0 && restarts > 0, "{errors} errors and {restarts} restarts prove nothing");
}
