//! What the letters about the health of an instance say. Pure.

use crate::letters::compose;
use domain::{
    email::EmailAddress,
    health::{News, Resource, Trouble},
};
use ports::mail::Message;

/// `link` leads to the project's page.
pub(crate) fn letter(to: EmailAddress, name: &str, link: &str, news: News) -> Message {
    let (subject, before, after) = match news {
        News::Unwell { trouble } => unwell(name, trouble),
        News::WellAgain => well_again(name),
        News::GivenUp { trouble } => given_up(name, trouble),
        News::Short { resource: Resource::Memory } => short_of_memory(name),
        News::Short { resource: Resource::Storage } => short_of_storage(name),
    };
    compose(to, &subject, &before, link, after)
}

type Words = (String, String, &'static str);

fn unwell(name: &str, trouble: Trouble) -> Words {
    let what = match trouble {
        Trouble::Silent => "does not answer",
        Trouble::Down | Trouble::Gone => "does not run",
        Trouble::Crashing => "ends as often as it is started",
        Trouble::Refusing => "does not take its settings",
    };
    let before = format!(
        "Your agent {name} {what}. We are at it: it is started again and, if that does not help, on \
         another machine, with what it has stored. How it is doing is on its page:"
    );
    (
        format!("Your agent {name} is unwell"),
        before,
        "There is nothing that you have to do. You get another letter when it is well again.",
    )
}

fn well_again(name: &str) -> Words {
    let before = format!("Your agent {name} answers again:");
    let after = "If something of its last minutes is missing, ask it once more.";
    (format!("Your agent {name} is well again"), before, after)
}

fn given_up(name: &str, trouble: Trouble) -> Words {
    let remedy = match trouble {
        Trouble::Refusing => "Look at its settings, then start it again on its page",
        Trouble::Silent | Trouble::Down | Trouble::Gone | Trouble::Crashing => {
            "You can start it again on its page"
        }
    };
    let before = format!(
        "Your agent {name} could not be brought back, neither where it was nor on another machine. We \
         have been told as well, and look into it. What it had stored is kept. {remedy}:"
    );
    (
        format!("Your agent {name} has stopped"),
        before,
        "If it does not start, answer to this letter.",
    )
}

fn short_of_memory(name: &str) -> Words {
    let before = format!(
        "Your agent {name} was stopped several times today because it needed more memory than its plan \
         has. It starts again by itself each time, and what it was doing is lost. A larger plan helps, or \
         fewer tools at once. Its plan is on its page:"
    );
    (format!("Your agent {name} needs more memory"), before, "You hear of this once a day at most.")
}

fn short_of_storage(name: &str) -> Words {
    let before = format!(
        "Your agent {name} stores more than its plan has room for. Nothing is deleted, but have it tidy \
         up, or choose a larger plan on its page:"
    );
    (format!("Your agent {name} stores too much"), before, "You hear of this once a day at most.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_names_the_agent_and_leads_to_its_page() {
        let trouble = Trouble::Refusing;
        let all = [
            (News::Unwell { trouble }, "does not take its settings"),
            (News::WellAgain, "answers again"),
            (News::GivenUp { trouble }, "Look at its settings"),
            (News::Short { resource: Resource::Memory }, "more memory"),
            (News::Short { resource: Resource::Storage }, "more than its plan"),
        ];
        for (news, words) in all {
            let to = EmailAddress::try_from("ada@example.com".to_owned()).unwrap();
            let message = letter(to, "mybot", "https://app.test/projects/prj_1", news);
            assert!(message.subject.contains("mybot"), "{news:?}");
            assert!(message.text.contains(words), "{news:?}: {}", message.text);
            assert!(message.text.contains("\nhttps://app.test/projects/prj_1\n"), "{news:?}");
        }
    }
}
