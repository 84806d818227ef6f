//! Opening an instance's chat: from a session here to a browser that is signed in there.
//!
//! The site asks for a ticket and submits it, in a form and never in an address, to the instance's
//! own host. There the edge exchanges it for a cookie of that host, and with the cookie it asks for
//! what opens the instance. The browser never sees the gateway's token, and neither does the site.
//!
//! A ticket is used up before its session is answered. Whoever loses that answer has a used ticket,
//! is sent back to the site and opens the chat again: a click, and a ticket nobody else can use.

use crate::{
    caller::Person,
    edge::FromEdge,
    input::{Body, Fields, Input, ProjectPath},
    project::own,
    random,
    refusal::Refusal,
    throttle,
    view::ChatTicketView,
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{project::State as Stage, route::HostName};
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use ports::{
    chat_tickets::{ChatPass, ChatTickets, Visit},
    clock::Clock,
    tenant_projects::{Owned, TenantProjects},
    tenants::Tenants,
    vault::{SecretKind, Vault},
};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// From the click to the form's arrival, which is one round trip.
const TICKET_TTL: Duration = Duration::from_mins(1);
/// Long enough for a page to load and to ask twice. After it the browser is paired, or comes again.
const SESSION_TTL: Duration = Duration::from_mins(5);

/// Where the edge finds what it asked for. In headers, which nobody logs and no browser is shown.
const CHAT_SESSION: HeaderName = HeaderName::from_static("x-chat-session");
const GATEWAY_TOKEN: HeaderName = HeaderName::from_static("x-gateway-token");

/// Where `edge/nginx/nginx.conf.template` takes tickets.
const OPEN_PATH: &str = "/.well-known/1mins/open";

/// A ticket and the host where it was submitted.
pub(crate) struct Submitted {
    host: HostName,
    ticket: String,
}

impl Input for Submitted {
    fn read(fields: &mut Fields) -> Option<Self> {
        let host = fields.text("host", HostName::try_from);
        let ticket = fields.text("ticket", Ok::<_, Infallible>);
        Some(Self { host: host?, ticket: ticket? })
    }
}

/// A cookie and the host that it came to.
pub(crate) struct Shown {
    host: HostName,
    session: String,
}

impl Input for Shown {
    fn read(fields: &mut Fields) -> Option<Self> {
        let host = fields.text("host", HostName::try_from);
        let session = fields.text("session", Ok::<_, Infallible>);
        Some(Self { host: host?, session: session? })
    }
}

/// A ticket into the chat of a running project.
///
/// To be submitted within a minute, once, as the field `ticket` of a form that is posted to `action`
/// in a window of its own.
#[utoipa::path(
    post, path = "/api/projects/{id}/chat", tag = "projects", security(("session" = [])),
    params(("id" = String, Path)),
    responses((status = 201, description = "The ticket, and where to submit it",
        body = ChatTicketView))
)]
pub(crate) async fn open<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
    ProjectPath(id): ProjectPath,
) -> Result<(StatusCode, Json<ChatTicketView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    if project.state != Stage::Running {
        return Err(Refusal::Conflict("only a running project can be talked to"));
    }
    let now = api.clock.now();
    throttle::count_ticket(&api, scope.user()).await?;
    let visit = Visit {
        user: scope.user().clone(),
        tenant: scope.tenant().clone(),
        project: project.id.clone(),
        host: project.host.clone(),
    };
    let (ticket, pass) = new_pass(visit, now + TICKET_TTL);
    api.chat_tickets.record_ticket(&pass).await?;
    let action = format!("https://{}{}{OPEN_PATH}", project.host, api.settings.instance_url_port);
    Ok((StatusCode::CREATED, Json(ChatTicketView { action, ticket })))
}

/// The edge's: a session of the chat for a ticket.
pub(crate) async fn exchange<W: World>(
    State(api): State<Arc<Api<W>>>,
    FromEdge: FromEdge,
    Body(Submitted { host, ticket }): Body<Submitted>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Refusal> {
    let now = api.clock.now();
    let visit = api.chat_tickets.take_ticket(&random::hash(&ticket), &host, now).await?;
    let visit = visit.ok_or(Refusal::NotSignedIn)?;
    tracing::Span::current().record("project.id", visit.project.as_str());
    let (session, pass) = new_pass(visit, now + SESSION_TTL);
    api.chat_tickets.record_session(&pass).await?;
    Ok((StatusCode::CREATED, [(CHAT_SESSION, secret_header(&session)?)]))
}

/// The edge's: what opens the instance, for a session of its chat.
///
/// Everything that the ticket was made for is asked anew: a project can be stopped, and a member
/// leave, within five minutes.
pub(crate) async fn authorize<W: World>(
    State(api): State<Arc<Api<W>>>,
    FromEdge: FromEdge,
    Body(Shown { host, session }): Body<Shown>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Refusal> {
    let now = api.clock.now();
    let pass = api.chat_tickets.find_session(&random::hash(&session)).await?;
    let pass = pass.filter(|it| it.visit.host == host && it.expires_at > now);
    let visit = pass.ok_or(Refusal::NotSignedIn)?.visit;
    tracing::Span::current().record("project.id", visit.project.as_str());
    let project = visited(&api, &visit).await?.ok_or(Refusal::NotSignedIn)?;
    let secrets = api.projects.secrets(&project).await?;
    let secrets = secrets.ok_or_else(|| Refusal::internal("a project without secrets"))?;
    let kind = SecretKind::GatewayToken;
    let token = api.vault.open(&project.tenant_id, kind, &secrets.gateway_token).await?;
    Ok((StatusCode::NO_CONTENT, [(GATEWAY_TOKEN, secret_header(&token)?)]))
}

/// The project that a visit leads to, if it still does.
async fn visited<W: World>(api: &Api<W>, visit: &Visit) -> Result<Option<Owned>, Refusal> {
    if api.tenants.find_member(&visit.tenant, &visit.user).await?.is_none() {
        return Ok(None);
    }
    let project = api.projects.find(&visit.tenant, &visit.project).await?;
    Ok(project.filter(|it| it.host == visit.host && it.state == Stage::Running))
}

fn new_pass(visit: Visit, expires_at: Timestamp) -> (String, ChatPass) {
    let token = random::token();
    let hash = random::hash(&token);
    (token, ChatPass { hash, visit, expires_at })
}

/// Not even in a debug print of the answer.
fn secret_header(value: &str) -> Result<HeaderValue, Refusal> {
    let mut value = HeaderValue::from_str(value).map_err(Refusal::internal)?;
    value.set_sensitive(true);
    Ok(value)
}
