//! [`Cloud`] over two providers in memory.

use domain::offering::{Offering, Provider};
use machines::Cloud;
use ports::machines::{BuyError, Machines, Power, PowerError};
use testkit::machines::FakeMachines;

fn two() -> Cloud<FakeMachines, FakeMachines> {
    Cloud::of(FakeMachines::default(), Some(FakeMachines::default()))
}

fn offering(provider: Provider) -> Offering {
    Offering { provider, ..super::offering("some-type") }
}

#[tokio::test]
async fn each_machine_is_bought_switched_and_given_back_where_it_is_sold() {
    let cloud = two();
    for (provider, worker) in [(Provider::Ec2, "wrk_a-1"), (Provider::Hetzner, "wrk_b-1")] {
        let worker = worker.parse().unwrap();
        let bought = cloud.ensure_bought(&worker, &offering(provider)).await.unwrap();
        assert_eq!(bought.provider, provider);
        assert_eq!(cloud.find(&worker).await.unwrap(), Some(bought.clone()));
        cloud.stop(&bought.id).await.unwrap();
        assert_eq!(cloud.find(&worker).await.unwrap().unwrap().state, Power::Stopped);
        cloud.start(&bought.id).await.unwrap();
    }
    let listed = cloud.list().await.unwrap();
    let ids: Vec<_> = listed.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["i-1", "hz-1"]);
    for id in ids {
        cloud.terminate(id).await.unwrap();
    }
    assert_eq!(cloud.list().await.unwrap(), []);
}

#[tokio::test]
async fn who_knows_where_a_machine_was_bought_asks_nobody_else() {
    for (seller, other) in [(Provider::Ec2, Provider::Hetzner), (Provider::Hetzner, Provider::Ec2)]
    {
        let (ec2, hetzner) = (FakeMachines::default(), FakeMachines::default());
        let out = if other == Provider::Ec2 { &ec2 } else { &hetzner };
        out.outage.begin(u32::MAX);
        let (worker, cloud) = ("wrk_a-1".parse().unwrap(), Cloud::of(ec2, Some(hetzner)));
        let bought = cloud.ensure_bought(&worker, &offering(seller)).await.unwrap();
        assert_eq!(cloud.find_at(seller, &worker).await.unwrap(), Some(bought), "{seller:?}");
        assert!(cloud.find_at(other, &worker).await.is_err(), "{other:?}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_makes_the_list_fail() {
    for out in [Provider::Ec2, Provider::Hetzner] {
        let (ec2, hetzner) = (FakeMachines::default(), FakeMachines::default());
        match out {
            Provider::Ec2 => ec2.outage.begin(1),
            Provider::Hetzner => hetzner.outage.begin(1),
        }
        assert!(Cloud::of(ec2, Some(hetzner)).list().await.is_err(), "{out:?}");
    }
}

#[tokio::test]
async fn without_hetzner_nothing_is_bought_and_nothing_thought_gone_there() {
    let cloud = Cloud::<_, FakeMachines>::of(FakeMachines::default(), None);
    let worker = "wrk_a-1".parse().unwrap();
    let bought = cloud.ensure_bought(&worker, &offering(Provider::Hetzner)).await;
    assert!(matches!(bought, Err(BuyError::Refused(_))), "{bought:?}");
    assert!(matches!(cloud.stop("hz-1").await, Err(PowerError::Refused(_))));
    assert!(matches!(cloud.start("hz-1").await, Err(PowerError::Refused(_))));
    assert!(cloud.terminate("hz-1").await.is_err(), "it may well run, and cost");
    assert_eq!(cloud.list().await.unwrap(), []);
    assert_eq!(cloud.find(&worker).await.unwrap(), None);
    assert!(cloud.find_at(Provider::Hetzner, &worker).await.is_err());
}
