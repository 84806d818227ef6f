//! What the letters say. Pure.

use domain::email::EmailAddress;
use ports::mail::Message;

pub(crate) fn confirm_address(to: EmailAddress, link: &str) -> Message {
    let why = "Open this link within 24 hours to confirm your address and open your account:";
    let otherwise = "If you did not just sign up at 1mins.in yourself, do not open it and do nothing: \
                     no account is opened.";
    compose(to, "Confirm your address", why, link, otherwise)
}

pub(crate) fn address_known(to: EmailAddress, app_url: &str) -> Message {
    let why = "Somebody, probably you, signed up with this address. It has an account already: \
               sign in as you did before, with your password or with Google.";
    let otherwise = "If it was not you, do nothing: nobody got in, and nothing was changed.";
    compose(to, "You have an account already", why, app_url, otherwise)
}

/// In the name of `invited_by`, whose address is confirmed, so that nobody is anonymous here.
pub(crate) fn invitation(
    to: EmailAddress,
    tenant_name: &str,
    invited_by: &str,
    link: &str,
) -> Message {
    let subject = format!("{invited_by} invites you to {tenant_name}");
    let why = format!(
        "{invited_by} asks you to join {tenant_name} at 1mins.in. Open this link within 7 days, and \
         sign in or sign up with this address, to accept:"
    );
    let otherwise = "If you do not know who that is, do nothing: the invitation expires by itself.";
    compose(to, &subject, &why, link, otherwise)
}

pub(crate) fn reset_password(to: EmailAddress, link: &str) -> Message {
    let why = "Open this link within one hour to choose a new password. You will be signed out \
               everywhere:";
    let otherwise = "If you did not ask for it, do nothing: your password stays as it is.";
    compose(to, "Choose a new password", why, link, otherwise)
}

pub(crate) fn no_account(to: EmailAddress, app_url: &str) -> Message {
    let why = "Somebody, probably you, asked for a new password with this address. There is no \
               account with it: try the address that you signed up with, or sign up:";
    let otherwise = "If it was not you, do nothing: you will hear no more of it.";
    compose(to, "You have no account with this address", why, app_url, otherwise)
}

pub(crate) fn password_changed(to: EmailAddress, forgot_url: &str) -> Message {
    let why = "The password of your account was just set, and other sessions were signed out. If it \
               was not you, choose a new one at once:";
    let otherwise = "If it was you, there is nothing to do.";
    compose(to, "Your password was set", why, forgot_url, otherwise)
}

pub(crate) fn google_linked(to: EmailAddress, settings_url: &str) -> Message {
    let why = "A Google account was linked to your account: whoever signs in with it signs in here as \
               well. If it is not yours, unlink it at once and choose a new password:";
    let otherwise = "If it was you, there is nothing to do.";
    compose(to, "Google was linked to your account", why, settings_url, otherwise)
}

/// Without the gateway token: whoever reads the mail must still sign in.
pub(crate) fn running(
    to: EmailAddress,
    name: &str,
    instance_url: &str,
    project_url: &str,
) -> Message {
    let subject = format!("Your agent {name} is running");
    let news = format!("Your OpenClaw agent {name} is up and answers at:");
    let access = format!("The token that opens it is on its page: {project_url}");
    compose(to, &subject, &news, instance_url, &access)
}

/// Of one that started from a copy that was taken while it ran: its worker was lost, or somebody chose it.
pub(crate) fn restored(
    to: EmailAddress,
    name: &str,
    instance_url: &str,
    taken_at: &str,
) -> Message {
    let subject = format!("Your agent {name} runs again, from its backup of {taken_at}");
    let news = format!(
        "Your OpenClaw agent {name} was started again from its backup of {taken_at}, and answers at:"
    );
    let loss = "What came after that moment is not in it. If nobody of you asked for this, the machine \
                that it ran on was lost; it runs on another one now, and there is nothing to do.";
    compose(to, &subject, &news, instance_url, loss)
}

/// To be kept: it is the only trace that we leave with the owner.
pub(crate) fn erased(to: EmailAddress, name: &str, host: &str, at: &str) -> Message {
    let subject = format!("Your agent {name} was deleted");
    let news = format!(
        "On {at} we deleted your OpenClaw agent {name} with everything that we kept of it: its \
         files and their backups, its configuration, its keys and tokens. Its address answers no \
         more:"
    );
    let otherwise = "This cannot be undone. What we keep are the invoices, as the law asks of us.";
    compose(to, &subject, &news, &format!("https://{host}"), otherwise)
}

/// One sentence, the link on a line of its own, another sentence.
pub(crate) fn compose(
    to: EmailAddress,
    subject: &str,
    before: &str,
    link: &str,
    after: &str,
) -> Message {
    let text = format!("{before}\n\n{link}\n\n{after}\n\n1mins.in\n");
    let (before, link, after) = (escaped(before), escaped(link), escaped(after));
    let html = format!(
        "<p>{before}</p>\n<p><a href=\"{link}\">{link}</a></p>\n<p>{after}</p>\n<p>1mins.in</p>\n"
    );
    Message { to, subject: subject.to_owned(), text, html }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
