//! Somebody who uses the product.

use e2e::{
    environment::{Environment, EnvironmentOptions},
    journey::Journey,
    wire::{Project, State},
};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use std::time::{Duration, Instant};
use support::clock::stopwatch;

/// Several times what a provisioning from nothing takes on two busy cores.
pub(crate) const PROVISIONED_WITHIN: Duration = Duration::from_mins(6);

#[derive(clap::Parser)]
struct Where {
    #[command(flatten)]
    environment: EnvironmentOptions,
}

pub(crate) fn environment() -> Environment {
    let found = <Where as clap::Parser>::parse_from(["live"]).environment.find();
    found.expect("the stack's environment can be read")
}

/// A new customer, signed up, confirmed by mail and signed in.
pub(crate) struct Customer {
    pub(crate) journey: Journey,
    pub(crate) tenant_id: String,
    pub(crate) email: String,
    http: Client,
    access_token: String,
    arrived: Instant,
}

impl Customer {
    pub(crate) async fn arrives() -> Self {
        let arrived = stopwatch();
        let mut journey = Journey::through(environment()).expect("the edge's authority is there");
        let credentials = Journey::new_credentials();
        journey.sign_up(&credentials).await.expect("anybody may sign up");
        journey.confirm(&credentials.email).await.expect("the mail arrives");
        let signed_in = journey.sign_in(&credentials).await.expect("a confirmed customer signs in");
        let http = e2e::client::build(journey.environment()).expect("a client can be built");
        Self {
            journey,
            http,
            access_token: signed_in.access_token,
            tenant_id: signed_in.tenant_id,
            email: credentials.email,
            arrived,
        }
    }

    /// A request to the API in this customer's name.
    pub(crate) fn asks(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.journey.environment().app_url);
        self.http.request(method, url).bearer_auth(&self.access_token)
    }

    /// A new Standard project that nobody has paid for yet.
    pub(crate) async fn creates(&self, name: &str) -> Project {
        self.journey.create_project(name, "standard").await.expect("the name is good")
    }

    /// A new Standard project, paid for.
    pub(crate) async fn buys(&self, name: &str) -> Project {
        self.pays_for(self.creates(name).await).await
    }

    pub(crate) async fn pays_for(&self, project: Project) -> Project {
        let checkout = self.journey.checkout(&project.id).await.expect("a page to pay on");
        self.journey.pay(&checkout).await.expect("the card is good");
        project
    }

    pub(crate) async fn waits_until_running(&self, project: &Project) -> Project {
        self.journey
            .wait_until(&project.id, State::Running, PROVISIONED_WITHIN, |_| ())
            .await
            .expect("a paid project runs")
    }

    /// The gateway itself answers at the project's address. A first chat costs far more than that.
    pub(crate) async fn reaches(&self, project: &Project) {
        self.journey.wait_for_instance(&project.url).await.expect("the edge serves it");
    }

    /// Asks the agent something and returns what it says.
    pub(crate) async fn chats(&self, project: &Project, question: &str) -> String {
        let token = self.journey.gateway_token(&project.id).await.expect("the owner's own token");
        self.reaches(project).await;
        let answer = self.journey.chat(&project.url, &token, question).await;
        answer.expect("the agent answers its owner").text
    }

    /// Stops what they have running, so that the next test has the machine to itself, and says how long
    /// they were here. Nothing is waited for; who is on the way somewhere stays.
    pub(crate) async fn leaves(&self) {
        let asked = self.asks(Method::GET, "/api/projects").send().await.expect("the API answers");
        let listed: Value = asked.json().await.expect("in JSON");
        let projects = listed.as_array().expect("a list of projects");
        for id in projects.iter().filter_map(|it| it["id"].as_str()) {
            let stop = self.asks(Method::POST, &format!("/api/projects/{id}/stop"));
            stop.send().await.expect("the API answers");
        }
        eprintln!("{:.0} s", self.arrived.elapsed().as_secs_f64());
    }
}
