//! The same setting with several seeds, and many of them at once.

use super::{
    PackingError,
    machine::Machine,
    simulation::{Moving, Outcome, Setting, run},
};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A mean and how far apart the seeds are: the standard deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let number = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
        let mean = values.iter().sum::<f64>() / number(values.len().max(1));
        let squares: f64 = values.iter().map(|it| (it - mean).powi(2)).sum();
        let deviation = (squares / number(values.len().saturating_sub(1).max(1))).sqrt();
        Self { mean, deviation }
    }
}

/// What is asked of a series.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) machine: Machine,
    pub(super) projects: u32,
    pub(super) pro_share: f64,
    pub(super) lifetime_h: f64,
    pub(super) keep_empty_h: f64,
    pub(super) moving: Option<Moving>,
}

impl Question {
    /// The larger the fleet, the less is left to chance, and the longer it takes.
    fn settings(&self) -> Vec<Setting> {
        let (seeds, lifetimes) = match self.projects {
            ..200 => (5, (4.0, 100.0)),
            200..2000 => (5, (4.0, 20.0)),
            2000..8000 => (3, (2.0, 3.0)),
            8000.. => (1, (2.0, 2.0)),
        };
        let setting = |seed| Setting {
            machine: self.machine.clone(),
            projects: self.projects,
            pro_share: self.pro_share,
            lifetime_h: self.lifetime_h,
            keep_empty_h: self.keep_empty_h,
            moving: self.moving,
            lifetimes,
            seed,
        };
        (1..=seeds).map(setting).collect()
    }
}

/// A question with its answers, one a seed.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) question: Question,
    outcomes: Vec<Outcome>,
}

impl Series {
    pub(super) fn spread(&self, value: impl Fn(&Outcome) -> f64) -> Spread {
        Spread::of(&self.outcomes.iter().map(value).collect::<Vec<_>>())
    }

    pub(super) fn mean(&self, value: impl Fn(&Outcome) -> f64) -> f64 {
        self.spread(value).mean
    }
}

/// Answers all questions, in their order, on all processors.
pub(super) fn answer_all(questions: Vec<Question>) -> Result<Vec<Series>, PackingError> {
    let settings: Vec<(usize, Setting)> = questions
        .iter()
        .enumerate()
        .flat_map(|(at, it)| it.settings().into_iter().map(move |setting| (at, setting)))
        .collect();
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((at, setting)) = settings.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = run(setting).ok_or_else(|| PackingError::of(&setting.machine));
            let answer = (*at, setting.seed, outcome);
            answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(answer);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut answers = answers.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    answers.sort_by_key(|(at, seed, _)| (*at, *seed));
    let empty = |question| Series { question, outcomes: Vec::new() };
    let mut series: Vec<Series> = questions.into_iter().map(empty).collect();
    for (at, _, outcome) in answers {
        series[at].outcomes.push(outcome?);
    }
    Ok(series)
}

#[cfg(test)]
mod tests {
    use super::{super::machine::of_gib, *};

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        assert_eq!(Spread::of(&[1.0, 2.0, 3.0]), Spread { mean: 2.0, deviation: 1.0 });
        assert_eq!(Spread::of(&[7.0]), Spread { mean: 7.0, deviation: 0.0 });
    }

    #[test]
    fn answers_come_in_the_order_of_the_questions() {
        let question = |gib| Question {
            machine: of_gib(gib).unwrap(),
            projects: 3,
            pro_share: 0.5,
            lifetime_h: 1.0,
            keep_empty_h: 0.0,
            moving: None,
        };
        let series = answer_all(vec![question(64), question(4), question(16)]).unwrap();
        let gib: Vec<u32> = series.iter().map(|it| it.question.machine.gib()).collect();
        assert_eq!(gib, [64, 4, 16]);
        for it in &series {
            assert_eq!(it.outcomes.len(), 5);
            assert!(
                it.spread(Outcome::over_optimum).deviation > 0.0 || it.question.machine.gib() == 64
            );
        }
    }
}
