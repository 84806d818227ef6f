//! The life of a subscription, months of it in minutes: what pays for a project, and what becomes of it
//! when nobody does.
//!
//! Time passes in the stand-in for Dodo Payments. The grace after the end is the local stage's own, a
//! minute and a half. After each return the agent is asked how the conversation began, which only one
//! that still has it can say, and a file that it was given is read.

mod life;
mod owner;
mod traces;

use domain::plan::PlanId;
use e2e::wire::State;
use jiff::SignedDuration;
use life::Life;
use ports::payments::Payments;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const DAY_S: u32 = 86_400;
/// No month is longer.
const MONTH_S: u32 = 31 * DAY_S;
const GRACE_DAYS: u32 = 3;
/// After the end, as `infra-cdk/bin/stages.ts` has it for the local stage.
const FIRST_WARNING: SignedDuration = SignedDuration::from_secs(30);
/// What each letter's subject says, and how often it is told.
const LETTERS: [(&str, usize); 5] = [
    ("is missing", 1),
    ("was stopped", 2),
    ("starts again", 2),
    ("has ended", 1),
    ("was deleted", 1),
];

#[tokio::test]
#[ignore = "needs a running stack"]
async fn what_a_customer_said_outlives_all_that_a_subscription_goes_through() {
    let mut life = Life::begins().await;
    is_renewed(&life).await;
    misses_a_payment(&mut life).await;
    pays_with_another_card(&mut life).await;
    is_disputed_and_wins(&mut life).await;
    changes_to(&mut life, PlanId::Pro).await;
    // What is less has room wherever more had.
    assert!(changes_to(&mut life, PlanId::Standard).await, "it stays where it is");
    is_cancelled(&mut life).await;
    is_warned_and_deleted(&mut life).await;
    life.left_nothing().await;
    for (about, count) in LETTERS {
        assert_eq!(life.letters(about).await.len(), count, "{about}");
    }
    life.ran_each_saga_once().await;
    life.balances().await;
}

async fn is_renewed(life: &Life) {
    let before = life.subscription().await.seen.next_billing_at;
    let here = life.container().await;
    life.dodo.advance(MONTH_S).await.expect("time passes");
    let is_paid = async || {
        let now = life.subscription().await.seen.next_billing_at;
        (now > before).then_some(())
    };
    life.until("the next month is paid for", is_paid).await;
    assert_eq!(life.container().await, here, "a renewal touches nothing");
}

async fn misses_a_payment(life: &mut Life) {
    let fail = format!("subscriptions/{}/fail", life.subscription_id);
    life.provider(&fail, &json!({ "grace_days": GRACE_DAYS })).await;
    life.letter("is missing", 1).await;
    assert_eq!(life.state().await, State::Running, "it has days to pay");
    life.dodo.advance(GRACE_DAYS * DAY_S).await.expect("time passes");
    life.is_halted().await;
    let letter = life.letter("was stopped", 1).await;
    assert!(letter.text.contains("not paid for"), "{}", letter.text);
}

async fn pays_with_another_card(life: &mut Life) {
    let renew = format!("subscriptions/{}/renew", life.subscription_id);
    life.provider(&renew, &Value::Null).await;
    life.goes_on().await;
    life.letter("starts again", 1).await;
}

async fn is_disputed_and_wins(life: &mut Life) {
    let about = json!({ "about": life.subscription_id });
    let dispute = life.provider("disputes", &about).await;
    life.is_halted().await;
    let letter = life.letter("was stopped", 2).await;
    assert!(letter.text.contains("your bank"), "{}", letter.text);
    let dispute = dispute["dispute_id"].as_str().expect("a dispute has an id");
    life.provider(&format!("disputes/{dispute}/won"), &Value::Null).await;
    life.goes_on().await;
    life.letter("starts again", 2).await;
}

/// Whether it stayed where it is: there is not always room for more.
async fn changes_to(life: &mut Life, plan: PlanId) -> bool {
    let (before, was) = (life.traces.project().await, life.container().await);
    let changed = life.payments.change_plan(&life.subscription_id, plan).await;
    changed.expect("a card that works pays for another plan");
    let has_changed = async || {
        let now = life.traces.project().await;
        let runs = now.state == domain::project::State::Running;
        (runs && now.plan == plan).then_some(now)
    };
    let now = life.until(&format!("it runs as {plan:?}"), has_changed).await;
    let here = life.container().await;
    assert_eq!(here.limits, plan.plan().limits);
    let stayed = now.attempt == before.attempt;
    assert_eq!(stayed, here.id == was.id, "the same container, unless it had to move");
    life.say(if stayed { "it stayed where it was" } else { "it moved: there was no room" });
    life.expect_change(&before, &now).await;
    life.remembers().await;
    stayed
}

async fn is_cancelled(life: &mut Life) {
    let cancelled = life.payments.set_cancellation(&life.subscription_id, true).await;
    cancelled.expect("anybody may cancel");
    let is_known = async || life.subscription().await.seen.cancels_at_period_end.then_some(());
    life.until("its end is known", is_known).await;
    assert_eq!(life.state().await, State::Running, "what is paid for runs");
    life.dodo.advance(MONTH_S).await.expect("time passes");
    life.is_halted().await;
    let letter = life.letter("has ended", 1).await;
    assert!(letter.text.contains("was cancelled"), "{}", letter.text);
}

async fn is_warned_and_deleted(life: &mut Life) {
    // Nobody is warned of what is not at rest yet: one that was late to it misses the first warning.
    let warnings = if life.was_at_rest_before(FIRST_WARNING).await { 2 } else { 1 };
    for warning in 1..=warnings {
        life.letter("is deleted on", warning).await;
        assert_eq!(life.state().await, State::Suspended, "its data is kept until then");
    }
    life.is_erased().await;
    life.letter("was deleted", 1).await;
    life.shows("unknown", StatusCode::NOT_FOUND).await;
    let gone =
        life.ada.asks(Method::POST, &format!("/api/projects/{}/gateway-token", life.project.id));
    assert!(gone.send().await.expect("the API answers").status().is_client_error());
}
