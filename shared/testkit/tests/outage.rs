//! Functions that are killed.

use ports::{bundles::Bundles, queue::Queue};
use std::cell::Cell;
use testkit::{bundles::FakeBundles, outage::killed_after, queue::FakeQueue};

#[tokio::test]
async fn a_function_dies_between_any_two_calls_of_any_ports_and_makes_no_other() {
    for calls in 0..4 {
        let (bundles, queue, answers) =
            (FakeBundles::default(), FakeQueue::default(), Cell::new(0));
        let function = async {
            for _ in 0..2 {
                // Whoever lives on after a failure would be seen.
                let _ = bundles.list().await;
                answers.update(|it| it + 1);
                let _ = queue.send(&()).await;
                answers.update(|it| it + 1);
            }
        };
        assert_eq!(killed_after(calls, function).await, None, "{calls}");
        let sent = u32::try_from(queue.sent().len()).expect("two at most");
        assert_eq!((answers.get(), sent), (calls, calls / 2));
    }
}

#[tokio::test]
async fn who_needs_no_more_calls_than_it_has_lives_and_the_next_function_lives_for_ever() {
    let queue = FakeQueue::default();
    assert!(killed_after(1, queue.send(&())).await.is_some_and(|it| it.is_ok()));
    for _ in 0..3 {
        queue.send(&()).await.expect("it is up");
    }
    assert_eq!(queue.sent().len(), 4);
}
