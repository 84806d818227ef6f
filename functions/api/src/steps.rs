//! The history of a provisioning, as its owner sees it.

use crate::view::{StepState, StepView};
use ports::sagas::{Outcome, StepRun};

/// How undos are called: `UndoLaunch` takes back `Launch`.
const UNDO: &str = "Undo";
/// What is done for the next customer is no progress of this one.
const TOP_UP: &str = "TopUp";

/// The steps in the order in which they began, each with what became of it.
///
/// A step that failed stays failed though its undo ran too: it is the one that an owner asks about.
pub(crate) fn of(history: &[StepRun]) -> Vec<StepView> {
    let undone = |name: &str| {
        history.iter().any(|it| {
            it.outcome == Outcome::Done && it.name.strip_prefix(UNDO).is_some_and(|it| it == name)
        })
    };
    let forward = history.iter().filter(|it| !it.name.starts_with(UNDO) && it.name != TOP_UP);
    let view = |run: &StepRun| StepView {
        state: match run.outcome {
            Outcome::Running => StepState::Running,
            Outcome::Done if undone(&run.name) => StepState::Undone,
            Outcome::Done => StepState::Done,
            Outcome::Failed => StepState::Failed,
        },
        name: run.name.clone(),
        started_at: run.began_at.to_string(),
        duration_ms: run.ended_at.map(|it| {
            let took = it.duration_since(run.began_at).as_millis();
            u64::try_from(took).unwrap_or_default()
        }),
    };
    forward.map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn run(name: &str, outcome: Outcome) -> StepRun {
        let began_at = Timestamp::UNIX_EPOCH;
        let ended_at = began_at + std::time::Duration::from_millis(1500);
        let ended_at = (outcome != Outcome::Running).then_some(ended_at);
        StepRun { name: name.to_owned(), outcome, began_at, ended_at }
    }

    #[test]
    fn what_was_taken_back_says_so_and_what_failed_stays_failed() {
        let history = [
            run("Begin", Outcome::Done),
            run("Reserve", Outcome::Done),
            run("Launch", Outcome::Failed),
            run("UndoLaunch", Outcome::Done),
            run("UndoReserve", Outcome::Done),
            run("UndoBegin", Outcome::Running),
        ];
        let states: Vec<_> = of(&history).into_iter().map(|it| (it.name, it.state)).collect();
        let expected = [
            ("Begin".to_owned(), StepState::Done),
            ("Reserve".to_owned(), StepState::Undone),
            ("Launch".to_owned(), StepState::Failed),
        ];
        assert_eq!(states, expected);
    }

    #[test]
    fn a_step_that_runs_has_no_duration_yet() {
        let steps = of(&[run("Begin", Outcome::Done), run("Reserve", Outcome::Running)]);
        assert_eq!(steps[0].duration_ms, Some(1500));
        assert_eq!((steps[1].state, steps[1].duration_ms), (StepState::Running, None));
    }
}
