//! One customer with one project, what happens to the two, and what is to be seen of that.

use super::traces::{Container, Traces};
use crate::{
    customer::{Customer, PROVISIONED_WITHIN, environment},
    operator::ops,
};
use adapters::{clock::SystemClock, dodo::Dodo};
use contracts::webhook::Products;
use domain::{project::Project as Kept, subscription::Record};
use e2e::{
    dodo::StandIn,
    environment::Environment,
    watch::News,
    wire::{Letter, Project, State},
};
use jiff::{SignedDuration, Timestamp};
use ports::clock::Clock;
use reqwest::{Client, Method, StatusCode, header::ACCEPT};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

const LOOK_EVERY: Duration = Duration::from_millis(500);
const TELL_EVERY: Duration = Duration::from_secs(10);
/// More than the step takes that follows the one in which a backup is taken.
const A_STEP: SignedDuration = SignedDuration::from_secs(5);
const SAGAS: [&str; 4] = ["provision", "halt", "resize", "erase"];
/// Executions that may follow each other for one change of plan. Only the first is expected.
const TRIES_OF_A_CHANGE: u64 = 5;
/// The stand-in for the model tells then what the conversation began with.
const RECALL: &str = "What did I say first?";
const NOTE: &str = "/home/node/.openclaw/workspace/note.txt";

pub(super) struct Life {
    pub(super) ada: Customer,
    pub(super) project: Project,
    pub(super) subscription_id: String,
    pub(super) dodo: StandIn,
    pub(super) payments: Dodo,
    pub(super) traces: Traces,
    http: Client,
    began: Timestamp,
    /// Nobody else ever said this.
    word: String,
    volumes: BTreeSet<String>,
    /// The executions that there should be by now.
    executions: BTreeSet<String>,
}

impl Life {
    /// Pays, runs, and says something that is to be remembered.
    pub(super) async fn begins() -> Self {
        let environment = environment();
        let ada = Customer::arrives().await;
        let project = ada.creates("lives-long").await;
        let page = ada.journey.checkout(&project.id).await.expect("a page to pay on");
        let paid = ada.journey.pay(&page).await.expect("the card is good");
        let mut life = Self {
            word: format!("zebra-{}", project.id),
            traces: Traces::of(&environment, &project.id).await,
            payments: provider(&environment),
            dodo: StandIn::of(&environment).expect("a client can be built"),
            http: e2e::client::build(&environment).expect("a client can be built"),
            subscription_id: paid.subscription_id,
            began: SystemClock.now(),
            volumes: BTreeSet::new(),
            executions: BTreeSet::new(),
            ada,
            project,
        };
        life.runs().await;
        life.ada.chats(&life.project, &format!("My animal is a {}.", life.word)).await;
        let write = format!("mkdir -p $(dirname {NOTE}) && echo {} >{NOTE}", life.word);
        let written = life.container().await.runs(&["sh", "-c", &write]);
        written.expect("the agent's home can be written to");
        life.remembers().await;
        life
    }

    /// Tells how far it has come.
    pub(super) fn say(&self, news: &str) {
        let so_far = SystemClock.now().duration_since(self.began).as_secs_f64();
        eprintln!("{so_far:>7.1} s  {news}");
    }

