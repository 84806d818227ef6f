//! [`HetznerMachines`] against the stand-in, whose servers are on paper.

use crate::ssm::Ssm;
use domain::{
    id::WorkerId,
    offering::{Offering, Provider},
};
use machines::{HetznerConfig, HetznerMachines, Misconfigured, Nodes};
use ports::{
    clock::Clock,
    machines::{BuyError, Machine, Machines, Power, PowerError},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use support::{
    hetzner::{Hetzner, Recorded, Settings},
    server,
};
use testkit::clock::FakeClock;

const TOKEN: &str = "hetzner-test-token";

/// A stage, the cloud that it buys from, and what its machines join.
struct World {
    machines: HetznerMachines<Arc<FakeClock>>,
    clock: Arc<FakeClock>,
    ssm: Ssm,
    metal: Arc<Recorded>,
    running: server::Running,
}

impl World {
    async fn new() -> Self {
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        let (metal, ssm) = (Arc::<Recorded>::default(), Ssm::start().await);
        let settings = Settings::for_tests(TOKEN);
        let hetzner = Hetzner::open(settings, metal.clone()).await.expect("it opens");
        let running = server::start(listener, url, hetzner.router());
        let clock = Arc::<FakeClock>::default();
        let machines = stage_at(clock.clone(), &running.url, TOKEN, "test", &ssm);
        Self { machines, clock, ssm, metal, running }
    }

    async fn buy(&self) -> Result<Machine, BuyError> {
        self.machines.ensure_bought(&worker(), &offering()).await
    }

    /// What makes things go wrong.
    async fn wish(&self, modes: Value) {
        self.tell(reqwest::Method::PUT, "/_standin/modes", &modes).await;
    }

    async fn tell(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.running.url));
        let response = request.bearer_auth(TOKEN).json(body).send().await.expect("an answer");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap_or_default()
    }

    async fn server(&self, machine: &Machine) -> Value {
        let number = machine.id.strip_prefix("hz-").expect("a machine of Hetzner");
        let path = format!("/v1/servers/{number}");
        self.tell(reqwest::Method::GET, &path, &Value::Null).await["server"].clone()
    }

    /// The server runs what it was given, and joins.
    fn join(&self) -> Option<String> {
        self.ssm.join(&self.metal.plans()[0].user_data)
    }

    fn activations(&self) -> usize {
        self.ssm.entries().activations.len()
    }
}

fn stage(url: &str, token: &str, stage: &str, ssm: &Ssm) -> HetznerMachines<Arc<FakeClock>> {
    stage_at(Arc::default(), url, token, stage, ssm)
}

fn stage_at(
    clock: Arc<FakeClock>,
    url: &str,
    token: &str,
    stage: &str,
    ssm: &Ssm,
) -> HetznerMachines<Arc<FakeClock>> {
    let nodes = Nodes::new(ssm.client(), stage.to_owned(), "1mins-test-node".to_owned());
    let config = config(&format!("{url}/v1"));
    HetznerMachines::new(config, token, stage.to_owned(), nodes, clock).expect("a client")
}

fn config(url: &str) -> HetznerConfig {
    HetznerConfig {
        url: url.to_owned(),
        token_parameter: "/1mins/test/hetzner-token".to_owned(),
        locations: vec!["fsn1".to_owned(), "hel1".to_owned()],
        image: "debian-12".to_owned(),
        ssh_key: Some("people".to_owned()),
        firewall_id: Some(38),
        node_role: "1mins-test-node".to_owned(),
        worker_settings: [("AWS_DEFAULT_REGION".to_owned(), "us-east-1".to_owned())].into(),
    }
}

fn worker() -> WorkerId {
    "wrk_4k2x9q7hzd-1".parse().expect("an id")
}

fn offering() -> Offering {
    Offering { provider: Provider::Hetzner, ..super::offering("cpx22") }
}

