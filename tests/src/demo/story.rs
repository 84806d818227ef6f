//! What the demo does, in order.

use super::{Options, Screen, screen::seconds, words};
use crate::{
    environment::Environment,
    executions::{self, Landing},
    failure::Failure,
    journey::Journey,
    watch::News,
    wire::{Project, State, StepState},
};
use std::time::{Duration, Instant};
use support::{clock, page::money};

/// One project's way, as it went.
struct Told {
    project: Project,
    /// From pressing "Pay".
    to_running: Duration,
    to_answer: Duration,
}

pub(super) async fn tell(
    options: &Options,
    environment: &Environment,
    screen: &Screen,
) -> Result<(), Failure> {
    let started = clock::stopwatch();
    screen.title("1mins.in", &environment.app_url);
    let mut journey = Journey::through(environment.clone())?;
    open_an_account(&mut journey, screen).await?;
    let mut told = Vec::new();
    for number in 1..=options.projects {
        told.push(bring_to_life(&journey, options, number, screen).await?);
    }
    sum_up(&told, started.elapsed(), environment, screen).await;
    Ok(())
}

async fn open_an_account(journey: &mut Journey, screen: &Screen) -> Result<(), Failure> {
    let credentials = Journey::new_credentials();
    screen.section("An account");
    screen.begin("Signing up");
    journey.sign_up(&credentials).await?;
    screen.done(&format!("signed up as {}", credentials.email));
    screen.begin("Waiting for the letter");
    journey.confirm(&credentials.email).await?;
    screen.done("the letter came, the address is confirmed");
    screen.begin("Signing in");
    journey.sign_in(&credentials).await?;
    screen.done("signed in");
    Ok(())
}

async fn bring_to_life(
    journey: &Journey,
    options: &Options,
    number: u32,
    screen: &Screen,
) -> Result<Told, Failure> {
    let name = options.project_name(number);
    screen.section(&format!("The project {name}"));
    let project = create(journey, options, &name, screen).await?;
    let paid = pay(journey, &project, screen).await?;
    let project = provision(journey, options, &project, screen).await?;
    let to_running = paid.elapsed();
    screen.begin("Visiting the address");
    journey.wait_for_instance(&project.url).await?;
    screen.done(&format!("{} answers", project.url));
    ask(journey, options, &project, screen).await?;
    let to_answer = paid.elapsed();
    Ok(Told { project, to_running, to_answer })
}

async fn create(
    journey: &Journey,
    options: &Options,
    name: &str,
    screen: &Screen,
) -> Result<Project, Failure> {
    screen.begin("Looking at the plans");
    let plans = journey.plans().await?;
    let names: Vec<&str> = plans.iter().map(|it| it.id.as_str()).collect();
    let missing = || {
        Failure::unexpected("GET /api/plans", &format!("`{}`", options.plan), format!("{names:?}"))
    };
    let plan = plans.iter().find(|it| it.id == options.plan).ok_or_else(missing)?;
    let price = money(plan.price_minor, &plan.currency);
    screen.done(&format!("chose {} at {price} a month", plan.name));
    screen.begin("Creating the project");
    let project = journey.create_project(name, &plan.id).await?;
    screen.done(&format!("created {}", project.id));
    Ok(project)
}

async fn pay(journey: &Journey, project: &Project, screen: &Screen) -> Result<Instant, Failure> {
    screen.begin("Opening the checkout");
    let checkout_url = journey.checkout(&project.id).await?;
    screen.done("the checkout page is open");
    screen.begin("Paying");
    let paid = clock::stopwatch();
    let payment = journey.pay(&checkout_url).await?;
    screen.done(&format!("paid, {}", payment.subscription_id));
    Ok(paid)
}

async fn provision(
    journey: &Journey,
    options: &Options,
    project: &Project,
    screen: &Screen,
) -> Result<Project, Failure> {
    screen.begin("Waiting for the payment to arrive");
    let mut arrived = false;
    let show = |news: News| {
        if !arrived && news != News::State(State::PendingPayment) {
            arrived = true;
            screen.done("the payment arrived by webhook");
            screen.begin("Waiting for a function to begin");
        }
        show_step(&news, screen);
    };
    journey.wait_until(&project.id, State::Running, options.limit(), show).await
}

fn show_step(news: &News, screen: &Screen) {
    match news {
        News::State(_) => (),
        News::Started { step } => screen.begin(&words::of(step).0),
        News::Ended { step, outcome, took } => match outcome {
            StepState::Done => screen.done_in(&words::of(step).1, *took),
            StepState::Failed => screen.failed(&words::of(step).0, *took),
            StepState::Undone => screen.undone(&format!("{step} was undone"), *took),
            StepState::Running | StepState::Other => (),
        },
    }
}

async fn ask(
    journey: &Journey,
    options: &Options,
    project: &Project,
    screen: &Screen,
) -> Result<(), Failure> {
    screen.begin("Asking for the gateway token");
    let token = journey.gateway_token(&project.id).await?;
    screen.done("got the gateway token (not shown)");
    screen.begin("Waiting for the agent's answer");
    let answer = journey.chat(&project.url, &token, &options.question).await?;
    screen.done("the agent answered");
    screen.gap();
    screen.quote("you", &options.question);
    screen.quote("agent", &answer.text);
    Ok(())
}

async fn sum_up(told: &[Told], in_all: Duration, environment: &Environment, screen: &Screen) {
    screen.section("In short");
    for it in told {
        screen.quote("project", &format!("{} ({})", it.project.url, it.project.plan));
        if let Some(landing) = executions::landing(environment, &it.project.id, 1).await {
            screen.quote("worker", &worker(&landing));
        }
        let running = seconds(it.to_running);
        let answer = seconds(it.to_answer);
        screen.quote(
            "paid",
            &format!("{} later it ran, {} later it answered", running.trim(), answer.trim()),
        );
    }
    screen.quote("in all", seconds(in_all).trim());
    screen.gap();
}

fn worker(landing: &Landing) -> String {
    format!("{} on {} (found {})", landing.worker_id, landing.node_id, landing.way.words())
}
