//! What the letters about money say. Pure.

use crate::letters::compose;
use domain::{
    email::EmailAddress,
    subscription::{End, Hold, Occasion},
};
use jiff::{Timestamp, tz::TimeZone};
use ports::mail::Message;

/// `link` leads to the project's page, where it can be paid for.
pub(crate) fn letter(to: EmailAddress, name: &str, link: &str, occasion: Occasion) -> Message {
    let (subject, before, after) = match occasion {
        Occasion::PastDue { until } => past_due(name, until),
        Occasion::Suspended { why } => suspended(name, why),
        Occasion::Resumed => resumed(name),
        Occasion::Ended { why: End::OwnerDeleted, deleted_at } => to_be_deleted(name, deleted_at),
        Occasion::Ended { why, deleted_at } => ended(name, why, deleted_at),
        Occasion::DeletionNear { deleted_at, why, .. } => deletion_near(name, why, deleted_at),
        Occasion::BegunAnew => begun_anew(name),
    };
    compose(to, &subject, &before, link, after)
}

type Words = (String, String, &'static str);

fn past_due(name: &str, until: Option<Timestamp>) -> Words {
    let until = until.map_or_else(String::new, |it| format!(" until {}", day(it)));
    let before = format!(
        "The last payment for your agent {name} did not go through. It runs on{until}, while the \
         payment is tried again. You can pay with another card on its page:"
    );
    (format!("A payment for {name} is missing"), before, "If you have paid meanwhile, all is well.")
}

fn suspended(name: &str, why: Hold) -> Words {
    let (reason, remedy) = match why {
        Hold::Unpaid => ("it is not paid for", "Pay with another card on its page"),
        Hold::Paused => ("its subscription is paused", "Resume the subscription on its page"),
        Hold::Disputed => (
            "your bank was asked to take a payment back",
            "If that was a mistake, tell your bank so; see its page",
        ),
    };
    let before = format!(
        "Your agent {name} was stopped, because {reason}. Everything that it knows is kept. {remedy}, \
         and it goes on where it stopped:"
    );
    (format!("Your agent {name} was stopped"), before, "Nothing is deleted while it waits for you.")
}

fn resumed(name: &str) -> Words {
    let before = format!("Your agent {name} starts again where it stopped:");
    let after = "You get another letter as soon as it answers.";
    (format!("Your agent {name} starts again"), before, after)
}

fn ended(name: &str, why: End, deleted_at: Timestamp) -> Words {
    let reason = match why {
        End::Cancelled => "was cancelled",
        End::Expired => "came to its end",
        End::Failed => "could not be paid",
        End::Refunded => "was paid back to you",
        End::DisputeLost => "was taken back by your bank",
        End::OwnerDeleted => "is not renewed",
    };
    let before = format!(
        "The subscription of your agent {name} {reason}. The agent is stopped. Everything that it \
         knows is kept until {}, and deleted then. Subscribe again before that, and it goes on where it \
         stopped:",
        day(deleted_at)
    );
    (
        format!("The subscription of {name} has ended"),
        before,
        "You are warned before it is deleted.",
    )
}

fn to_be_deleted(name: &str, deleted_at: Timestamp) -> Words {
    let when = day(deleted_at);
    let before = format!(
        "As you wished, your agent {name} is stopped and its subscription is not renewed. Everything that \
         it knows is kept until {when}, and deleted then. Before that you can take the deletion back on its \
         page, and it goes on where it stopped:"
    );
    (format!("{name} is deleted on {when}"), before, "You are warned before it is deleted.")
}

fn deletion_near(name: &str, why: End, deleted_at: Timestamp) -> Words {
    let when = day(deleted_at);
    let (reason, remedy) = match why {
        End::OwnerDeleted => ("as you wished", "Take that back on its page"),
        _ => ("because its subscription has ended", "Subscribe again"),
    };
    let before = format!(
        "On {when} your agent {name} is deleted with everything that it knows, {reason}. {remedy} before \
         that, and it goes on where it stopped:"
    );
    let after = "If you do not want it any more, there is nothing to do.";
    (format!("{name} is deleted on {when}"), before, after)
}

fn begun_anew(name: &str) -> Words {
    let before = format!(
        "You paid for your agent {name} when it was deleted already: what it knew is gone, and cannot be \
         brought back. It starts anew now, with nothing, and this is its page:"
    );
    let after = "If that is of no use to you, cancel it there, and write to us for your money.";
    (format!("Your agent {name} starts anew"), before, after)
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}
