//! What each exit code of the worker means.

use crate::bench::{Bench, adopter, blank_saga, launch, undo};
use docker_run::Call;
use runtime::fault::Fault;

#[tokio::test]
async fn each_exit_code_of_a_launch_says_whether_to_repeat_and_the_bundle_goes_either_way() {
    let cases = [
        ("launched", 0, None),
        ("a command line that it does not understand", 64, Some(Fault::Terminal)),
        ("a configuration that the gateway refuses", 65, Some(Fault::Terminal)),
        ("the gateway ended", 70, Some(Fault::Terminal)),
        ("a later generation was here", 73, Some(Fault::Terminal)),
        ("busy", 75, Some(Fault::Retryable)),
        ("the program is not there", 127, Some(Fault::Retryable)),
        ("killed", 137, Some(Fault::Retryable)),
    ];
    for (case, exit_code, expected) in cases {
        let bench = Bench::new().await;
        bench.commands.next_exit.set(Some(exit_code));
        assert_eq!(bench.fault(launch()).await, expected, "{case}");
        assert_eq!(bench.bundles(), 0, "{case}");
    }
}

#[tokio::test]
async fn each_exit_code_of_a_removal_says_whether_anything_is_left_to_do() {
    let cases = [
        ("removed", 0, None),
        ("a later generation owns it", 73, None),
        ("a command line that it does not understand", 64, Some(Fault::Retryable)),
        ("the removal crashed", 70, Some(Fault::Retryable)),
        ("busy", 75, Some(Fault::Retryable)),
        ("the program is not there", 127, Some(Fault::Retryable)),
    ];
    for (case, exit_code, expected) in cases {
        let bench = Bench::new().await;
        bench.done(launch()).await;
        bench.commands.next_exit.set(Some(exit_code));
        assert_eq!(bench.fault(undo()).await, expected, "{case}");
        bench.done(undo()).await;
        assert_eq!((bench.running(), bench.cordoned()), (None, false), "{case}");
    }
}

#[tokio::test]
async fn each_exit_code_of_an_adoption_says_whether_to_repeat_or_to_launch_instead() {
    let cases = [
        ("adopted", 0, None),
        ("a command line that it does not understand", 64, Some(Fault::Terminal)),
        ("a configuration that the gateway refuses", 65, Some(Fault::Terminal)),
        ("the gateway ended", 70, Some(Fault::Terminal)),
        ("a later generation was here", 73, Some(Fault::Terminal)),
        ("busy", 75, Some(Fault::Retryable)),
        ("the program is not there", 127, Some(Fault::Retryable)),
        ("killed", 137, Some(Fault::Retryable)),
    ];
    for (case, exit_code, expected) in cases {
        let bench = Bench::with_a_blank().await;
        bench.commands.next_exit.set(Some(exit_code));
        assert_eq!(bench.fault(Call::Launch(adopter())).await, expected, "{case}");
        assert_eq!(bench.bundles(), 0, "{case}");
        assert_eq!(bench.verbs(), ["adopt"], "{case}: nothing else is tried");
    }
}

#[tokio::test]
async fn a_blanks_launch_is_repeated_or_not_by_the_same_codes() {
    for (exit_code, expected) in
        [(70, Fault::Terminal), (73, Fault::Terminal), (75, Fault::Retryable)]
    {
        let bench = Bench::new().await;
        bench.commands.next_exit.set(Some(exit_code));
        let fault = bench.fault(Call::LaunchBlank(blank_saga())).await;
        assert_eq!((fault, bench.bundles()), (Some(expected), 0), "{exit_code}");
    }
}
