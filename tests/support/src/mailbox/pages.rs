//! The pages of the mailbox.

use super::{letters::Letter, outbox::OutboxError};
use crate::page::{escape, page};
use axum::response::Html;
use std::fmt::Write as _;

pub(super) fn list(letters: &[Letter], to: Option<&str>) -> Html<String> {
    let title = to.map_or("Mailbox".to_owned(), |to| format!("Mail to {to}"));
    let mut rows = String::new();
    for it in letters {
        let _ = write!(
            rows,
            "<li><a href=\"/messages/{id}\"><strong>{subject}</strong>\
             <span class=\"quiet\">{at}</span><span class=\"quiet\">{to}</span></a></li>",
            id = escape(&it.id),
            subject = escape(subject(it)),
            at = moment(it),
            to = escape(&it.to.join(", ")),
        );
    }
    let content = if rows.is_empty() {
        "<p class=\"quiet\">Nothing was mailed yet. Sign up, and the letter that confirms the \
         address appears here.</p>"
            .to_owned()
    } else {
        format!("<ul class=\"letters\">{rows}</ul>")
    };
    wide(&title, &format!("<h1>{}</h1>{content}", escape(&title)))
}

pub(super) fn letter(it: &Letter) -> Html<String> {
    let body = match &it.html {
        // Sandboxed: a letter runs no script and reaches nothing of this page, but its links work.
        Some(html) => format!(
            "<iframe sandbox=\"allow-top-navigation-by-user-activation\" title=\"The letter\" \
             srcdoc=\"{}\"></iframe>",
            escape(&format!("<base target=\"_top\">{html}"))
        ),
        None => format!("<pre class=\"letter\">{}</pre>", with_links(&it.text)),
    };
    let content = format!(
        "<h1>{subject}</h1><dl class=\"mail\"><dt>From</dt><dd>{from}</dd><dt>To</dt><dd>{to}</dd>\
         <dt>Sent</dt><dd>{at}</dd></dl>{body}<p class=\"quiet\"><a href=\"/\">All letters</a></p>",
        subject = escape(subject(it)),
        from = escape(&it.from),
        to = escape(&it.to.join(", ")),
        at = moment(it),
    );
    wide(subject(it), &content)
}

pub(super) fn no_such_letter() -> Html<String> {
    wide(
        "Mailbox",
        "<h1>No such letter</h1><p>The engine forgets its mail when it restarts.</p>\
         <p><a href=\"/\">All letters</a></p>",
    )
}

pub(super) fn engine_down(error: &OutboxError) -> Html<String> {
    let content = format!(
        "<h1 class=\"warn\">The mail cannot be read</h1><p>{}</p>\
         <p class=\"quiet\">Start the system, then load this page again.</p>",
        escape(&error.to_string())
    );
    wide("Mailbox", &content)
}

fn wide(title: &str, content: &str) -> Html<String> {
    page(title, &format!("<main class=\"wide\"><div class=\"card\">{content}</div></main>"))
}

fn subject(it: &Letter) -> &str {
    if it.subject.is_empty() { "(no subject)" } else { &it.subject }
}

fn moment(it: &Letter) -> String {
    it.sent_at.strftime("%-d %b %Y, %H:%M:%S UTC").to_string()
}

/// Escaped text in which addresses can be clicked.
fn with_links(text: &str) -> String {
    let mut html = String::new();
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let safe = escape(word);
        if word.starts_with("http://") || word.starts_with("https://") {
            let _ = write!(html, "<a href=\"{safe}\">{safe}</a>");
        } else {
            html.push_str(&safe);
        }
        html.push_str(&piece[word.len()..]);
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_a_letter_can_be_clicked_and_nothing_else_becomes_markup() {
        let html = with_links("Open\n  https://a.b/confirm#token=x&y \n<now>");
        assert_eq!(
            html,
            "Open\n  <a href=\"https://a.b/confirm#token=x&amp;y\">https://a.b/confirm#token=x&amp;y</a> \n&lt;now&gt;"
        );
    }
}
