//! The saga's steps in a customer's words.

/// While it runs, and when it is done. A step that is new here is called by its own name.
pub(super) fn of(step: &str) -> (String, String) {
    let (during, after) = match step {
        "Begin" => ("Beginning", "provisioning began"),
        "HoldingPage" => ("Putting up a page meanwhile", "a page says that it is coming"),
        "Reserve" => ("Looking for room on a worker", "looked for room on the running workers"),
        "BuyWorker" => ("Buying a worker", "no room: a new worker was bought"),
        "AwaitWorker" => ("Waiting for the worker", "the worker is ready"),
        "Launch" => ("Launching the container", "the container is launched"),
        "CheckHealth" => ("Waiting for OpenClaw to start", "OpenClaw started and is healthy"),
        "Publish" => ("Publishing the address", "the address is published"),
        "Finish" => ("Finishing", "the project is marked as running"),
        "Notify" => ("Mailing the owner", "the owner has mail"),
        other => return (other.to_owned(), other.to_owned()),
    };
    (during.to_owned(), after.to_owned())
}
