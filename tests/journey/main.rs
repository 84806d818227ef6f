//! The journey client and the demo, against an application in this process and the stand-ins.

mod application;
mod cold_start;

use application::{Application, Fate};
use e2e::{
    failure::Failure,
    journey::Journey,
    wire::{State, StepState},
};
use std::{process::Command, time::Duration};

const LIMIT: Duration = Duration::from_secs(20);

/// A customer who signed up, confirmed and signed in.
async fn customer(application: &Application) -> Journey {
    let mut journey = Journey::through(application.environment()).expect("a client");
    let credentials = Journey::new_credentials();
    journey.sign_up(&credentials).await.expect("signed up");
    journey.confirm(&credentials.email).await.expect("confirmed");
    journey.sign_in(&credentials).await.expect("signed in");
    journey
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_gets_from_sign_up_to_an_answer() {
    let application = Application::start(Fate::Good).await;
    let journey = customer(&application).await;
    let project = journey.create_project("bot", "standard").await.expect("a project");
    let checkout_url = journey.checkout(&project.id).await.expect("a checkout");
    journey.pay(&checkout_url).await.expect("paid");
    let mut news = Vec::new();
    let project = journey
        .wait_until(&project.id, State::Running, LIMIT, |it| news.push(it))
        .await
        .expect("it runs");
    assert!(project.steps.iter().all(|it| it.state == StepState::Done));
    assert!(news.len() > 4, "{news:?}");
    journey.wait_for_instance(&project.url).await.expect("it answers");
    let token = journey.gateway_token(&project.id).await.expect("a token");
    let answer = journey.chat(&project.url, &token, "What is 2 plus 2?").await.expect("an answer");
    assert!(answer.text.ends_with("The answer is 4."), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_provisioning_names_its_step_and_reason() {
    let application = Application::start(Fate::LaunchFails).await;
    let journey = customer(&application).await;
    let project = journey.create_project("bot", "standard").await.expect("a project");
    journey.pay(&journey.checkout(&project.id).await.expect("a checkout")).await.expect("paid");
    let failure = journey.wait_until(&project.id, State::Running, LIMIT, drop).await;
    let Err(Failure::ProjectFailed { step, reason }) = failure else { panic!("{failure:?}") };
    assert_eq!(step.as_deref(), Some("Launch"));
    assert!(reason.contains("container"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unexpected_answer_is_shown_beside_the_expected_one() {
    let application = Application::start(Fate::Good).await;
    let mut journey = Journey::through(application.environment()).expect("a client");
    let failure = journey.sign_in(&Journey::new_credentials()).await.expect_err("not known");
    let text = failure.to_string();
    assert!(text.contains("expected 200 OK, got 401"), "{text}");
}

fn demo(application: &Application, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(arguments)
        .envs(application.variables())
        .output()
        .expect("the demo starts");
    (output.status.success(), String::from_utf8(output.stdout).expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_every_step_and_the_answer() {
    let application = Application::start(Fate::Good).await;
    let (good, text) = tokio::task::block_in_place(|| {
        demo(&application, &["--projects", "2", "--question", "6*7"])
    });
    eprintln!("{text}");
    assert!(good, "{text}");
    let steps = ["signed up as", "OpenClaw started and is healthy", "the agent answered"];
    for step in steps {
        assert!(text.contains(step), "no `{step}` in\n{text}");
    }
    assert!(text.contains("The answer is 42."), "{text}");
    assert!(!text.contains('\x1b'), "no colours without a terminal");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_stops_says_where_and_what_to_look_at() {
    let application = Application::start(Fate::LaunchFails).await;
    let (good, text) = tokio::task::block_in_place(|| demo(&application, &[]));
    eprintln!("{text}");
    assert!(!good);
    assert!(text.contains("✗") && text.contains("the project failed at Launch"), "{text}");
    assert!(text.contains("/_standin/deliveries"), "{text}");
}
