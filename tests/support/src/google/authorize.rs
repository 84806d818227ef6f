//! The page on which one says who one is, and the way back.

use super::{
    Google, Shared,
    account::Account,
    exchange::{CODE_TTL, Grant},
    mode::Mode,
};
use crate::{
    clock,
    page::{escape, page},
    random,
};
use axum::{
    Form,
    extract::{Query, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use reqwest::Url;
use serde::Deserialize;

/// What the client asks for. Everything is optional, so that what is missing can be named.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Ask {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    login_hint: Option<String>,
}

/// What the page sends.
#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    email: String,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    hd: String,
    /// A checkbox: absent or `on`.
    email_verified: Option<String>,
    /// Which button it was.
    #[serde(default)]
    answer: String,
}

impl Choice {
    fn account(self) -> Account {
        let known = Account::of(self.email.trim());
        let given = |text: String| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
        Account {
            sub: given(self.sub).unwrap_or(known.sub),
            email_verified: self.email_verified.is_some(),
            hd: given(self.hd),
            email: known.email,
        }
    }
}

pub(super) async fn home() -> Response {
    let body = "<main><div class=\"card\"><h1>Sign in with Google</h1>\
                <p>A stand-in. It asks who you are when an application sends you here.</p>\
                </div></main>";
    page("Sign in with Google", body).into_response()
}

pub(super) async fn show(
    State(google): Shared,
    Query(ask): Query<Ask>,
    RawQuery(query): RawQuery,
) -> Response {
    if let Some(refused) = google.refuse(&ask) {
        return refused;
    }
    if google.books().mode == Mode::AccessDenied {
        return back(&ask, &[("error", "access_denied")]);
    }
    match &ask.login_hint {
        Some(email) => {
            let known = google.books().accounts.iter().find(|it| it.email == *email).cloned();
            google.let_in(&ask, known.unwrap_or_else(|| Account::of(email)))
        }
        None => form(&google, &query.unwrap_or_default()),
    }
}

pub(super) async fn submit(
    State(google): Shared,
    Query(ask): Query<Ask>,
    Form(choice): Form<Choice>,
) -> Response {
    if let Some(refused) = google.refuse(&ask) {
        return refused;
    }
    if choice.answer == "cancel" || google.books().mode == Mode::AccessDenied {
        return back(&ask, &[("error", "access_denied")]);
    }
    let account = choice.account();
    google.put_account(account.clone());
    google.let_in(&ask, account)
}

impl Google {
    /// Why not, if not. A wrong client or address is told to the person: whoever is at that address must not learn
    /// anything. The rest is told to the client.
    fn refuse(&self, ask: &Ask) -> Option<Response> {
        if ask.client_id != self.settings.client_id {
            return Some(refusal("invalid_client", "No such client."));
        }
        if ask.redirect_uri != self.settings.redirect_uri {
            return Some(refusal("redirect_uri_mismatch", "The address to return to is unknown."));
        }
        let rules = [
            (ask.response_type == "code", "unsupported_response_type"),
            (ask.scope.split(' ').any(|it| it == "openid"), "invalid_scope"),
            (ask.code_challenge_method == "S256", "invalid_request"),
            // 32 bytes in base64 without padding.
            (ask.code_challenge.len() == 43, "invalid_request"),
            (!ask.nonce.is_empty() && !ask.state.is_empty(), "invalid_request"),
        ];
        let broken = rules.into_iter().find(|(holds, _)| !holds);
        broken.map(|(_, error)| back(ask, &[("error", error)]))
    }

    fn let_in(&self, ask: &Ask, account: Account) -> Response {
        let code = random::id("4/");
        let grant = Grant {
            redirect_uri: ask.redirect_uri.clone(),
            challenge: ask.code_challenge.clone(),
            nonce: ask.nonce.clone(),
            account,
            expires_at: clock::now() + CODE_TTL,
        };
        self.books().grants.insert(code.clone(), grant);
        back(ask, &[("code", &code), ("scope", &ask.scope)])
    }
}

fn back(ask: &Ask, answer: &[(&str, &str)]) -> Response {
    let Ok(mut url) = ask.redirect_uri.parse::<Url>() else {
        return refusal("redirect_uri_mismatch", "The address to return to is none.");
    };
    url.query_pairs_mut().append_pair("state", &ask.state).extend_pairs(answer);
    Redirect::to(url.as_str()).into_response()
}

fn form(google: &Google, query: &str) -> Response {
    let choices: String = google.books().accounts.iter().map(|it| choice(it, query)).collect();
    let body = format!(
        "<main>\n<div class=\"card\">\n<h1>Sign in with Google</h1>\n\
         <p class=\"quiet\">to continue to 1mins.in</p>\n{choices}\
         <form method=\"post\" action=\"?{query}\">\n\
         <p><input name=\"email\" type=\"email\" required placeholder=\"you@gmail.com\" \
         aria-label=\"E-mail address\" autocomplete=\"off\"></p>\n\
         <p><input name=\"hd\" placeholder=\"Workspace domain, if any\" \
         aria-label=\"Workspace domain\" autocomplete=\"off\"></p>\n\
         <p><input name=\"sub\" placeholder=\"Account number, if it matters\" \
         aria-label=\"Account number\" autocomplete=\"off\"></p>\n\
         <p><label><input name=\"email_verified\" type=\"checkbox\" checked style=\"width:auto\"> \
         The address is verified</label></p>\n\
         <button class=\"pay\" name=\"answer\" value=\"continue\">Continue</button>\n\
         <button class=\"decline\" name=\"answer\" value=\"cancel\" formnovalidate>Cancel</button>\n\
         </form>\n</div>\n\
         <p class=\"quiet note\">A stand-in for Google. Be whoever you like.</p>\n</main>",
        query = escape(query),
    );
    page("Sign in with Google", &body).into_response()
}

/// One click for somebody who was here before.
fn choice(account: &Account, query: &str) -> String {
    let hidden = |name: &str, value: &str| {
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
    };
    let verified =
        if account.email_verified { hidden("email_verified", "on") } else { String::new() };
    format!(
        "<form method=\"post\" action=\"?{query}\">{email}{sub}{hd}{verified}\
         <button class=\"decline\" name=\"answer\" value=\"continue\">{label}</button></form>\n",
        query = escape(query),
        email = hidden("email", &account.email),
        sub = hidden("sub", &account.sub),
        hd = hidden("hd", account.hd.as_deref().unwrap_or_default()),
        label = escape(&account.email),
    )
}

fn refusal(error: &str, text: &str) -> Response {
    let body = format!(
        "<main><div class=\"card\"><h1>Access blocked</h1><p>{text}</p>\
         <p class=\"quiet\"><code>{error}</code></p></div></main>"
    );
    (StatusCode::BAD_REQUEST, page("Access blocked", &body)).into_response()
}
