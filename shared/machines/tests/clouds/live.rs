//! The providers against the local engine, at `AWS_ENDPOINT_URL`. Where machines are to be more than
//! records, `HETZNER_TEST_IMAGE` is the worker image and `HETZNER_TEST_ROLE` a role for nodes.

use aws_sdk_ec2 as ec2;
use aws_sdk_ssm as ssm;
use domain::{
    id::WorkerId,
    offering::{Offering, Provider, Purchase},
};
use jiff::Timestamp;
use machines::{Ec2Machines, HetznerConfig, HetznerMachines, Nodes};
use ports::{
    clock::Clock,
    machines::{Machine, Machines, Power, PowerError},
};
use std::{sync::Arc, time::Duration};
use support::{
    clock,
    hetzner::{Docker, Hetzner, Settings},
    server,
};

const RUN_FLAGS: &str = include_str!("../../../../infra-cdk/assets/worker/local-run-flags");
const TOKEN: &str = "hetzner-test-token";
const JOIN_PATIENCE: Duration = Duration::from_mins(1);

#[expect(clippy::disallowed_methods, reason = "the test is configured by its environment")]
fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is missing"))
}

fn worker() -> WorkerId {
    let number = clock::now().as_microsecond();
    format!("wrk_live-{number}").parse().expect("an id")
}

struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    async fn sleep(&self, duration: Duration) {
        clock::pause(duration).await;
    }
}

