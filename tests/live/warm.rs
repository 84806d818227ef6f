//! Instances that were booted before anybody asked for them.

use crate::customer::{Customer, PROVISIONED_WITHIN};
use adapters::{clock::SystemClock, dynamodb::fleet::DynamoFleet};
use e2e::executions::{Way, landing};
use ports::{clock::Clock, fleet::Fleet};
use std::time::Duration;

/// The names of the local stage, see `infra-cdk/lib/naming.ts`.
const FLEET_TABLE: &str = "1mins-local-fleet";
const POOL: &str = "us-east-1";
const PARTS: u32 = 1;

#[tokio::test]
#[ignore = "needs a running stack"]
async fn who_pays_while_a_blank_is_warm_takes_it_over_and_chats() {
    let ada = Customer::arrives().await;
    let project = ada.buys("opens-the-shop").await;
    ada.waits_until_running(&project).await;
    wait_for_a_warm_blank().await;

    let project = ada.buys("comes-second").await;
    let project = ada.waits_until_running(&project).await;
    let landing = landing(ada.journey.environment(), &project.id, 1).await;
    assert_eq!(landing.expect("the execution says where it is").way, Way::Blank);
    assert!(!ada.chats(&project, "Are you mine, and new?").await.is_empty());
    ada.leaves().await;
}

async fn wait_for_a_warm_blank() {
    let fleet = DynamoFleet::connect(FLEET_TABLE.to_owned(), POOL.to_owned(), PARTS).await;
    let deadline = SystemClock.now() + PROVISIONED_WITHIN;
    while SystemClock.now() < deadline {
        let workers = fleet.workers().await.expect("the fleet answers");
        if workers.iter().any(|it| it.admits() && it.reservations.values().any(|it| it.warm)) {
            return;
        }
        SystemClock.sleep(Duration::from_secs(2)).await;
    }
    panic!("no blank is warm after {PROVISIONED_WITHIN:?}");
}
