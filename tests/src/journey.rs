//! A customer, from the first visit to the first answer.

use crate::{
    checkout_form::Form,
    client::{self, fetch, send},
    environment::Environment,
    failure::Failure,
    watch::{News, Watch, failed_step},
    wire::{
        Answer, CheckoutOpened, Completion, Confirmation, Credentials, GatewayToken, Letter,
        Letters, NewProject, Payment, Plan, Project, SignedIn, State,
    },
};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url, header::LOCATION};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{clock, random};

const MAIL_LIMIT: Duration = Duration::from_mins(1);
const ROUTE_LIMIT: Duration = Duration::from_mins(1);
/// An agent's first answer starts its model client, its tools and its memory.
const CHAT_LIMIT: Duration = Duration::from_mins(3);
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub struct Journey {
    environment: Environment,
    http: Client,
    access_token: Option<String>,
}

impl Journey {
    pub fn through(environment: Environment) -> Result<Self, Failure> {
        Ok(Self { http: client::build(&environment)?, environment, access_token: None })
    }

    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// An address and a password that nobody used before.
    pub fn new_credentials() -> Credentials {
        let name = random::id("demo-").to_lowercase();
        Credentials { email: format!("{}@example.com", &name[..13]), password: random::id("") }
    }

    pub async fn sign_up(&self, credentials: &Credentials) -> Result<(), Failure> {
        let request = self.api(Method::POST, "/api/sign-up").json(credentials);
        send(request, "POST /api/sign-up", StatusCode::ACCEPTED).await.map(drop)
    }

    /// Waits for the letter that proves the address, and follows its link.
    pub async fn confirm(&self, email: &str) -> Result<(), Failure> {
        let token = self.token_by_mail(email).await?;
        let request = self.api(Method::POST, "/api/confirm").json(&Confirmation { token });
        send(request, "POST /api/confirm", StatusCode::OK).await.map(drop)
    }

    /// What was mailed to `email`, the newest first.
    pub async fn letters(&self, email: &str) -> Result<Vec<Letter>, Failure> {
        let url = format!("{}/api/messages", self.environment.mailbox_url);
        let request = self.http.get(&url).query(&[("to", email)]);
        let found: Letters = fetch(request, "GET mailbox /api/messages", StatusCode::OK).await?;
        Ok(found.messages)
    }

    async fn token_by_mail(&self, email: &str) -> Result<String, Failure> {
        let started = clock::stopwatch();
        loop {
            let letters = self.letters(email).await?;
            if let Some(token) = letters.iter().find_map(token_in) {
                return Ok(token);
            }
            let subjects: Vec<_> = letters.iter().map(|it| it.subject.as_str()).collect();
            let last_seen = format!("{} letters {subjects:?}", subjects.len());
            let what = format!("a letter to {email} with a link that has `#token=`");
            patience(started, MAIL_LIMIT, &what, last_seen).await?;
        }
    }

    /// From here on, every request is this customer's.
    pub async fn sign_in(&mut self, credentials: &Credentials) -> Result<SignedIn, Failure> {
        let request = self.api(Method::POST, "/api/sign-in").json(credentials);
        let signed_in: SignedIn = fetch(request, "POST /api/sign-in", StatusCode::OK).await?;
        self.access_token = Some(signed_in.access_token.clone());
        Ok(signed_in)
    }

    pub async fn plans(&self) -> Result<Vec<Plan>, Failure> {
        fetch(self.api(Method::GET, "/api/plans"), "GET /api/plans", StatusCode::OK).await
    }

    pub async fn create_project(&self, name: &str, plan: &str) -> Result<Project, Failure> {
        let new = NewProject { name: name.to_owned(), plan: plan.to_owned() };
        let request = self.api(Method::POST, "/api/projects").json(&new);
        fetch(request, "POST /api/projects", StatusCode::CREATED).await
    }

    pub async fn project(&self, id: &str) -> Result<Project, Failure> {
        let path = format!("/api/projects/{id}");
        fetch(self.api(Method::GET, &path), &format!("GET {path}"), StatusCode::OK).await
    }

    /// The address of the page where the project can be paid for.
    pub async fn checkout(&self, id: &str) -> Result<String, Failure> {
        let path = format!("/api/projects/{id}/checkout");
        let request = self.api(Method::POST, &path);
        let opened: CheckoutOpened =
            fetch(request, &format!("POST {path}"), StatusCode::OK).await?;
        Ok(opened.checkout_url)
    }

    /// Opens the checkout page and presses "Pay".
    pub async fn pay(&self, checkout_url: &str) -> Result<Payment, Failure> {
        self.press(checkout_url, "Pay").await
    }

    /// Opens the checkout page and presses the button whose label begins so, as a browser would.
    pub async fn press(&self, checkout_url: &str, label: &str) -> Result<Payment, Failure> {
        let what = format!("GET {checkout_url}");
        let page = send(self.http.get(checkout_url), &what, StatusCode::OK).await?;
        let address = page.url().clone();
        let html = page.text().await.unwrap_or_default();
        let form = Form::find(&html)
            .ok_or_else(|| Failure::unexpected(&what, "a page with a form", html.clone()))?;
        let missing = || Failure::unexpected(&what, &format!("a button `{label}`"), html.clone());
        let fields = form.press(label).ok_or_else(missing)?;
        let target = address.join(&form.action).map_err(|error| {
            Failure::unexpected(&what, "an address to send the form to", error.to_string())
        })?;
        let what = format!("POST {target}");
        let request = self.http.post(target).form(&fields);
        let response = send(request, &what, StatusCode::SEE_OTHER).await?;
        let location = response.headers().get(LOCATION).and_then(|it| it.to_str().ok());
        payment_in(location.unwrap_or_default(), &what)
    }

