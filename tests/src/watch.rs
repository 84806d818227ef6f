//! Turns snapshots of a project into what happened between them.

use crate::wire::{Project, State, Step, StepState};
use std::{collections::BTreeMap, time::Duration};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    State(State),
    Started { step: String },
    Ended { step: String, outcome: StepState, took: Option<Duration> },
}

/// What was already told.
#[derive(Debug, Default)]
pub struct Watch {
    state: Option<State>,
    steps: BTreeMap<String, StepState>,
}

impl Watch {
    /// What is new in `project` since the last call, in the order in which it happened.
    pub fn look(&mut self, project: &Project) -> Vec<News> {
        let mut news = Vec::new();
        // Steps first: `running` is told after the step that led to it.
        for step in &project.steps {
            self.look_at(step, &mut news);
        }
        if self.state.replace(project.state) != Some(project.state) {
            news.push(News::State(project.state));
        }
        news
    }

    fn look_at(&mut self, step: &Step, news: &mut Vec<News>) {
        let before = self.steps.insert(step.name.clone(), step.state);
        if before == Some(step.state) {
            return;
        }
        let name = || step.name.clone();
        if before.is_none() {
            news.push(News::Started { step: name() });
        }
        match step.state {
            StepState::Running | StepState::Other => (),
            StepState::Done | StepState::Failed | StepState::Undone => news.push(News::Ended {
                step: name(),
                outcome: step.state,
                took: step.duration_ms.map(Duration::from_millis),
            }),
        }
    }
}

/// The step that failed, if one did.
pub fn failed_step(project: &Project) -> Option<String> {
    project.steps.iter().find(|it| it.state == StepState::Failed).map(|it| it.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(state: State, steps: &[(&str, StepState, Option<u64>)]) -> Project {
        let step = |&(name, state, duration_ms): &(&str, StepState, Option<u64>)| Step {
            name: name.to_owned(),
            state,
            started_at: None,
            duration_ms,
        };
        Project {
            id: "prj_1".to_owned(),
            name: "bot".to_owned(),
            plan: "standard".to_owned(),
            state,
            url: String::new(),
            reason: None,
            steps: steps.iter().map(step).collect(),
        }
    }

    fn started(step: &str) -> News {
        News::Started { step: step.to_owned() }
    }

    fn ended(step: &str, outcome: StepState, ms: u64) -> News {
        News::Ended { step: step.to_owned(), outcome, took: Some(Duration::from_millis(ms)) }
    }

    #[test]
    fn everything_is_told_once_and_in_order() {
        use StepState::{Done, Running};
        let mut watch = Watch::default();
        assert_eq!(watch.look(&project(State::Pending, &[])), [News::State(State::Pending)]);
        assert_eq!(watch.look(&project(State::Pending, &[])), []);
        let news = watch.look(&project(State::Provisioning, &[("Reserve", Running, None)]));
        assert_eq!(news, [started("Reserve"), News::State(State::Provisioning)]);
        let steps = [("Reserve", Done, Some(40)), ("Launch", Done, Some(900))];
        let news = watch.look(&project(State::Running, &steps));
        let expected = [
            ended("Reserve", Done, 40),
            started("Launch"),
            ended("Launch", Done, 900),
            News::State(State::Running),
        ];
        assert_eq!(news, expected);
    }

    #[test]
    fn a_step_that_fails_and_is_undone_is_told_twice() {
        use StepState::{Failed, Undone};
        let mut watch = Watch::default();
        watch.look(&project(State::Provisioning, &[("Launch", Failed, Some(5))]));
        let news = watch.look(&project(State::Error, &[("Launch", Undone, Some(5))]));
        assert_eq!(news, [ended("Launch", Undone, 5), News::State(State::Error)]);
    }
}
