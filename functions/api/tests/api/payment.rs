//! What was charged, invoices, and the provider's own page.

use crate::bench::{Answer, Bench, Customer, request};
use domain::subscription::Record;
use http::{StatusCode, header};
use ports::payments::{Payment, Refunded};
use serde_json::{Value, json};
use std::time::Duration;

async fn payments(bench: &Bench, customer: &Customer) -> Answer {
    bench.get("/api/billing/payments", Some(&customer.token)).await
}

async fn portal(bench: &Bench, customer: &Customer) -> Answer {
    bench.post("/api/billing/portal", Some(&customer.token), &Value::Null).await
}

async fn invoice(bench: &Bench, customer: &Customer, id: &str) -> Answer {
    bench.get(&format!("/api/billing/payments/{id}/invoice"), Some(&customer.token)).await
}

fn of(customer: &str, id: &str) -> Payment {
    Payment {
        id: id.to_owned(),
        subscription: Some("sub_1".to_owned()),
        customer: customer.to_owned(),
        status: "succeeded".to_owned(),
        total_minor: 5_831,
        currency: "USD".to_owned(),
        created_at: testkit::make::project().created_at,
        refunded: Refunded::No,
    }
}

#[tokio::test]
async fn who_bought_nothing_has_no_payments_and_no_page() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    bench.api.payments.outage.begin(u32::MAX);
    let none = payments(&bench, &customer).await;
    assert_eq!((none.status, none.body), (StatusCode::OK, json!([])), "and nobody was asked");
    assert_eq!(portal(&bench, &customer).await.status, StatusCode::CONFLICT);
    assert_eq!(invoice(&bench, &customer, "pay_1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn payments_come_newest_first_and_name_their_project() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let id = bench.subscribed_project(&customer).await;
    let newer = Payment {
        created_at: of("cus_1", "").created_at + Duration::from_mins(1),
        subscription: None,
        refunded: Refunded::Partly,
        status: "processing".to_owned(),
        ..of("cus_1", "pay_2")
    };
    for payment in [of("cus_1", "pay_1"), newer, of("cus_2", "pay_3")] {
        bench.api.payments.put_payment(payment);
    }
    let expected = json!([
        { "id": "pay_2", "project_id": null, "project_name": null, "status": "processing",
          "total_minor": 5831, "currency": "USD", "created_at": "2026-11-21T12:01:00Z",
          "refunded": "partly" },
        { "id": "pay_1", "project_id": id, "project_name": "mybot", "status": "succeeded",
          "total_minor": 5831, "currency": "USD", "created_at": "2026-11-21T12:00:00Z",
          "refunded": "no" },
    ]);
    assert_eq!(payments(&bench, &customer).await.body, expected);
}

/// Whatever a record says: a project of another tenant is nobody's here.
#[tokio::test]
async fn a_payment_never_names_somebody_elses_project() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let eve = bench.customer("eve@example.com").await;
    bench.subscribed_project(&ada).await;
    let mine = bench.payment(&eve).await;
    let listed = payments(&bench, &eve).await.body;
    assert_eq!((&listed[0]["id"], &listed[0]["project_id"]), (&json!(mine), &Value::Null));
    bench.api.subscriptions.put(Record::of(&testkit::make::subscription(), of("", "").created_at));
    assert_eq!(payments(&bench, &ada).await.body, json!([]));
}

#[tokio::test]
async fn an_invoice_is_a_file_for_whoever_paid() {
    let bench = Bench::new();
    let (ada, eve) =
        (bench.customer("ada@example.com").await, bench.customer("eve@example.com").await);
    let (hers, others) = (bench.payment(&ada).await, bench.payment(&eve).await);
    let file = invoice(&bench, &ada, &hers).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header(header::CONTENT_TYPE), "application/pdf");
    let name = format!("attachment; filename=\"invoice-{hers}.pdf\"");
    assert_eq!(file.header(header::CONTENT_DISPOSITION), name);
    assert_eq!(file.header(header::CACHE_CONTROL), "no-store");
    assert!(file.body.as_str().unwrap().starts_with("%PDF"));

    let seen = async |id: &str| {
        let answer = invoice(&bench, &ada, id).await;
        (answer.status, format!("{:?}", answer.headers), answer.body)
    };
    let nobodys = seen("pay_nobodys").await;
    assert_eq!(nobodys.0, StatusCode::NOT_FOUND);
    for id in [others.as_str(), "%2e%2e", "a%22b", "%0d%0aX", "pay_%C3%A9", &"x".repeat(65)] {
        assert_eq!(seen(id).await, nobodys, "{id}");
    }
}

#[tokio::test]
async fn the_portal_is_for_owners_and_opens_for_their_customer() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    bench.subscribed_project(&ada).await;
    let page = portal(&bench, &ada).await;
    assert_eq!(page.status, StatusCode::CREATED);
    assert_eq!(
        page.body,
        json!({ "url": "https://portal.test/cus_1?return_url=https://app.test/billing" })
    );
    let bob = bench.member(&ada, "bob@example.com", "member").await;
    assert_eq!(portal(&bench, &bob).await.status, StatusCode::FORBIDDEN);
    assert_eq!(payments(&bench, &bob).await.status, StatusCode::OK, "members look");
    let got = bench.send(request("GET", "/api/billing/portal", Some(&ada.token), "")).await;
    assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED, "never by a link");
}

#[tokio::test]
async fn an_outage_of_the_provider_passes() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let id = bench.payment(&ada).await;
    for calls_before in 0..2 {
        for case in ["payments", "portal", "invoice"] {
            let ask = async || match case {
                "payments" => payments(&bench, &ada).await,
                "portal" => portal(&bench, &ada).await,
                _ => invoice(&bench, &ada, &id).await,
            };
            if calls_before > 0 && case != "invoice" {
                continue;
            }
            bench.api.payments.outage.begin_after(calls_before, 1);
            let away = ask().await;
            assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE, "{case}");
            assert_eq!(away.header(header::RETRY_AFTER), "5", "{case}");
            assert!(ask().await.status.is_success(), "{case}");
        }
    }
}
