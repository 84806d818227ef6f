//! What operators did inside of instances.

use crate::engine;
use adapters::dynamodb::audit::DynamoAudit;
use contracts::exec::{Order, Saga};
use jiff::Timestamp;
use ports::audit::{Audit, Entry, Verdict};
use testkit::make;

fn entry(at_s: i64, verdict: Verdict) -> Entry {
    let order = Order {
        argv: vec!["ls".to_owned()],
        reason: "its disk is full".to_owned(),
        who: "ada".to_owned(),
        wait_s: 30,
    };
    let at = Timestamp::from_second(at_s).expect("a time");
    Entry::of(&Saga::of(&make::project(), order, at), verdict)
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_first_record_stays_the_last_verdict_counts_and_time_is_the_order() {
    let (client, table) = engine::table().await;
    let audit = DynamoAudit::on(client, table);
    let ended = Verdict::Ended { exit_code: 3, timed_out: true };
    for _ in 0..2 {
        audit.record(&entry(1_795_262_401, Verdict::Begun)).await.expect("is up");
        audit.record(&entry(999_999_999, Verdict::Begun)).await.expect("is up");
    }
    audit.conclude(&entry(1_795_262_401, ended.clone())).await.expect("is up");
    audit.record(&entry(1_795_262_401, Verdict::Begun)).await.expect("a late repeat");
    let expected = [entry(999_999_999, Verdict::Begun), entry(1_795_262_401, ended)];
    assert_eq!(audit.list().await.expect("is up"), expected);
}
