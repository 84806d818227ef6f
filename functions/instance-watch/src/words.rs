//! What an owner reads of an instance that was given up. Pure.

use domain::health::Trouble;

/// Why it does not run any more.
pub(crate) fn reason(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Silent | Trouble::Down | Trouble::Gone => {
            "Your agent did not come back, though we started it again, and on another machine. What it \
             had stored is in its backup. You can start it again."
        }
        Trouble::Crashing => {
            "Your agent ended as often as we started it, on another machine too. What it had stored is \
             in its backup. You can start it again; if it ends again, a larger plan or fewer tools may \
             help."
        }
        Trouble::Refusing => {
            "Your agent does not start with the settings that it has. What it had stored is in its \
             backup. Change its settings, and start it again."
        }
    }
}