async fn ec2_stage() -> Ec2Machines {
    let config = ec2::Config::builder()
        .behavior_version(ec2::config::BehaviorVersion::latest())
        .region(ec2::config::Region::new("us-east-1"))
        .endpoint_url(setting("AWS_ENDPOINT_URL"))
        .credentials_provider(ec2::config::Credentials::new("test", "test", None, None, "test"))
        .build();
    let client = ec2::Client::from_conf(config);
    let stage = worker().body().to_owned();
    let tag = ec2::types::Tag::builder().key("1mins:stage").value(&stage).build();
    let tags = ec2::types::LaunchTemplateTagSpecificationRequest::builder()
        .resource_type(ec2::types::ResourceType::Instance)
        .tags(tag);
    // No image of this name is registered, so no container is started.
    let data = ec2::types::RequestLaunchTemplateData::builder()
        .image_id("ami-records-only")
        .tag_specifications(tags.build());
    let template = client
        .create_launch_template()
        .launch_template_name(&stage)
        .launch_template_data(data.build())
        .send()
        .await
        .expect("the engine takes a template")
        .launch_template
        .and_then(|it| it.launch_template_id)
        .expect("a template has an id");
    Ec2Machines::new(client, template, "subnet-a,subnet-b", stage)
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn ec2_machines_are_bought_once_listed_switched_and_given_back() {
    let stage = ec2_stage().await;
    for purchase in [Purchase::OnDemand, Purchase::Spot] {
        let (worker, offering) = (worker(), Offering { purchase, ..super::offering("r7i.large") });
        let bought = stage.ensure_bought(&worker, &offering).await.unwrap();
        assert_eq!((bought.state, bought.worker.as_ref()), (Power::Running, Some(&worker)));
        assert_eq!(stage.ensure_bought(&worker, &offering).await.unwrap(), bought);
        assert_eq!(stage.find(&worker).await.unwrap(), Some(bought.clone()));
        assert_eq!(stage.list().await.unwrap(), std::slice::from_ref(&bought));
        let stopped = stage.stop(&bought.id).await;
        let is_refused = matches!(stopped, Err(PowerError::Refused(_)));
        // A machine that is a record cannot be stopped there either.
        assert!(purchase == Purchase::OnDemand || is_refused, "{stopped:?}");
        for _ in 0..2 {
            stage.terminate(&bought.id).await.unwrap();
            assert_eq!(stage.list().await.unwrap(), []);
        }
        let again = stage.ensure_bought(&worker, &offering).await;
        assert!(again.is_err(), "what was given back is not sold again: {again:?}");
    }
}

#[tokio::test]
#[ignore = "starts a worker"]
async fn a_server_of_docker_joins_the_engine_and_takes_commands() {
    let endpoint = setting("AWS_ENDPOINT_URL");
    let realm = format!("live-{}", std::process::id());
    let run_flags = RUN_FLAGS.lines().map(str::to_owned).collect();
    let docker = Docker { image: setting("HETZNER_TEST_IMAGE"), run_flags, realm };
    let hetzner =
        Hetzner::open(Settings::for_tests(TOKEN), Arc::new(docker.clone())).await.unwrap();
    let (listener, url) = server::bind_free_port().await.unwrap();
    let running = server::start(listener, url, hetzner.router());
    let client = ssm_client(&endpoint);
    let stage = hetzner_stage(&running.url, &endpoint, &client);
    let (worker, offering) =
        (worker(), Offering { provider: Provider::Hetzner, ..super::offering("cpx22") });

    let bought = stage.ensure_bought(&worker, &offering).await.unwrap();
    let joined = joined(&stage, &worker).await;
    let outcome = match &joined {
        Some(machine) => run(&client, machine, "test -s /root/.aws/credentials && hostname").await,
        None => String::new(),
    };
    let switched = stage.stop(&bought.id).await;
    let back = stage.start(&bought.id).await;
    stage.terminate(&bought.id).await.unwrap();
    let nodes = client.describe_activations().send().await.unwrap().activation_list;
    let left = docker.purge().await.unwrap();

    assert!(joined.is_some(), "it did not join within {JOIN_PATIENCE:?}");
    assert_eq!(outcome.trim(), worker.as_str().replace('_', "-"));
    assert!(switched.is_ok() && back.is_ok(), "{switched:?} {back:?}");
    assert_eq!(left, 0, "it was given back");
    let names = nodes.unwrap_or_default();
    assert!(names.iter().all(|it| it.default_instance_name() != Some(worker.as_str())));
}

fn ssm_client(endpoint: &str) -> ssm::Client {
    let config = ssm::Config::builder()
        .behavior_version(ssm::config::BehaviorVersion::latest())
        .region(ssm::config::Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(ssm::config::Credentials::new("test", "test", None, None, "test"))
        .build();
    ssm::Client::from_conf(config)
}

fn hetzner_stage(url: &str, endpoint: &str, client: &ssm::Client) -> HetznerMachines<RealClock> {
    let role = setting("HETZNER_TEST_ROLE");
    let settings = [("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", endpoint)];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let config = HetznerConfig {
        url: format!("{url}/v1"),
        token_parameter: "/1mins/live/hetzner-token".to_owned(),
        locations: vec!["fsn1".to_owned()],
        image: "debian-12".to_owned(),
        ssh_key: None,
        firewall_id: None,
        node_role: role.clone(),
        worker_settings: settings.map(owned).into(),
    };
    let nodes = Nodes::new(client.clone(), "live".to_owned(), role);
    HetznerMachines::new(config, TOKEN, "live".to_owned(), nodes, RealClock).expect("a client")
}

async fn joined(stage: &impl Machines, worker: &WorkerId) -> Option<Machine> {
    let deadline = clock::now() + JOIN_PATIENCE;
    while clock::now() < deadline {
        let machine = stage.find(worker).await.expect("an answer").expect("it is there");
        if machine.node_id.is_some() {
            return Some(machine);
        }
        clock::pause(Duration::from_millis(500)).await;
    }
    None
}

/// What `script` says there.
async fn run(client: &ssm::Client, machine: &Machine, script: &str) -> String {
    let node = machine.node_id.as_deref().expect("it has joined");
    // Its credentials come a moment after its registration.
    let patient = format!("for i in $(seq 50); do {script} && exit; sleep 0.1; done");
    let sent = client
        .send_command()
        .document_name("AWS-RunShellScript")
        .instance_ids(node)
        .parameters("commands", vec![patient])
        .send()
        .await
        .expect("it takes a command");
    let id = sent.command.and_then(|it| it.command_id).expect("a command has an id");
    loop {
        let seen = client.get_command_invocation().command_id(&id).instance_id(node).send().await;
        let seen = seen.expect("a command is to be seen");
        if seen.response_code() >= 0 {
            return seen.standard_output_content.unwrap_or_default();
        }
        clock::pause(Duration::from_millis(200)).await;
    }
}
