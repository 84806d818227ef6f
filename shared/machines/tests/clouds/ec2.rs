//! [`Ec2Machines`] against a server that answers as it is told, and writes down what it was asked.

use aws_sdk_ec2::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use axum::{Form, Router, extract::State, http::StatusCode, routing::post};
use domain::{
    id::WorkerId,
    offering::{Alternative, Offering, Purchase},
};
use machines::Ec2Machines;
use ports::machines::{BuyError, Machines, Power, PowerError};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};
use support::server;

type Request = BTreeMap<String, String>;
type Script = Arc<Mutex<(VecDeque<(StatusCode, String)>, Vec<Request>)>>;

struct Ec2 {
    machines: Ec2Machines,
    script: Script,
    _running: server::Running,
}

impl Ec2 {
    async fn answering(answers: impl IntoIterator<Item = (StatusCode, String)>) -> Self {
        let script: Script = Arc::new(Mutex::new((answers.into_iter().collect(), Vec::new())));
        let app = Router::new().route("/", post(next)).with_state(script.clone());
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&url)
            .retry_config(RetryConfig::disabled())
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .build();
        let client = Client::from_conf(config);
        let machines = Ec2Machines::new(client, "lt-1".into(), "subnet-a,subnet-b", "test".into());
        Self { machines, script, _running: server::start(listener, url, app) }
    }

    fn asked(&self) -> Vec<Request> {
        self.script.lock().expect("no panic").1.clone()
    }

    fn actions(&self) -> Vec<String> {
        self.asked().into_iter().map(|it| it["Action"].clone()).collect()
    }
}

async fn next(State(script): State<Script>, Form(request): Form<Request>) -> (StatusCode, String) {
    let mut script = script.lock().expect("no panic");
    script.1.push(request);
    script.0.pop_front().expect("an answer for every request")
}

fn worker() -> WorkerId {
    "wrk_4k2x9q7hzd-1".parse().expect("an id")
}

fn offering(purchase: Purchase) -> Offering {
    Offering { purchase, ..super::offering("r7i.large") }
}

/// On Spot, of two types.
fn mixed() -> Offering {
    let (memory_mib, cpu_millis) = (16384, 2000);
    let other = Alternative { machine_type: "r6i.large".to_owned(), memory_mib, cpu_millis };
    Offering { alternatives: vec![other], ..offering(Purchase::Spot) }
}

fn ok(action: &str, inner: &str) -> (StatusCode, String) {
    let answer = format!("<{action}Response><requestId>1</requestId>{inner}</{action}Response>");
    (StatusCode::OK, answer)
}

fn refused(code: &str) -> (StatusCode, String) {
    let answer = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>so it is</Message></Error></Errors>\
         <RequestID>1</RequestID></Response>"
    );
    (StatusCode::BAD_REQUEST, answer)
}

fn instance(id: &str, state: &str) -> String {
    instance_of("r7i.large", id, state)
}

fn instance_of(machine_type: &str, id: &str, state: &str) -> String {
    format!(
        "<item><instanceId>{id}</instanceId><instanceType>{machine_type}</instanceType><instanceState><name>{state}</name></instanceState>\
         <launchTime>2026-11-21T10:00:00.000Z</launchTime>\
         <privateIpAddress>10.0.1.7</privateIpAddress>\
         <tagSet><item><key>1mins:worker</key><value>wrk_4k2x9q7hzd-1</value></item></tagSet></item>"
    )
}

fn nothing() -> (StatusCode, String) {
    described(&[], "")
}

fn sold_out() -> (StatusCode, String) {
    refused("InsufficientInstanceCapacity")
}

fn run(instance: &str) -> (StatusCode, String) {
    ok("RunInstances", &format!("<instancesSet>{instance}</instancesSet>"))
}

fn described(instances: &[String], next_token: &str) -> (StatusCode, String) {
    let next_token = match next_token {
        "" => String::new(),
        it => format!("<nextToken>{it}</nextToken>"),
    };
    let instances = instances.concat();
    let inner = format!(
        "<reservationSet><item><instancesSet>{instances}</instancesSet></item></reservationSet>{next_token}"
    );
    ok("DescribeInstances", &inner)
}

fn filled_fleet() -> (StatusCode, String) {
    let instances = "<fleetInstanceSet><item><instanceIds><item>i-1</item></instanceIds></item></fleetInstanceSet>";
    ok("CreateFleet", instances)
}

