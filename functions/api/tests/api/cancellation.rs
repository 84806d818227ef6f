//! Ending a subscription, and going on after all.

use crate::bench::{Answer, Bench, Customer};
use domain::subscription::{Seen, Status};
use http::{StatusCode, header};
use serde_json::Value;

async fn start() -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let id = bench.subscribed_project(&customer).await;
    (bench, customer, id)
}

async fn ask(bench: &Bench, customer: &Customer, method: &str, id: &str) -> Answer {
    let path = format!("/api/projects/{id}/cancellation");
    bench.call(method, &path, Some(&customer.token), &Value::Null).await
}

#[tokio::test]
async fn it_ends_with_the_period_or_goes_on_as_often_as_one_likes() {
    let (bench, customer, id) = start().await;
    for (method, ends) in [("POST", true), ("POST", true), ("DELETE", false), ("DELETE", false)] {
        let answer = ask(&bench, &customer, method, &id).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.body["standing"], "paid", "the period is paid for");
        assert_eq!(answer.body["cancels_at"].is_string(), ends, "{answer:?}");
        assert_eq!(answer.body["next_billing_at"].is_string(), !ends, "{answer:?}");
        assert_eq!(bench.booked().await.cancels_at_period_end, ends);
    }
    assert_eq!(bench.looks(), ["sub_1"; 4]);
}

#[tokio::test]
async fn who_does_not_pay_in_time_may_still_leave() {
    for status in [Status::PastDue, Status::OnHold, Status::Paused] {
        let (bench, customer, id) = start().await;
        bench.becomes(&Seen { status, ..bench.booked().await });
        assert_eq!(ask(&bench, &customer, "POST", &id).await.status, StatusCode::OK, "{status:?}");
        assert!(bench.booked().await.cancels_at_period_end, "{status:?}");
    }
}

#[tokio::test]
async fn what_is_over_cannot_be_ended_and_does_not_go_on() {
    for method in ["POST", "DELETE"] {
        let (bench, customer, id) = start().await;
        bench.becomes(&Seen { status: Status::Cancelled, ..bench.booked().await });
        let over = ask(&bench, &customer, method, &id).await;
        assert_eq!((over.status, bench.looks().len()), (StatusCode::CONFLICT, 0));
        let unpaid = bench.project(&customer).await;
        assert_eq!(ask(&bench, &customer, method, &unpaid).await.status, StatusCode::CONFLICT);

        // It ended a moment ago, and nobody has told us.
        let (bench, customer, id) = start().await;
        let ended = Seen { status: Status::Expired, ..bench.booked().await };
        bench.api.payments.put_subscription(ended);
        let over = ask(&bench, &customer, method, &id).await;
        assert_eq!(over.status, StatusCode::CONFLICT, "{over:?}");
        assert_eq!(over.body["detail"], "the subscription has ended");
        assert_eq!(bench.looks(), ["sub_1"], "now we learn of it");
    }
}

#[tokio::test]
async fn a_repeat_ends_what_a_fault_interrupted() {
    for method in ["POST", "DELETE"] {
        let (bench, customer, id) = start().await;
        let Bench { api, .. } = &bench;
        let before = Seen { cancels_at_period_end: method == "DELETE", ..bench.booked().await };
        let outages = [
            ("the project", &api.projects.outage),
            ("the record", &api.subscriptions.outage),
            ("the count", &api.throttles.outage),
            ("the provider", &api.payments.outage),
        ];
        for (case, outage) in outages {
            bench.becomes(&before);
            outage.begin(1);
            let away = ask(&bench, &customer, method, &id).await;
            assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE, "{case}");
            assert_eq!(away.header(header::RETRY_AFTER), "5", "{case}");
            let done = ask(&bench, &customer, method, &id).await;
            assert_eq!(done.status, StatusCode::OK, "{case}: {done:?}");
            assert_eq!(bench.booked().await.cancels_at_period_end, method == "POST", "{case}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_at_all_the_same_and_a_lost_look_is_no_failure() {
    let (bench, customer, id) = start().await;
    bench.api.payments.lose_answers(true);
    let lost = ask(&bench, &customer, "POST", &id).await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(bench.booked().await.cancels_at_period_end);
    assert_eq!(bench.looks(), ["sub_1"]);

    bench.api.payments.lose_answers(false);
    bench.api.looks.outage.begin(1);
    assert_eq!(ask(&bench, &customer, "POST", &id).await.status, StatusCode::OK);
    assert_eq!(bench.looks().len(), 1);
}

#[tokio::test]
async fn only_an_owner_ends_it() {
    let (bench, ada, id) = start().await;
    let bob = bench.member(&ada, "bob@example.com", "member").await;
    for method in ["POST", "DELETE"] {
        let refused = ask(&bench, &bob, method, &id).await;
        assert_eq!(refused.body["type"], "urn:1mins:problem:owner-needed");
    }
    assert!(!bench.booked().await.cancels_at_period_end);
}