    /// Looks until it finds, and tells meanwhile that it waits.
    pub(super) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let started = SystemClock.now();
        let mut told = started;
        loop {
            if let Some(found) = look().await {
                self.say(what);
                return found;
            }
            let now = SystemClock.now();
            assert!(now < started + PROVISIONED_WITHIN, "not after {PROVISIONED_WITHIN:?}: {what}");
            if now > told + TELL_EVERY {
                self.say(&format!("… not yet: {what}"));
                told = now;
            }
            SystemClock.sleep(LOOK_EVERY).await;
        }
    }

    /// What a bank, a card or time does, by the stand-in's own paths.
    pub(super) async fn provider(&self, path: &str, body: &Value) -> Value {
        self.dodo.ask(Method::POST, path, body).await.expect("the stand-in agrees")
    }

    pub(super) async fn subscription(&self) -> Record {
        self.traces.subscription(&self.subscription_id).await
    }

    pub(super) async fn container(&self) -> Container {
        self.traces.container().await.expect("what runs has a container")
    }

    pub(super) async fn state(&self) -> State {
        self.ada.journey.project(&self.project.id).await.expect("the project is there").state
    }

    async fn comes_to(&self, state: State) {
        let tell = |news| {
            if let News::State(state) = news {
                self.say(&format!("{state:?}"));
            }
        };
        let arrived =
            self.ada.journey.wait_until(&self.project.id, state, PROVISIONED_WITHIN, tell).await;
        arrived.expect("it gets there");
    }

    async fn runs(&mut self) {
        self.comes_to(State::Running).await;
        let attempt = self.traces.project().await.attempt;
        self.expect_execution("provision", &attempt.to_string());
        self.volumes.insert(self.container().await.volume);
    }

    /// It is paid for again, and has forgotten nothing.
    pub(super) async fn goes_on(&mut self) {
        self.runs().await;
        self.remembers().await;
    }

    /// The agent has the conversation, and the file that it was given.
    pub(super) async fn remembers(&self) {
        let answer = self.ada.chats(&self.project, RECALL).await;
        assert!(answer.contains(&self.word), "the conversation is another one: {answer}");
        let note = self.container().await.runs(&["cat", NOTE]);
        assert_eq!(note.as_deref(), Some(self.word.as_str()), "the file is another one");
        self.say("it remembers");
    }

    pub(super) async fn is_halted(&mut self) {
        self.comes_to_rest(State::Suspended, "suspended", StatusCode::FORBIDDEN).await;
    }

    pub(super) async fn is_stopped(&mut self) {
        self.comes_to_rest(State::Stopped, "stopped", StatusCode::SERVICE_UNAVAILABLE).await;
    }

    /// Nothing of it runs, its place is free, its data is in a backup, and its address says so.
    async fn comes_to_rest(&mut self, state: State, page: &str, status: StatusCode) {
        let was = self.container().await;
        let kept = self.traces.backups().await.len();
        self.comes_to(state).await;
        let attempt = self.traces.project().await.attempt;
        self.expect_execution("halt", &format!("{attempt}-0"));
        self.shows(page, status).await;
        assert_eq!(self.traces.backups().await.len(), kept + 1, "each halt keeps one backup");
        let is_gone = async || {
            let left = !self.traces.is_placed().await && was.is_gone();
            left.then_some(())
        };
        self.until("its place is free, and its volume gone", is_gone).await;
    }

    /// Whether its last halt was over so soon after its subscription was.
    pub(super) async fn was_at_rest_before(&self, after_the_end: SignedDuration) -> bool {
        let project = self.traces.project().await;
        let ended_at = self.subscription().await.ended_at.expect("it is over");
        let taken_at = project.backup.expect("each halt keeps one backup").taken_at;
        taken_at + A_STEP < ended_at + after_the_end
    }

    pub(super) async fn is_erased(&mut self) {
        self.comes_to(State::Deleted).await;
        let attempt = self.traces.project().await.attempt;
        self.expect_execution("erase", &format!("{attempt}-0"));
    }

    /// What visitors see at its address.
    pub(super) async fn shows(&self, page: &str, status: StatusCode) {
        let is_shown = async || {
            let request = self.http.get(&self.project.url).header(ACCEPT, "application/json");
            let answer = request.send().await.expect("the edge answers");
            let as_expected = answer.status() == status;
            let problem: Value = answer.json().await.unwrap_or_default();
            (as_expected && problem["state"] == page).then_some(())
        };
        self.until(&format!("its address shows `{page}`"), is_shown).await;
    }

    /// Whether an instance answers at its address, and none of the edge's own pages.
    pub(super) async fn shows_an_instance(&self) -> bool {
        let answer = self.http.get(&self.project.url).send().await.expect("the edge answers");
        !answer.status().is_server_error()
    }

    /// Those whose subject says `about`, the newest first.
    pub(super) async fn letters(&self, about: &str) -> Vec<Letter> {
        let all = self.ada.journey.letters(&self.ada.email).await;
        let mut all = all.expect("the mailbox can be read");
        all.retain(|it| it.subject.contains(about));
        all
    }

    /// The newest of `count` letters about something.
    pub(super) async fn letter(&self, about: &str, count: usize) -> Letter {
        let arrives = async || {
            let mut all = self.letters(about).await;
            assert!(all.len() <= count, "told more than once: `{about}`");
            (all.len() == count).then(|| all.swap_remove(0))
        };
        self.until(&format!("letter {count} says `{about}`"), arrives).await
    }

    fn expect_execution(&mut self, act: &str, of: &str) {
        let name = format!("{act}-{}-{of}", self.project.id);
        assert!(self.executions.insert(name), "`{of}` is the next {act}");
    }

    /// A change of plan: where it was, or by a move.
    pub(super) async fn expect_change(&mut self, before: &Kept, now: &Kept) {
        let first_try = self.subscription().await.plan_changes * TRIES_OF_A_CHANGE;
        self.expect_execution("resize", &format!("{}-{first_try}", before.attempt));
        if now.attempt > before.attempt {
            self.expect_execution("halt", &format!("{}-0", before.attempt));
            self.expect_execution("provision", &now.attempt.to_string());
        }
    }

    /// Of a deleted project there is its record, and nothing else.
    pub(super) async fn left_nothing(&self) {
        assert_eq!(self.traces.backups().await, [""; 0], "backups are left");
        assert_eq!(self.traces.secrets().await, [""; 0], "secrets are left");
        assert_eq!(self.traces.volumes(&self.volumes).await, [""; 0], "volumes are left");
        assert!(!self.traces.is_placed().await, "a reservation is left");
    }

    pub(super) async fn ran_each_saga_once(&self) {
        let succeeded = |it: &String| (it.clone(), "SUCCEEDED".to_owned());
        let expected: BTreeMap<String, String> = self.executions.iter().map(succeeded).collect();
        let are_over = async || {
            let mut all = BTreeMap::new();
            for act in SAGAS {
                all.extend(self.traces.executions(act).await);
            }
            all.values().all(|it| it != "RUNNING").then_some(all)
        };
        let all = self.until("each saga has ended", are_over).await;
        assert_eq!(all, expected);
    }

    /// No worker gave out what it has not, and the provider and we say the same of this project.
    pub(super) async fn balances(&self) {
        assert_eq!(self.traces.imbalances().await, []);
        let differences = ops(&["reconcile-billing"]);
        for ours in [&self.project.id, &self.subscription_id] {
            assert!(!differences.contains(ours), "{differences}");
        }
        self.say("the books balance");
    }
}

/// The provider's API with the merchant's key: what the customer does on our pages ends there.
fn provider(environment: &Environment) -> Dodo {
    let run: PathBuf = runtime::env::require("ONEMINS_RUN");
    let key = std::fs::read_to_string(run.join("secrets/dodo-api-key"));
    let url = environment.dodo_url.parse().expect("an address");
    let products = Products {
        standard: "pdt_standard".to_owned(),
        pro: "pdt_pro".to_owned(),
        dedicated: "pdt_dedicated".to_owned(),
    };
    let key = key.expect("the start script made a key");
    Dodo::new(url, key.trim(), products).expect("a client can be built")
}