fn unfilled_fleet() -> (StatusCode, String) {
    let error =
        |code| format!("<item><errorCode>{code}</errorCode><errorMessage>no</errorMessage></item>");
    let errors = [error("UnfulfillableCapacity"), error("UnfulfillableCapacity")].concat();
    ok("CreateFleet", &format!("<errorSet>{errors}</errorSet>"))
}

#[tokio::test]
async fn an_on_demand_machine_is_bought_once_protected_and_under_its_workers_name() {
    let ec2 = Ec2::answering([nothing(), run(&instance("i-1", "pending"))]).await;
    let bought =
        ec2.machines.ensure_bought(&worker(), &offering(Purchase::OnDemand)).await.unwrap();
    assert_eq!((bought.id.as_str(), bought.node_id.as_deref()), ("i-1", Some("i-1")));
    assert_eq!((bought.state, bought.worker), (Power::Starting, Some(worker())));
    assert_eq!((&*bought.machine_type, &*bought.region), ("r7i.large", "us-east-1"));
    assert_eq!(bought.bought_at, "2026-11-21T10:00:00Z".parse().unwrap());
    let asked = &ec2.asked()[1];
    let expected = [
        ("Action", "RunInstances"),
        ("LaunchTemplate.LaunchTemplateId", "lt-1"),
        ("LaunchTemplate.Version", "$Latest"),
        ("InstanceType", "r7i.large"),
        ("ClientToken", "wrk_4k2x9q7hzd-1-r7i.large-1"),
        ("SubnetId", "subnet-b"),
        ("DisableApiTermination", "true"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "1mins:worker"),
        ("TagSpecification.1.Tag.1.Value", "wrk_4k2x9q7hzd-1"),
        ("TagSpecification.1.Tag.2.Key", "Name"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
    ];
    for (name, value) in expected {
        assert_eq!(asked.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!asked.contains_key("InstanceMarketOptions.MarketType"));
}

#[tokio::test]
async fn a_repeat_is_the_same_request() {
    let again = [nothing(), run(&instance("i-1", "running"))];
    let ec2 =
        Ec2::answering([nothing(), run(&instance("i-1", "pending"))].into_iter().chain(again));
    let ec2 = ec2.await;
    let first = ec2.machines.ensure_bought(&worker(), &offering(Purchase::OnDemand)).await.unwrap();
    let second =
        ec2.machines.ensure_bought(&worker(), &offering(Purchase::OnDemand)).await.unwrap();
    assert_eq!(first.id, second.id);
    let asked = ec2.asked();
    assert_eq!(asked[1], asked[3]);
}

#[tokio::test]
async fn a_type_that_is_sold_out_in_one_zone_is_bought_in_the_next() {
    let answers = [nothing(), sold_out(), run(&instance("i-1", "pending"))];
    let ec2 = Ec2::answering(answers).await;
    ec2.machines.ensure_bought(&worker(), &offering(Purchase::OnDemand)).await.unwrap();
    let asked = ec2.asked();
    let zones: Vec<_> =
        asked[1..].iter().map(|it| (&*it["SubnetId"], &*it["ClientToken"])).collect();
    // The same token with another zone would be refused.
    let expected = [
        ("subnet-b", "wrk_4k2x9q7hzd-1-r7i.large-1"),
        ("subnet-a", "wrk_4k2x9q7hzd-1-r7i.large-0"),
    ];
    assert_eq!(zones, expected);
}

#[tokio::test]
async fn a_machine_whose_answer_was_lost_in_the_second_zone_is_found_before_the_first_is_asked() {
    let lost = (StatusCode::SERVICE_UNAVAILABLE, String::new());
    let answers = [nothing(), sold_out(), lost, described(&[instance("i-1", "pending")], "")];
    let ec2 = Ec2::answering(answers).await;
    let unheard = ec2.machines.ensure_bought(&worker(), &offering(Purchase::OnDemand)).await;
    assert!(matches!(unheard, Err(BuyError::Unavailable(_))), "{unheard:?}");
    let found = ec2.machines.ensure_bought(&worker(), &offering(Purchase::OnDemand)).await.unwrap();
    assert_eq!(found.id, "i-1");
    let actions = ["DescribeInstances", "RunInstances", "RunInstances", "DescribeInstances"];
    assert_eq!(ec2.actions(), actions);
}

#[tokio::test]
async fn what_no_zone_can_change_is_not_asked_for_in_another() {
    for (code, expected) in [
        ("VcpuLimitExceeded", "capacity"),
        ("UnauthorizedOperation", "refused"),
        ("RequestLimitExceeded", "unavailable"),
    ] {
        let ec2 = Ec2::answering([nothing(), refused(code)]).await;
        let error = ec2.machines.ensure_bought(&worker(), &offering(Purchase::OnDemand)).await;
        let kind = match error.expect_err(code) {
            BuyError::InsufficientCapacity { .. } => "capacity",
            BuyError::Refused(_) => "refused",
            BuyError::Unavailable(_) => "unavailable",
        };
        assert_eq!((kind, ec2.asked().len()), (expected, 2), "{code}");
    }
}

#[tokio::test]
async fn what_was_bought_before_and_is_gone_is_not_bought_again() {
    let ec2 = Ec2::answering([nothing(), run(&instance("i-1", "terminated"))]).await;
    let again = ec2.machines.ensure_bought(&worker(), &offering(Purchase::OnDemand)).await;
    assert!(matches!(again, Err(BuyError::Refused(_))), "{again:?}");
}

#[tokio::test]
async fn a_spot_machine_is_bought_of_the_type_and_in_the_zone_that_have_most_and_is_not_protected()
{
    let bought = instance_of("r6i.large", "i-1", "pending");
    let answers = [nothing(), filled_fleet(), described(&[bought], "")];
    let ec2 = Ec2::answering(answers).await;
    let bought = ec2.machines.ensure_bought(&worker(), &mixed()).await.unwrap();
    assert_eq!((&*bought.id, &*bought.machine_type), ("i-1", "r6i.large"));
    assert_eq!(ec2.actions(), ["DescribeInstances", "CreateFleet", "DescribeInstances"]);
    let asked = &ec2.asked()[1];
    let expected = [
        ("Type", "instant"),
        ("ClientToken", "wrk_4k2x9q7hzd-1-r7i.large-s"),
        ("SpotOptions.AllocationStrategy", "capacity-optimized"),
        ("SpotOptions.InstanceInterruptionBehavior", "terminate"),
        ("TargetCapacitySpecification.TotalTargetCapacity", "1"),
        ("TargetCapacitySpecification.DefaultTargetCapacityType", "spot"),
        ("LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId", "lt-1"),
        ("LaunchTemplateConfigs.1.Overrides.1.SubnetId", "subnet-a"),
        ("LaunchTemplateConfigs.1.Overrides.2.SubnetId", "subnet-b"),
        ("LaunchTemplateConfigs.1.Overrides.2.InstanceType", "r7i.large"),
        ("LaunchTemplateConfigs.1.Overrides.3.SubnetId", "subnet-a"),
        ("LaunchTemplateConfigs.1.Overrides.3.InstanceType", "r6i.large"),
        ("LaunchTemplateConfigs.1.Overrides.4.SubnetId", "subnet-b"),
        ("LaunchTemplateConfigs.1.Overrides.4.InstanceType", "r6i.large"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "1mins:worker"),
    ];
    for (name, value) in expected {
        assert_eq!(asked.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!asked.contains_key("DisableApiTermination"));
}

#[tokio::test]
async fn a_spot_machine_that_is_there_is_not_bought_again() {
    let ec2 = Ec2::answering([described(&[instance("i-1", "running")], "")]).await;
    let found = ec2.machines.ensure_bought(&worker(), &offering(Purchase::Spot)).await.unwrap();
    assert_eq!(found.id, "i-1");
    assert_eq!(ec2.actions(), ["DescribeInstances"]);
}

#[tokio::test]
async fn a_spot_machine_that_nobody_sees_yet_is_asked_for_again() {
    let answers = [nothing(), filled_fleet(), nothing()];
    let ec2 = Ec2::answering(answers).await;
    let unseen = ec2.machines.ensure_bought(&worker(), &offering(Purchase::Spot)).await;
    assert!(matches!(unseen, Err(BuyError::Unavailable(_))), "{unseen:?}");
}

#[tokio::test]
async fn what_is_sold_out_leads_to_the_next_offering() {
    let answers = [nothing(), sold_out(), sold_out(), nothing(), unfilled_fleet()];
    let ec2 = Ec2::answering(answers).await;
    for purchase in [Purchase::OnDemand, Purchase::Spot] {
        let missed = ec2.machines.ensure_bought(&worker(), &offering(purchase)).await;
        let is_capacity = matches!(
            &missed,
            Err(BuyError::InsufficientCapacity { machine_type }) if machine_type == "r7i.large"
        );
        assert!(is_capacity, "{purchase:?}: {missed:?}");
    }
}

#[tokio::test]
async fn a_stages_machines_are_all_found_however_many_pages_they_fill() {
    let answers = [
        described(&[instance("i-1", "running"), instance("i-2", "shutting-down")], "more"),
        described(&[instance("i-3", "stopped")], ""),
    ];
    let ec2 = Ec2::answering(answers).await;
    let listed = ec2.machines.list().await.unwrap();
    let listed: Vec<_> = listed.iter().map(|it| (it.id.as_str(), it.state)).collect();
    assert_eq!(listed, [("i-1", Power::Running), ("i-3", Power::Stopped)]);
    let asked = ec2.asked();
    assert_eq!(asked[1]["NextToken"], "more");
    // The edge has the stage's tag as well, and must not be taken for a worker nobody owns.
    assert_eq!(
        (&*asked[0]["Filter.1.Name"], &*asked[0]["Filter.1.Value.1"]),
        ("tag:1mins:stage", "test")
    );
    assert_eq!(
        (&*asked[0]["Filter.2.Name"], &*asked[0]["Filter.2.Value.1"]),
        ("tag-key", "1mins:worker")
    );
}

#[tokio::test]
async fn half_a_list_is_no_list() {
    let answers =
        [described(&[instance("i-1", "running")], "more"), refused("RequestLimitExceeded")];
    let ec2 = Ec2::answering(answers).await;
    assert!(ec2.machines.list().await.is_err());
}

#[tokio::test]
async fn a_protected_machine_is_given_back_all_the_same() {
    let answers = [
        refused("OperationNotPermitted"),
        ok("ModifyInstanceAttribute", "<return>true</return>"),
        ok("TerminateInstances", ""),
    ];
    let ec2 = Ec2::answering(answers).await;
    ec2.machines.terminate("i-1").await.unwrap();
    assert_eq!(
        ec2.actions(),
        ["TerminateInstances", "ModifyInstanceAttribute", "TerminateInstances"]
    );
    assert_eq!(ec2.asked()[1]["DisableApiTermination.Value"], "false");
}

#[tokio::test]
async fn giving_back_what_is_gone_is_done() {
    let ec2 =
        Ec2::answering([refused("InvalidInstanceID.NotFound"), refused("InternalError")]).await;
    ec2.machines.terminate("i-1").await.unwrap();
    assert!(ec2.machines.terminate("i-1").await.is_err());
}

#[tokio::test]
async fn switching_says_whether_to_wait_to_look_elsewhere_or_to_give_up() {
    let there = || described(&[instance("i-1", "stopping")], "");
    let cases = [
        ("no room", vec![refused("InsufficientInstanceCapacity")], "capacity"),
        ("Spot", vec![refused("UnsupportedOperation")], "refused"),
        ("gone", vec![refused("InvalidInstanceID.NotFound")], "refused"),
        ("still stopping", vec![refused("IncorrectInstanceState"), there()], "unavailable"),
        ("terminated", vec![refused("IncorrectInstanceState"), described(&[], "")], "refused"),
        ("throttled", vec![refused("RequestLimitExceeded")], "unavailable"),
    ];
    for (case, answers, expected) in cases {
        let ec2 = Ec2::answering(answers.clone()).await;
        assert_eq!(kind(&ec2.machines.start("i-1").await.unwrap_err()), expected, "start: {case}");
        let ec2 = Ec2::answering(answers).await;
        assert_eq!(kind(&ec2.machines.stop("i-1").await.unwrap_err()), expected, "stop: {case}");
    }
    let ec2 = Ec2::answering([ok("StopInstances", ""), ok("StartInstances", "")]).await;
    ec2.machines.stop("i-1").await.unwrap();
    ec2.machines.start("i-1").await.unwrap();
}

fn kind(error: &PowerError) -> &'static str {
    match error {
        PowerError::InsufficientCapacity { .. } => "capacity",
        PowerError::Refused(_) => "refused",
        PowerError::Unavailable(_) => "unavailable",
    }
}
