//! Heartbeats, as workers write them by themselves: not all of them can be trusted.

use crate::engine;
use adapters::dynamodb::heartbeats::DynamoHeartbeats;
use aws_sdk_dynamodb::{Client, types::AttributeValue as A};
use domain::worker::Holder;
use jiff::Timestamp;
use ports::heartbeats::{Container, Heartbeat, Heartbeats};
use std::collections::BTreeSet;

const PREFIX: &str = "arn:aws:ec2:us-east-1:000000000000:instance/";
const AT_MS: i64 = 1_795_262_400_123;
const CONTAINERS: &str = r#"[{"holder":"prj_a","instance":"ins_a-2","generation":2,"state":"running","port":18789,"restarts":0,"oom":false},{"holder":"blk_b","generation":1}]"#;

struct Table {
    client: Client,
    name: String,
    heartbeats: DynamoHeartbeats,
}

impl Table {
    async fn new() -> Self {
        let (client, name) = engine::table().await;
        let heartbeats = DynamoHeartbeats::on(client.clone(), name.clone(), PREFIX.to_owned());
        Self { client, name, heartbeats }
    }

    /// What a worker called `name` puts that says of itself that it is `node`, with `changed` in
    /// place of what it should say.
    async fn put(&self, name: &str, node: &str, changed: &[(&str, A)]) {
        let mut put = self
            .client
            .put_item()
            .table_name(&self.name)
            .item("pk", A::S(format!("HEARTBEAT#{name}")))
            .item("sk", A::S("HEARTBEAT".to_owned()))
            .item("machine_id", A::S(node.to_owned()))
            .item("at_ms", A::N(AT_MS.to_string()))
            .item("docker", A::Bool(true))
            .item("image", A::Bool(true))
            .item("containers", A::S("[]".to_owned()));
        for (attribute, value) in changed {
            put = put.item(*attribute, value.clone());
        }
        put.send().await.expect("the engine is up");
    }

    /// A machine on EC2, whose role proves its ARN.
    async fn beat(&self, node: &str, changed: &[(&str, A)]) {
        self.put(&format!("{PREFIX}{node}"), node, changed).await;
    }

    async fn last_of(&self, nodes: &[&str]) -> Vec<Heartbeat> {
        let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        self.heartbeats.last_of(&nodes).await.expect("the engine is up")
    }
}

fn quiet(node: &str) -> Heartbeat {
    let at = Timestamp::from_millisecond(AT_MS).expect("a moment");
    Heartbeat { node_id: node.to_owned(), at, docker: true, containers: vec![] }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_heartbeat_says_what_runs_on_its_worker() {
    let table = Table::new().await;
    let listed = [("containers", A::S(CONTAINERS.to_owned())), ("docker", A::Bool(false))];
    table.beat("i-1", &listed).await;
    let container = |holder: &str, generation| Container {
        holder: Holder::try_from(holder.to_owned()).expect("plain"),
        generation,
        sight: None,
    };
    let containers = vec![container("prj_a", 2), container("blk_b", 1)];
    let expected = Heartbeat { docker: false, containers, ..quiet("i-1") };
    assert_eq!(table.last_of(&["i-1"]).await, [expected]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_machine_from_elsewhere_writes_under_the_name_with_which_it_joined() {
    let table = Table::new().await;
    table.put("mi-1", "mi-1", &[]).await;
    assert_eq!(table.last_of(&["mi-1"]).await, [quiet("mi-1")]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn who_never_sent_one_is_left_out_and_the_last_one_counts() {
    let table = Table::new().await;
    assert_eq!(table.last_of(&[]).await, []);
    assert_eq!(table.last_of(&["i-1"]).await, []);
    table.beat("i-1", &[("at_ms", A::N("1".to_owned()))]).await;
    table.beat("i-1", &[]).await;
    assert_eq!(table.last_of(&["i-0", "i-1", "i-2"]).await, [quiet("i-1")]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn more_are_read_than_fit_one_batch() {
    let table = Table::new().await;
    let nodes: Vec<String> = (0..250).map(|it| format!("i-{it:03}")).collect();
    for node in &nodes {
        table.beat(node, &[]).await;
    }
    let asked: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let heard: BTreeSet<String> =
        table.last_of(&asked).await.into_iter().map(|it| it.node_id).collect();
    assert_eq!(heard, nodes.iter().cloned().collect());
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_node_that_is_named_twice_is_heard_once() {
    let table = Table::new().await;
    table.beat("i-1", &[]).await;
    assert_eq!(table.last_of(&["i-1", "i-1"]).await, [quiet("i-1")]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn an_odd_container_is_passed_over_and_the_heartbeat_counts() {
    let table = Table::new().await;
    let listed = r#"[{"holder":"wrk_a","generation":1}]"#;
    table.beat("i-1", &[("containers", A::S(listed.to_owned()))]).await;
    assert_eq!(table.last_of(&["i-1"]).await, [quiet("i-1")]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_cannot_be_read_is_no_heartbeat_and_hides_no_others() {
    let text = |it: &str| A::S(it.to_owned());
    let cases = [
        ("no JSON", ("containers", text("docker: command not found"))),
        ("no list", ("containers", text("{}"))),
        ("not even text", ("containers", A::N("1".to_owned()))),
        ("no time", ("at_ms", text("now"))),
        ("a time beyond all", ("at_ms", A::N(i64::MAX.to_string()))),
        ("a time that is no integer", ("at_ms", A::N("1.5".to_owned()))),
        ("a number of another size", ("at_ms", A::N("9".repeat(30)))),
        ("a state of Docker that is none", ("docker", text("yes"))),
    ];
    let table = Table::new().await;
    table.beat("i-good", &[]).await;
    for (case, changed) in cases {
        table.beat("i-bad", &[changed]).await;
        assert_eq!(table.last_of(&["i-bad", "i-good"]).await, [quiet("i-good")], "{case}");
    }
}

/// It may write its own item and nothing else, so its key is the only name that it has.
#[tokio::test]
#[ignore = "needs the local engine"]
async fn nobody_speaks_for_another() {
    let table = Table::new().await;
    table.put(&format!("{PREFIX}i-liar"), "i-victim", &[]).await;
    assert_eq!(table.last_of(&["i-victim"]).await, []);
    assert_eq!(table.last_of(&["i-victim", "i-liar"]).await, [quiet("i-liar")]);
}