#[tokio::test]
async fn a_server_is_bought_labelled_protected_and_told_how_to_join() {
    let world = World::new().await;
    let bought = world.buy().await.unwrap();
    assert_eq!((bought.state, bought.provider), (Power::Running, Provider::Hetzner));
    assert_eq!((bought.worker.clone(), bought.node_id.clone()), (Some(worker()), None));
    assert!(bought.address.is_some());
    assert_eq!((&*bought.machine_type, &*bought.region), ("cpx22", "fsn1"));
    let server = world.server(&bought).await;
    let activation = world.ssm.entries().activations[0].clone();
    assert_eq!(server["name"], "wrk-4k2x9q7hzd-1");
    let labels = json!({
        "managed-by": "1mins", "stage": "test", "worker": "wrk_4k2x9q7hzd-1",
        "activation": activation["ActivationId"],
    });
    assert_eq!(server["labels"], labels);
    assert_eq!(server["protection"], json!({ "delete": true, "rebuild": true }));
    assert_eq!(server["public_net"]["firewalls"][0]["id"], 38);
    assert_eq!(server["location"]["name"], "fsn1");
    let clock = FakeClock::default();
    let in_an_hour = clock.now().as_second() + 3600;
    let tags = json!([
        { "Key": "1mins:worker", "Value": "wrk_4k2x9q7hzd-1" },
        { "Key": "1mins:stage", "Value": "test" },
    ]);
    assert_eq!(activation["RegistrationLimit"], 1);
    assert_eq!(activation["ExpirationDate"], in_an_hour);
    assert_eq!(activation["DefaultInstanceName"], "wrk_4k2x9q7hzd-1");
    assert_eq!(activation["IamRole"], "1mins-test-node");
    assert_eq!(activation["Tags"], tags);
    assert!(world.metal.plans()[0].user_data.contains("ACTIVATION_CODE=SECRETCODE"));
}

#[tokio::test]
async fn a_server_takes_commands_once_it_has_joined() {
    let world = World::new().await;
    let bought = world.buy().await.unwrap();
    let node = world.join();
    assert!(node.is_some());
    let joined = Machine { node_id: node, ..bought };
    assert_eq!(world.machines.find(&worker()).await.unwrap(), Some(joined.clone()));
    assert_eq!(world.machines.list().await.unwrap(), std::slice::from_ref(&joined));
    assert_eq!(world.buy().await.unwrap(), joined, "buying it again finds it");
    assert_eq!(world.metal.plans().len(), 1);
}

#[tokio::test]
async fn a_purchase_whose_answer_was_lost_is_found_and_can_still_join() {
    for lost in 1..=2 {
        let world = World::new().await;
        world.wish(json!({ "lose_answers": lost })).await;
        for _ in 0..lost {
            let unheard = world.buy().await;
            assert!(matches!(unheard, Err(BuyError::Unavailable(_))), "{unheard:?}");
        }
        let bought = world.buy().await.unwrap();
        assert_eq!(world.metal.plans().len(), 1, "{lost} lost");
        assert_eq!(world.activations(), 1, "{lost} lost");
        assert_eq!(world.server(&bought).await["protection"]["delete"], true);
        assert!(world.join().is_some(), "its own activation was kept");
    }
}

/// Two callers at once: the second finds the name taken by the first.
#[tokio::test]
async fn a_name_that_was_taken_meanwhile_is_adopted_if_it_is_ours() {
    let world = World::new().await;
    let (one, two) = tokio::join!(world.buy(), world.buy());
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!((world.metal.plans().len(), world.activations()), (1, 1));
}

#[tokio::test]
async fn a_server_of_somebody_else_under_our_name_is_left_alone() {
    for labels in [
        json!({}),
        json!({ "managed-by": "1mins", "stage": "other", "worker": "wrk_4k2x9q7hzd-1" }),
    ] {
        let world = World::new().await;
        let order = json!({
            "name": "wrk-4k2x9q7hzd-1", "server_type": "cpx22", "image": "debian-12", "labels": labels,
        });
        world.tell(reqwest::Method::POST, "/v1/servers", &order).await;
        let refused = world.buy().await;
        assert!(matches!(refused, Err(BuyError::Refused(_))), "{refused:?}");
        assert_eq!(world.activations(), 0);
        assert!(world.machines.terminate("hz-4700002").await.is_err(), "it is not ours to delete");
        assert_eq!(world.metal.plans().len(), 1);
    }
}

