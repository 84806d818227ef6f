//! From nothing to an agent that answers its paying owner.

use crate::customer::Customer;
use e2e::{executions::landing, wire::StepState};

#[tokio::test]
#[ignore = "needs a running stack"]
async fn a_paying_owner_chats_and_no_worker_takes_more_than_it_holds() {
    let ada = Customer::arrives().await;
    let mut landings = Vec::new();
    for name in ["first", "second", "third"] {
        let project = ada.buys(name).await;
        let project = ada.waits_until_running(&project).await;
        // The mail is still on its way when the project runs.
        let mut before_the_mail = project.steps.iter().filter(|it| it.name != "Notify");
        assert!(before_the_mail.all(|it| it.state == StepState::Done), "{:?}", project.steps);
        let answer = ada.chats(&project, &format!("Are you my {name} agent?")).await;
        assert!(!answer.is_empty());
        let landing = landing(ada.journey.environment(), &project.id, 1).await;
        landings.push(landing.expect("the execution says where it is"));
    }
    // A worker of the smallest kind holds two Standard projects. Which of the three land together depends
    // on what ran before and on where blanks are warm; that three never do, does not.
    let on = |index: usize| &landings[index].worker_id;
    assert!(on(0) != on(1) || on(1) != on(2), "a worker is over-committed: {landings:?}");
    ada.leaves().await;
}
