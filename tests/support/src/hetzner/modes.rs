//! What is to go wrong. All of it is off until somebody asks for it.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Modes {
    /// Types that are not to be had, everywhere or in one place: 412.
    pub sold_out: Vec<SoldOut>,
    /// How many servers the project may have. More is 403 `resource_limit_exceeded`.
    pub quota: Option<usize>,
    /// Everything answers 503.
    pub outage: bool,
    /// So many of the next requests that change something work, and their answers are lost.
    pub lose_answers: u32,
    /// How often one has to ask for an action until it is over.
    pub slow_actions: u32,
    /// The next action of this kind fails.
    pub fail_action: Option<FailAction>,
    /// The next request is refused, whatever it asks.
    pub refuse: Option<Refuse>,
    /// Servers do not listen when they are asked to shut down.
    pub deaf: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldOut {
    pub server_type: String,
    /// `None`: everywhere.
    #[serde(default)]
    pub location: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailAction {
    pub command: String,
    pub code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refuse {
    pub status: u16,
    pub code: String,
}

impl Modes {
    pub(super) fn is_sold_out(&self, server_type: &str, location: &str) -> bool {
        self.sold_out.iter().any(|it| {
            it.server_type == server_type && it.location.as_deref().is_none_or(|it| it == location)
        })
    }

    /// With what code an action of this kind is to fail, once.
    pub(super) fn fault_of(&mut self, command: &str) -> Option<String> {
        self.fail_action.take_if(|it| it.command == command).map(|it| it.code)
    }

    /// Whether this answer is to be lost.
    pub(super) fn loses_an_answer(&mut self) -> bool {
        let loses = self.lose_answers > 0;
        self.lose_answers = self.lose_answers.saturating_sub(1);
        loses
    }
}