#[tokio::test]
async fn what_is_sold_out_in_one_place_is_bought_in_the_next() {
    let world = World::new().await;
    world.wish(json!({ "sold_out": [{ "server_type": "cpx22", "location": "fsn1" }] })).await;
    let bought = world.buy().await.unwrap();
    assert_eq!(world.server(&bought).await["location"]["name"], "hel1");
    assert_eq!(bought.region, "hel1");
    assert_eq!(world.machines.find(&worker()).await.unwrap().unwrap().region, "hel1");
    assert_eq!(world.activations(), 1);
}

#[tokio::test]
async fn what_is_not_to_be_had_at_all_leaves_nothing_behind() {
    let cases = [
        ("sold out", json!({ "sold_out": [{ "server_type": "cpx22" }] })),
        ("our quota", json!({ "quota": 0 })),
    ];
    for (case, modes) in cases {
        let world = World::new().await;
        world.wish(modes).await;
        let missed = world.buy().await;
        assert!(matches!(missed, Err(BuyError::InsufficientCapacity { .. })), "{case}: {missed:?}");
        assert_eq!((world.metal.plans().len(), world.activations()), (0, 0), "{case}");
    }
    let world = World::new().await;
    let withdrawn = Offering { machine_type: "cx22".into(), ..offering() };
    let missed = world.machines.ensure_bought(&worker(), &withdrawn).await;
    assert!(matches!(missed, Err(BuyError::InsufficientCapacity { .. })), "withdrawn: {missed:?}");
    assert_eq!(world.activations(), 0);
}