    /// Watches the project until it is in `state`, and tells what happens as it happens.
    pub async fn wait_until(
        &self,
        id: &str,
        state: State,
        limit: Duration,
        mut tell: impl FnMut(News),
    ) -> Result<Project, Failure> {
        let (started, mut watch) = (clock::stopwatch(), Watch::default());
        loop {
            let project = self.project(id).await?;
            watch.look(&project).into_iter().for_each(&mut tell);
            if project.state == state {
                return Ok(project);
            }
            if project.state == State::Error {
                let reason = project.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
                return Err(Failure::ProjectFailed { step: failed_step(&project), reason });
            }
            let last_step = project.steps.last().map_or("no step yet", |it| it.name.as_str());
            let last_seen = format!("{:?}, {last_step}", project.state);
            let what = format!("the project to be {state:?}");
            patience(started, limit, &what, last_seen).await?;
        }
    }

    /// Waits until the instance itself answers at its address, not a page of the edge.
    pub async fn wait_for_instance(&self, instance_url: &str) -> Result<(), Failure> {
        let url = format!("{instance_url}/healthz");
        let started = clock::stopwatch();
        loop {
            let last_seen = match self.http.get(&url).send().await {
                Ok(response) => {
                    let status = response.status();
                    let body = response.json::<Value>().await.unwrap_or_default();
                    if status == StatusCode::OK && body["ok"] == true {
                        return Ok(());
                    }
                    format!("{status} without `\"ok\": true`")
                }
                Err(error) => crate::failure::chain(&error),
            };
            patience(started, ROUTE_LIMIT, &format!("the instance at {url}"), last_seen).await?;
        }
    }

    /// The secret with which the owner enters the instance.
    pub async fn gateway_token(&self, id: &str) -> Result<String, Failure> {
        let path = format!("/api/projects/{id}/gateway-token");
        let request = self.api(Method::POST, &path);
        let token: GatewayToken = fetch(request, &format!("POST {path}"), StatusCode::OK).await?;
        Ok(token.gateway_token)
    }

    pub async fn chat(
        &self,
        instance_url: &str,
        gateway_token: &str,
        question: &str,
    ) -> Result<Answer, Failure> {
        let url = format!("{instance_url}/v1/chat/completions");
        let body = json!({
            "model": "openclaw",
            "user": "owner",
            "messages": [{ "role": "user", "content": question }],
        });
        let request =
            self.http.post(&url).bearer_auth(gateway_token).json(&body).timeout(CHAT_LIMIT);
        let (what, started) = (format!("POST {url}"), clock::stopwatch());
        let completion: Completion = fetch(request, &what, StatusCode::OK).await?;
        let text = completion.choices.into_iter().find_map(|it| it.message.content);
        let text = text.filter(|it| !it.is_empty());
        let nothing = || Failure::unexpected(&what, "an answer", "a completion without one");
        Ok(Answer { text: text.ok_or_else(nothing)?, took: started.elapsed() })
    }

    /// A request of anybody to an address.
    pub(crate) fn visits(&self, url: &str) -> RequestBuilder {
        self.http.get(url)
    }

    /// A request of this customer to the API.
    pub(crate) fn api(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.environment.app_url));
        match &self.access_token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

/// The token in the letter's link `…/confirm#token=…`.
fn token_in(letter: &Letter) -> Option<String> {
    let texts = [Some(&letter.text), letter.html.as_ref()];
    let (_, rest) = texts.into_iter().flatten().find_map(|it| it.split_once("#token="))?;
    let ends = |it: char| it.is_whitespace() || "\"'<>&".contains(it);
    rest.split(ends).next().filter(|it| !it.is_empty()).map(str::to_owned)
}

fn payment_in(location: &str, what: &str) -> Result<Payment, Failure> {
    let wrong = || {
        Failure::unexpected(what, "a redirect with `status=active` and a subscription", location)
    };
    let url: Url = location.parse().map_err(|_| wrong())?;
    let find = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, it)| it);
    if find("status").as_deref() != Some("active") {
        return Err(wrong());
    }
    let subscription_id = find("subscription_id").ok_or_else(wrong)?.into_owned();
    Ok(Payment { subscription_id, return_url: location.to_owned() })
}

/// Waits a moment, or gives up.
async fn patience(
    started: Instant,
    limit: Duration,
    what: &str,
    last_seen: String,
) -> Result<(), Failure> {
    if started.elapsed() > limit {
        return Err(Failure::TooLate { what: what.to_owned(), limit, last_seen });
    }
    clock::pause(LOOK_EVERY).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_in_text_and_in_html() {
        let letter = |text: &str, html: Option<&str>| Letter {
            subject: String::new(),
            text: text.to_owned(),
            html: html.map(str::to_owned),
        };
        let cases = [
            ("text", letter("Open https://a.test/confirm#token=abc\nnow", None), Some("abc")),
            ("html", letter("", Some("<a href=\"https://a/confirm#token=abc\">x")), Some("abc")),
            ("none", letter("Your project runs", None), None),
        ];
        for (case, letter, token) in cases {
            assert_eq!(token_in(&letter).as_deref(), token, "{case}");
        }
    }

    #[test]
    fn only_an_active_subscription_is_a_payment() {
        let good = "https://a.test/return?subscription_id=sub_1&status=active&email=a%40b.c";
        assert_eq!(payment_in(good, "POST").unwrap().subscription_id, "sub_1");
        assert!(payment_in("https://a.test/return?status=failed", "POST").is_err());
        assert!(payment_in("", "POST").is_err());
    }
}
