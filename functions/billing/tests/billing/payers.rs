//! Whose project a subscription pays for.

use crate::bench::{Bench, shown, unpaid, with};
use domain::{
    project::{Project, State},
    subscription::{Seen, Status},
};
use testkit::{logs::Logs, make};

fn other(id: &str, status: Status) -> Seen {
    Seen { id: id.to_owned(), ..with(status) }
}

#[tokio::test]
async fn metadata_counts_only_with_the_customer_of_its_tenant() {
    type Change = fn(&mut Seen);
    let cases: [(&str, Change, &str); 6] = [
        ("another's customer", |it| it.customer = "cus_2".into(), "is not the customer"),
        ("another tenant", |it| it.tenant = "ten_two".parse().ok(), "no such project"),
        ("a project that nobody has", |it| it.project = "prj_x".parse().ok(), "no such project"),
        (
            "another's customer without a name",
            |it| (it.customer, it.project, it.tenant) = ("cus_2".into(), None, None),
            "no tenant is this customer",
        ),
        (
            "another's customer under our tenant's name",
            |it| (it.customer, it.project) = ("cus_2".into(), None),
            "no tenant is this customer",
        ),
        ("another shop's product", |it| it.plan = None, "not ours"),
    ];
    for (case, change, reason) in cases {
        let (bench, logs) = (Bench::with(State::PendingPayment).await, Logs::catch());
        let mut seen = with(Status::Active);
        change(&mut seen);
        let outcome = bench.deliver("msg_1", &shown(&seen)).await;
        assert!(outcome.contains(reason), "{case}: {outcome}");
        assert_eq!(bench.project().await, unpaid(), "{case}");
        assert!(bench.executions().is_empty(), "{case}");
        assert_eq!(logs.lines(&["ERROR", "billing needs a person"]).len(), 1, "{case}");
    }
}

#[tokio::test]
async fn without_metadata_it_is_the_customers_only_project_that_waits() {
    let nameless = Seen { project: None, tenant: None, ..with(Status::Active) };
    let bench = Bench::with(State::PendingPayment).await;
    assert_eq!(bench.deliver("msg_1", &shown(&nameless)).await, "provisioning started");

    let second = Project { id: make::project_id("second"), ..unpaid() };
    let bench = Bench::of([unpaid(), second]).await;
    let outcome = bench.deliver("msg_1", &shown(&nameless)).await;
    assert!(outcome.starts_with("nobody's"), "{outcome}");
    assert!(bench.executions().is_empty());
}

#[tokio::test]
async fn what_was_proven_stays_though_the_metadata_changes() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let moved = Seen { project: "prj_other".parse().ok(), ..with(Status::Active) };
    assert_eq!(bench.deliver("msg_1", &shown(&moved)).await, "it runs");
    assert_eq!(bench.record().await.project, Some(make::project().id));
}

#[tokio::test]
async fn a_second_subscription_of_a_project_is_refused_and_wakes_somebody() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let logs = Logs::catch();
    let outcome = bench.deliver("msg_2", &shown(&other("sub_2", Status::Active))).await;
    assert_eq!(outcome, "refused: another subscription pays for the project");
    assert_eq!(bench.project().await.subscription_id.as_deref(), Some("sub_1"));
    assert!(bench.executions().is_empty());
    assert_eq!(logs.lines(&["ERROR", "billing needs a person", "sub_2"]).len(), 1);
}

#[tokio::test]
async fn a_new_subscription_takes_over_what_has_ended() {
    let bench = Bench::known(State::Suspended, &with(Status::Cancelled)).await;
    let outcome = bench.deliver("msg_2", &shown(&other("sub_2", Status::Active))).await;
    assert!(outcome.ends_with("resumed"), "{outcome}");
    let project = bench.project().await;
    assert_eq!((project.state, project.attempt), (State::Pending, 2));
    assert_eq!(project.subscription_id.as_deref(), Some("sub_2"));
    // The old one has no say any more, however late it speaks.
    bench.look().await.expect("looks");
    assert_eq!(bench.executions(), [format!("provision-{}-2", project.id)]);
    assert_eq!(bench.project().await, project);
}
