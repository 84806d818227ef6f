//! The main job, shown as it happens: sign up, pay, and ask one's own agent a question.

mod options;
mod screen;
mod story;
mod words;

pub use options::Options;
pub use screen::Screen;

use crate::{environment::Environment, failure::chain};
use std::process::ExitCode;

/// Runs the whole demo; what stopped it is explained on the screen.
pub async fn run(options: Options) -> ExitCode {
    let screen = Screen::on_stdout(options.plain);
    let environment = match options.environment.clone().find() {
        Ok(environment) => environment,
        Err(error) => {
            screen
                .trouble(&chain(&error), &["fix the file or the flag, then run this again".into()]);
            return ExitCode::FAILURE;
        }
    };
    match story::tell(&options, &environment, &screen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            screen.fail();
            screen.trouble(&chain(&failure), &where_to_look(&environment));
            ExitCode::FAILURE
        }
    }
}

fn where_to_look(environment: &Environment) -> Vec<String> {
    let logs = environment.logs();
    let mut places: Vec<String> = logs.iter().map(|path| path.display().to_string()).collect();
    if places.is_empty() {
        let home = environment.home.display();
        places.push(format!("no log in {home}/run: was the system started on this machine?"));
    }
    places.push(format!("webhooks: {}/_standin/deliveries", environment.dodo_url));
    places.push(format!("mail: {}", environment.mailbox_url));
    places
}