#[tokio::test]
async fn every_documented_refusal_reaches_the_buyer_as_what_it_is() {
    let cases = [
        (401, "token_readonly", "refused"),
        (403, "forbidden", "refused"),
        (403, "maintenance", "unavailable"),
        (409, "conflict", "unavailable"),
        (410, "deprecated_api_endpoint", "refused"),
        (422, "service_error", "unavailable"),
        (423, "locked", "unavailable"),
        (500, "server_error", "unavailable"),
        (504, "timeout", "unavailable"),
    ];
    for (status, code, expected) in cases {
        let world = World::new().await;
        world.wish(json!({ "refuse": { "status": status, "code": code } })).await;
        let error = world.buy().await.expect_err(code);
        let kind = match &error {
            BuyError::Refused(reason) => {
                assert!(reason.contains(code), "{reason}");
                "refused"
            }
            BuyError::InsufficientCapacity { .. } => "capacity",
            BuyError::Unavailable(_) => "unavailable",
        };
        assert_eq!(kind, expected, "{status} {code}");
        world.buy().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_could_not_be_made_is_taken_away_and_can_be_bought_again() {
    let world = World::new().await;
    let failing = json!({ "command": "create_server", "code": "server_error" });
    world.wish(json!({ "fail_action": failing })).await;
    let failed = world.buy().await;
    assert!(matches!(failed, Err(BuyError::Unavailable(_))), "{failed:?}");
    assert_eq!(world.machines.list().await.unwrap(), []);
    world.buy().await.unwrap();
    assert_eq!((world.metal.plans().len(), world.activations()), (1, 1));
}

#[tokio::test]
async fn actions_are_waited_for_but_not_for_ever() {
    let world = World::new().await;
    world.wish(json!({ "slow_actions": 3 })).await;
    let bought = world.buy().await.unwrap();
    assert_eq!(world.server(&bought).await["protection"]["delete"], true);
    let world = World::new().await;
    world.wish(json!({ "slow_actions": 1000 })).await;
    let slow = world.buy().await;
    assert!(matches!(slow, Err(BuyError::Unavailable(_))), "{slow:?}");
    assert_eq!(world.metal.plans().len(), 1, "what is under way is not taken back");
}

#[tokio::test]
async fn a_server_is_given_back_with_all_that_it_joined_by() {
    let world = World::new().await;
    let bought = world.buy().await.unwrap();
    world.join();
    for _ in 0..2 {
        world.machines.terminate(&bought.id).await.unwrap();
        assert_eq!(world.machines.find(&worker()).await.unwrap(), None);
        assert_eq!(world.machines.list().await.unwrap(), []);
        assert!(world.metal.plans().is_empty());
        assert_eq!((world.activations(), world.ssm.entries().nodes.len()), (0, 0));
    }
}

#[tokio::test]
async fn giving_back_may_be_repeated_after_a_fault_at_any_request() {
    for lost in 1..=2 {
        let world = World::new().await;
        let bought = world.buy().await.unwrap();
        world.join();
        world.wish(json!({ "lose_answers": lost })).await;
        let mut tries = 0;
        while world.machines.terminate(&bought.id).await.is_err() {
            tries += 1;
            assert!(tries <= lost, "{lost} lost");
        }
        assert!(world.metal.plans().is_empty(), "{lost} lost");
        assert_eq!((world.activations(), world.ssm.entries().nodes.len()), (0, 0), "{lost} lost");
    }
}

#[tokio::test]
async fn what_a_lost_server_leaves_behind_goes_when_it_is_given_back() {
    let world = World::new().await;
    let bought = world.buy().await.unwrap();
    world.join();
    let number = bought.id.trim_start_matches("hz-");
    world
        .tell(reqwest::Method::POST, &format!("/_standin/servers/{number}/vanish"), &json!({}))
        .await;
    // As long as its agent was heard of lately, it may be a server that the list does not show yet.
    world.machines.terminate(&bought.id).await.unwrap();
    assert_eq!(world.ssm.entries().nodes.len(), 1);
    world.ssm.entries().nodes[0]["PingStatus"] = "ConnectionLost".into();
    world.machines.terminate(&bought.id).await.unwrap();
    assert_eq!((world.activations(), world.ssm.entries().nodes.len()), (0, 0));
}

#[tokio::test]
async fn an_activation_that_was_never_used_goes_once_it_cannot_be_used() {
    let world = World::new().await;
    let bought = world.buy().await.unwrap();
    let number = bought.id.trim_start_matches("hz-");
    let path = format!("/_standin/servers/{number}/vanish");
    world.tell(reqwest::Method::POST, &path, &json!({})).await;
    world.machines.terminate(&bought.id).await.unwrap();
    assert_eq!(world.activations(), 1);
    world.ssm.entries().activations[0]["Expired"] = true.into();
    world.machines.terminate(&bought.id).await.unwrap();
    assert_eq!(world.activations(), 0);
}

#[tokio::test]
async fn stages_of_one_project_do_not_see_each_other() {
    let world = World::new().await;
    let bought = world.buy().await.unwrap();
    let other = stage(&world.running.url, TOKEN, "other", &world.ssm);
    assert_eq!(other.list().await.unwrap(), []);
    assert_eq!(other.find(&worker()).await.unwrap(), None);
    assert!(other.terminate(&bought.id).await.is_err());
    assert!(matches!(other.stop(&bought.id).await, Err(PowerError::Refused(_))));
    assert_eq!(world.metal.is_on("wrk-4k2x9q7hzd-1"), Some(true));
}

#[tokio::test]
async fn a_list_has_every_page_and_each_server_its_own_node() {
    let world = World::new().await;
    let mut expected = BTreeMap::new();
    for number in 0..60 {
        let worker: WorkerId = format!("wrk_a-{number:02}").parse().unwrap();
        let bought = world.machines.ensure_bought(&worker, &offering()).await.unwrap();
        let plans = world.metal.plans();
        let plan = plans.iter().find(|it| it.labels["worker"] == worker.as_str()).unwrap();
        // Some have not joined yet.
        let node = if number % 3 == 0 { None } else { world.ssm.join(&plan.user_data) };
        expected.insert(bought.id, node);
    }
    let listed = world.machines.list().await.unwrap();
    let listed: BTreeMap<_, _> = listed.into_iter().map(|it| (it.id, it.node_id)).collect();
    assert_eq!(listed, expected);
    world.ssm.entries().is_out = true;
    assert!(world.machines.list().await.is_err(), "half of what is known of them is not enough");
}

#[tokio::test]
async fn a_server_is_switched_off_and_on_and_each_may_be_repeated() {
    let world = World::new().await;
    let bought = world.buy().await.unwrap();
    for deaf in [false, true] {
        world.wish(json!({ "deaf": deaf })).await;
        for _ in 0..2 {
            world.machines.stop(&bought.id).await.unwrap();
            let found = world.machines.find(&worker()).await.unwrap().unwrap();
            assert_eq!(found.state, Power::Stopped, "deaf: {deaf}");
        }
        for _ in 0..2 {
            world.machines.start(&bought.id).await.unwrap();
            assert!(world.machines.find(&worker()).await.unwrap().unwrap().is_running());
        }
    }
}

#[tokio::test]
async fn a_server_whose_place_is_gone_cannot_be_started() {
    let world = World::new().await;
    let bought = world.buy().await.unwrap();
    world.machines.stop(&bought.id).await.unwrap();
    world.wish(json!({ "sold_out": [{ "server_type": "cpx22" }] })).await;
    let missed = world.machines.start(&bought.id).await;
    assert!(matches!(missed, Err(PowerError::InsufficientCapacity { .. })), "{missed:?}");
    world.machines.terminate(&bought.id).await.unwrap();
    for id in [bought.id.as_str(), "hz-1", "hz-nonsense"] {
        let gone = world.machines.start(id).await;
        assert!(matches!(gone, Err(PowerError::Refused(_))), "{id}: {gone:?}");
    }
}

#[tokio::test]
async fn without_requests_left_it_says_when_to_come_back_and_asks_for_nothing_before() {
    let world = World::new().await;
    let leave = async |requests: u32| {
        let left = json!({ "requests": requests });
        world.tell(reqwest::Method::PUT, "/_standin/requests-left", &left).await;
    };
    leave(0).await;
    let error = world.machines.list().await.unwrap_err();
    assert!(error.source.to_string().contains("rate_limit_exceeded"), "{}", error.source);
    let moment = error.not_before.expect("says when");
    assert!(moment > world.clock.now());
    // By now there are plenty, but nobody asked.
    leave(3600).await;
    let early = world.buy().await;
    let not_before = match &early {
        Err(BuyError::Unavailable(it)) => it.not_before,
        _ => None,
    };
    assert_eq!(not_before, Some(moment), "{early:?}");
    assert!(world.metal.plans().is_empty());
    world.clock.advance(moment.duration_since(world.clock.now()).unsigned_abs());
    world.buy().await.unwrap();
}

#[tokio::test]
async fn an_outage_of_either_side_is_an_outage() {
    let world = World::new().await;
    world.wish(json!({ "outage": true })).await;
    assert!(matches!(world.buy().await, Err(BuyError::Unavailable(_))));
    assert!(world.machines.list().await.is_err());
    world.wish(json!({})).await;
    world.ssm.entries().is_out = true;
    assert!(matches!(world.buy().await, Err(BuyError::Unavailable(_))));
    assert!(world.metal.plans().is_empty(), "a server that could not join is not bought");
    world.ssm.entries().is_out = false;
    world.buy().await.unwrap();
}

#[tokio::test]
async fn nobody_reads_the_token_in_a_log_and_a_wrong_one_is_refused() {
    let world = World::new().await;
    let stranger = stage(&world.running.url, "secret-of-another", "test", &world.ssm);
    assert!(!format!("{stranger:?}").contains("secret-of-another"));
    let refused = stranger.ensure_bought(&worker(), &offering()).await;
    assert!(matches!(refused, Err(BuyError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_configuration_that_makes_no_sense_is_refused_at_the_start() {
    let ssm = Ssm::start().await;
    let refused = |config| {
        let nodes = Nodes::new(ssm.client(), "test".to_owned(), "role".to_owned());
        HetznerMachines::new(config, TOKEN, "test".to_owned(), nodes, FakeClock::default()).err()
    };
    let good = config("https://api.hetzner.cloud/v1");
    assert!(refused(good.clone()).is_none());
    let odd = [("path".to_owned(), "x".to_owned())].into();
    let cases = [
        ("no address", HetznerConfig { url: "mailto:x".into(), ..good.clone() }),
        ("no location", HetznerConfig { locations: vec![], ..good.clone() }),
        ("an odd setting", HetznerConfig { worker_settings: odd, ..good }),
    ];
    for (case, config) in cases {
        let error: Option<Misconfigured> = refused(config);
        assert!(error.is_some(), "{case}");
    }
    let json = r#"{"url": "https://api.hetzner.cloud/v1", "locations": ["fsn1"], "image": "debian-12",
        "node_role": "r", "worker_settings": {}, "token_parameter": "p"}"#;
    let read = |json: &str| serde_json::from_str::<HetznerConfig>(json);
    assert_eq!(read(json).unwrap().ssh_key, None);
    assert!(read(&json.replace("token_parameter", "token")).is_err(), "no token in JSON");
}
