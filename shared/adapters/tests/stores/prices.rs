//! Prices: the latest of each plan stays, whoever writes last.

use crate::engine;
use adapters::dynamodb::prices::DynamoPrices;
use domain::plan::PlanId;
use jiff::{SignedDuration, Timestamp};
use ports::prices::{Listed, Prices};
use testkit::{make, payments::usd};

fn listed(plan: PlanId, minor: u64, late_s: i64) -> Listed {
    let as_of: Timestamp = make::project().created_at + SignedDuration::from_secs(late_s);
    Listed { plan, price: usd(minor), as_of }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_latest_price_of_each_plan_stays_however_late_an_earlier_one_comes() {
    let (client, table) = engine::table().await;
    let prices = DynamoPrices::on(client, table);
    assert_eq!(prices.list().await.unwrap(), []);
    let (first, other) = (listed(PlanId::Pro, 6_500, 10), listed(PlanId::Standard, 4_900, 10));
    for _ in 0..2 {
        prices.record(&first).await.unwrap();
        prices.record(&other).await.unwrap();
    }
    prices.record(&listed(PlanId::Pro, 100, 9)).await.unwrap();
    let mut kept = prices.list().await.unwrap();
    kept.sort_by_key(|it| it.plan);
    assert_eq!(kept, [other.clone(), first]);
    let second = listed(PlanId::Pro, 7_500, 11);
    prices.record(&second).await.unwrap();
    let mut kept = prices.list().await.unwrap();
    kept.sort_by_key(|it| it.plan);
    assert_eq!(kept, [other, second]);
}
