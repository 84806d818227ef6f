//! A purchase that comes after its undo, or lands in the middle of it.

use crate::bench::{Bench, buy, undo};
use domain::{id::WorkerId, offering::Offering};
use ports::{
    Unavailable,
    machines::{BuyError, Machine, Machines, PowerError},
};
use provision::ProvisionError;
use runtime::fault::{Classify, Fault};

#[tokio::test]
async fn a_purchase_after_its_undo_is_refused_and_nothing_is_bought() {
    let bench = Bench::default();
    bench.done(undo()).await;
    for _ in 0..2 {
        let (fault, error) = bench.fails(buy()).await;
        assert!(matches!(error, ProvisionError::GivenUp(_)), "{error}");
        assert_eq!((fault, bench.machines.bought()), (Fault::Terminal, 0));
        bench.assert_gone();
    }
}

#[tokio::test]
async fn a_purchase_that_is_repeated_after_its_machine_was_lost_buys_no_other() {
    let bench = Bench::default();
    bench.done(buy()).await;
    bench.machines.vanish(&bench.worker().id);
    bench.done(buy()).await;
    assert_eq!((bench.machines.bought(), bench.alive()), (1, 0), "whoever looks finds it lost");
}

/// Undoes the purchase while the provider is still working on it.
struct UndoneMeanwhile<'a>(&'a Bench);

impl Machines for UndoneMeanwhile<'_> {
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, BuyError> {
        self.0.done(undo()).await;
        self.0.machines.ensure_bought(worker, offering).await
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable> {
        self.0.machines.find(worker).await
    }

    async fn list(&self) -> Result<Vec<Machine>, Unavailable> {
        self.0.machines.list().await
    }

    async fn stop(&self, machine_id: &str) -> Result<(), PowerError> {
        self.0.machines.stop(machine_id).await
    }

    async fn start(&self, machine_id: &str) -> Result<(), PowerError> {
        self.0.machines.start(machine_id).await
    }

    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable> {
        self.0.machines.terminate(machine_id).await
    }
}

async fn buy_while_it_is_undone(bench: &Bench) -> Fault {
    let result = bench.run_on(&UndoneMeanwhile(bench), buy()).await;
    result.expect_err("is given up").fault()
}

#[tokio::test]
async fn a_purchase_that_lands_after_its_undo_goes_back_at_once() {
    let bench = Bench::default();
    assert_eq!(buy_while_it_is_undone(&bench).await, Fault::Terminal);
    assert_eq!(bench.machines.bought(), 1);
    bench.assert_gone();
}

#[tokio::test]
async fn a_purchase_that_lands_after_its_undo_goes_back_on_the_retry_too() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 2] = [
        // The undo asks twice, the purchase asks once, and terminating is what fails.
        ("terminating", |it| it.machines.outage.begin_after(3, 1)),
        ("the answer", |it| it.machines.lose_answer.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        break_it(&bench);
        assert_eq!(buy_while_it_is_undone(&bench).await, Fault::Retryable, "{case}");
        assert_eq!(bench.alive(), 1, "{case}");
        assert_eq!(bench.fails(buy()).await.0, Fault::Terminal, "{case}");
        assert_eq!(bench.alive(), 0, "{case}: nobody else will give it back");
    }
}
