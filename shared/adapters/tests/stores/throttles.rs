//! Throttles: a try counts once, whoever else tries at the same moment.

use crate::engine;
use adapters::dynamodb::throttles::DynamoThrottles;
use jiff::Timestamp;
use ports::throttles::{Throttle, Throttles};
use std::{collections::BTreeSet, time::Duration};

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_tries_at_the_same_moment_no_two_count_the_same() {
    let (client, table) = engine::table().await;
    let throttles = DynamoThrottles::on(client, table);
    let throttle = Throttle { key: "sign_in#ada".to_owned(), window: Duration::from_mins(1) };
    // Once on an empty table, once when the window is over.
    for now in [NOW, NOW + Duration::from_mins(1)] {
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (throttles, throttle) = (throttles.clone(), throttle.clone());
            tries.spawn(async move { throttles.count_try(&throttle, now).await.unwrap() });
        }
        let tries = tries.join_all().await;
        let counts: BTreeSet<_> = tries.iter().map(|it| it.count).collect();
        assert_eq!(counts, (1..=8).collect(), "at {now}");
        assert!(tries.iter().all(|it| it.until == now + throttle.window), "at {now}");
    }
    throttles.forget_tries(&throttle).await.unwrap();
    assert_eq!(throttles.count_try(&throttle, NOW).await.unwrap().count, 1);
}
