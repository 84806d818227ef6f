//! The sagas as they are deployed, with a fault at every step.

mod adopting;
mod blank;
mod books;
mod configure;
mod drain;
mod emptying;
mod erase;
mod exec;
mod grow;
mod halt;
mod import;
mod life;
mod logs;
mod provision;
mod resize;
mod restart;
mod waking;

use crate::{
    asl::{Ended, Raised, machine, run},
    world::World,
};
use serde::Serialize;
use serde_json::Value;

/// What goes wrong with one task state.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// It fails for good before it does anything.
    Before,
    /// It works, and then fails for good: nobody knows that it worked.
    After,
    /// The first try works and its answer is lost; the second is made.
    AnswerLost,
}

/// How a step may fail for good, and how often each call is made.
const FAILURES: [(Fault, u32); 3] = [(Fault::Before, 1), (Fault::After, 1), (Fault::After, 2)];

/// An execution that is yet to run.
struct Plan {
    machine: Value,
    input: Value,
}

impl Plan {
    fn of(name: &str, input: &impl Serialize) -> Self {
        Self {
            machine: machine(name),
            input: serde_json::to_value(input).expect("the saga is JSON"),
        }
    }

    /// Runs it with `fault` at `at`, every call made `times` times.
    async fn execute(&self, world: &World, at: Option<(&str, Fault)>, times: u32) -> Ended {
        self.execute_among(world, at, times, async || ()).await
    }

    /// The same, while `others` go on before each of its calls.
    async fn execute_among(
        &self,
        world: &World,
        at: Option<(&str, Fault)>,
        times: u32,
        mut others: impl AsyncFnMut(),
    ) -> Ended {
        let mut lost = false;
        run(&self.machine, self.input.clone(), async |state, function, payload| {
            others().await;
            let fault = at.filter(|(it, _)| *it == state).map(|(_, fault)| fault);
            if fault == Some(Fault::Before) {
                return Err(terminal());
            }
            let mut result = world.invoke(function, payload.clone()).await;
            for _ in 1..times {
                result = world.invoke(function, payload.clone()).await;
            }
            match fault {
                Some(Fault::After) => Err(terminal()),
                Some(Fault::AnswerLost) if !lost => {
                    lost = true;
                    Err(Raised { error: "Retryable".to_owned(), cause: "injected".to_owned() })
                }
                _ => result,
            }
        })
        .await
    }

    /// Runs it undisturbed, to its good end.
    async fn complete(&self, world: &World) -> Ended {
        let ended = self.execute(world, None, 1).await;
        assert_eq!(ended.at, "Done", "{:?}", ended.entered);
        ended
    }

    /// Runs it with step `late` failing before it does anything, and makes that call in the end, when
    /// all is undone.
    async fn execute_late(&self, world: &World, late: &str) -> Result<Value, Raised> {
        let mut call: Option<(String, Value)> = None;
        let ended = run(&self.machine, self.input.clone(), async |state, function, payload| {
            if state == late {
                call = Some((function.to_owned(), payload));
                return Err(terminal());
            }
            world.invoke(function, payload).await
        })
        .await;
        assert_eq!(ended.at, "Failed", "{late}");
        let (function, payload) = call.expect("the step was called");
        world.invoke(&function, payload).await
    }

    /// Runs it with `fault` at `at`, and has `meanwhile` happen just before `before` is called.
    async fn execute_with(
        &self,
        world: &World,
        at: (&str, Fault),
        before: &str,
        mut meanwhile: impl AsyncFnMut(),
    ) -> Ended {
        run(&self.machine, self.input.clone(), async |state, function, payload| {
            if state == before {
                meanwhile().await;
            }
            if at == (state, Fault::Before) {
                return Err(terminal());
            }
            let result = world.invoke(function, payload).await;
            if at == (state, Fault::After) { Err(terminal()) } else { result }
        })
        .await
    }
}

fn terminal() -> Raised {
    Raised { error: "Terminal".to_owned(), cause: "injected".to_owned() }
}
