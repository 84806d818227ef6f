//! What a tenant is called, and going from one to another.

use crate::bench::{Answer, Bench, Customer};
use http::StatusCode;
use ports::tenants::Tenants;
use serde_json::{Value, json};

async fn change(bench: &Bench, customer: &Customer, body: &Value) -> Answer {
    bench.call("PATCH", "/api/tenant", Some(&customer.token), body).await
}

#[tokio::test]
async fn a_new_tenant_is_called_after_its_owners_address() {
    let bench = Bench::new();
    let ada = bench.customer("ada.l@example.com").await;
    let other = bench.customer("ada.l@example.org").await;
    let unchanged = change(&bench, &ada, &json!({})).await;
    let expected =
        json!({ "id": ada.tenant, "name": "ada l", "subdomain": "ada-l", "role": "owner" });
    assert_eq!((unchanged.status, unchanged.body), (StatusCode::OK, expected));
    let taken = change(&bench, &other, &json!({})).await.text("subdomain");
    let own = other.tenant.strip_prefix("ten_").unwrap();
    assert_eq!(taken, format!("ada-l-{}", &own[..6]), "random characters, since it was taken");
}

#[tokio::test]
async fn a_tenant_changes_its_name_and_its_subdomain() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let named = change(&bench, &ada, &json!({ "name": " Ada's Engines " })).await;
    assert_eq!(
        (named.text("name"), named.text("subdomain")),
        ("Ada's Engines".into(), "ada".into())
    );
    let moved = change(&bench, &ada, &json!({ "subdomain": "engines" })).await;
    assert_eq!(moved.text("name"), "Ada's Engines", "what is left out stays");
    let wrong = change(&bench, &ada, &json!({ "name": "evil.example", "subdomain": "www" })).await;
    assert_eq!(
        (wrong.status, wrong.fields()),
        (StatusCode::BAD_REQUEST, vec!["name", "subdomain"])
    );
    let eve = bench.customer("eve@example.com").await;
    let freed = change(&bench, &eve, &json!({ "subdomain": "ada" })).await;
    assert_eq!(freed.status, StatusCode::OK, "the old one is free again");
}

#[tokio::test]
async fn a_subdomain_belongs_to_one_tenant() {
    let bench = Bench::new();
    bench.customer("ada@example.com").await;
    let eve = bench.customer("eve@example.com").await;
    let taken = change(&bench, &eve, &json!({ "name": "Eve & Co", "subdomain": "ada" })).await;
    assert_eq!((taken.status, taken.fields()), (StatusCode::CONFLICT, vec!["subdomain"]));
    assert_eq!(taken.body["type"], "urn:1mins:problem:taken");
    let still = change(&bench, &eve, &json!({})).await;
    assert_eq!((still.text("name"), still.text("subdomain")), ("eve".into(), "eve".into()));
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_repeated() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    bench.api.tenants.lost_answers.begin(1);
    let body = json!({ "name": "Engines", "subdomain": "engines" });
    assert_eq!(change(&bench, &ada, &body).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let again = change(&bench, &ada, &body).await;
    assert_eq!((again.status, again.text("subdomain")), (StatusCode::OK, "engines".into()));
    let tenant = ada.tenant.parse().unwrap();
    let stored = bench.api.tenants.find(&tenant).await.unwrap().unwrap();
    assert_eq!(stored.name.as_str(), "Engines");
}

#[tokio::test]
async fn a_session_goes_to_another_tenant_and_its_old_token_is_over() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let project = bench.project(&ada).await;
    let bob = bench.member(&ada, "bob@example.com", "member").await;
    assert_eq!(bob.tenant, ada.tenant);
    let path = format!("/api/projects/{project}");
    assert_eq!(bench.get(&path, Some(&bob.token)).await.status, StatusCode::OK);

    let home = bench.signed_in("bob@example.com").await;
    assert_ne!(home.tenant, ada.tenant, "one's own, rather than one that merely let one in");
    assert_eq!(bench.get(&path, Some(&home.token)).await.status, StatusCode::NOT_FOUND);
    let away = bench.switched(&home, &ada.tenant).await;
    assert_eq!(bench.get(&path, Some(&away.token)).await.status, StatusCode::OK);
    let old = bench.get("/api/projects", Some(&home.token)).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED, "a session is in one tenant at a time");
    let back = bench.switched(&away, &home.tenant).await;
    assert_eq!(bench.get(&path, Some(&back.token)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_goes_where_they_do_not_belong() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let eve = bench.customer("eve@example.com").await;
    for (case, tenant, status) in [
        ("somebody else's", ada.tenant.as_str(), StatusCode::NOT_FOUND),
        ("nobody's", "ten_0", StatusCode::NOT_FOUND),
        ("no tenant at all", "prj_0", StatusCode::BAD_REQUEST),
    ] {
        let there = json!({ "tenant_id": tenant });
        let answer = bench.post("/api/session/tenant", Some(&eve.token), &there).await;
        assert_eq!(answer.status, status, "{case}");
    }
    assert_eq!(bench.get("/api/projects", Some(&eve.token)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_gets_in_while_memberships_cannot_be_read() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    bench.api.tenants.outage.begin(1);
    let shut = bench.get("/api/projects", Some(&ada.token)).await;
    assert_eq!(shut.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(bench.get("/api/projects", Some(&ada.token)).await.status, StatusCode::OK);
}
