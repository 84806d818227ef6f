//! Which request goes where, and what every answer carries.

use crate::{
    access_token, account, backup, cancellation, chat, checkout, deletion,
    front_door::{self, ClientAddress},
    google, health, import, intent, invitation, key, life, logs, me, member, model, new_password,
    openapi, origin, payment, plan_change, plans, portal, project,
    refusal::Refusal,
    sessions, sign_in, sleep, subscription, telegram, tenant, usage,
    world::{Api, World},
};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use http::{HeaderValue, header};
use ports::clock::Clock;
use std::sync::Arc;
use tracing::{Instrument, field::Empty, info_span};
use utoipa::{Path as Documented, openapi::OpenApi, openapi::path::Paths};
use utoipa_axum::{PathItemExt, router::OpenApiRouter};

/// A handler together with its description: neither can be had without the other.
macro_rules! operation {
    ($module:ident::$handler:ident) => {
        utoipa_axum::paste! {{
            use $module::[<__path_ $handler>] as Described;
            let methods = Described::methods();
            let handle = |router: MethodRouter<Arc<Api<W>>>, method: &utoipa::openapi::HttpMethod| {
                router.on(method.to_method_filter(), $module::$handler::<W>)
            };
            let router = methods.iter().fold(MethodRouter::new(), handle);
            let mut paths = Paths::new();
            let mut operation = Described::operation();
            // Unique in the document; the names of handlers are so within their module only.
            operation.operation_id =
                Some(concat!(stringify!($module), "_", stringify!($handler)).to_owned());
            paths.add_path_operation(Described::path(), methods, operation);
            (vec![], paths, router)
        }}
    };
}

/// The whole API.
pub fn router<W: World>(api: Arc<Api<W>>) -> Router {
    let (router, description) = operations::<W>();
    let description = openapi::render(description);
    router
        .route(
            "/api/openapi.json",
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], description) }),
        )
        // Not in the description: it is of no use to anybody who reads it.
        .route("/api/edge/chat-sessions", post(chat::exchange::<W>))
        .route("/api/edge/chat-authorizations", post(chat::authorize::<W>))
        .fallback(|| async { Refusal::NotFound })
        .method_not_allowed_fallback(|| async { Refusal::WrongMethod })
        .layer(from_fn_with_state(api.clone(), origin::check))
        .layer(from_fn(harden))
        .layer(from_fn_with_state(api.clone(), observe))
        .layer(from_fn_with_state(api.front_door.clone(), front_door::recognise))
        .with_state(api)
}

/// Of what instances know: kept, gone back to, brought along.
fn of_what_is_known<W: World>() -> OpenApiRouter<Arc<Api<W>>> {
    OpenApiRouter::new()
        .routes(operation!(backup::list))
        .routes(operation!(backup::restore))
        .routes(operation!(import::create))
        .routes(operation!(import::start))
        .routes(operation!(import::show))
}

/// What a project's instance uses, and may.
fn of_what_is_used<W: World>() -> OpenApiRouter<Arc<Api<W>>> {
    OpenApiRouter::new()
        .routes(operation!(usage::show))
        .routes(operation!(usage::cap))
        .routes(operation!(usage::uncap))
}

/// Every operation, and the document that describes them all.
pub(crate) fn operations<W: World>() -> (Router<Arc<Api<W>>>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::frame())
        .routes(operation!(account::sign_up))
        .routes(operation!(account::confirm))
        .routes(operation!(sign_in::sign_in))
        .routes(operation!(sign_in::refresh))
        .routes(operation!(sign_in::sign_out))
        .routes(operation!(sessions::list))
        .routes(operation!(sessions::revoke))
        .routes(operation!(sessions::revoke_all))
        .routes(operation!(new_password::forgot))
        .routes(operation!(new_password::reset))
        .routes(operation!(new_password::change))
        .routes(operation!(me::show))
        .routes(operation!(google::start))
        .routes(operation!(google::callback))
        .routes(operation!(google::link))
        .routes(operation!(google::unlink))
        .routes(operation!(tenant::change))
        .routes(operation!(tenant::switch))
        .routes(operation!(member::list))
        .routes(operation!(member::change))
        .routes(operation!(member::remove))
        .routes(operation!(invitation::list))
        .routes(operation!(invitation::invite))
        .routes(operation!(invitation::withdraw))
        .routes(operation!(invitation::accept))
        .routes(operation!(access_token::list))
        .routes(operation!(access_token::create))
        .routes(operation!(access_token::revoke))
        .routes(operation!(plans::list))
        .routes(operation!(intent::record))
        .routes(operation!(project::create))
        .routes(operation!(project::list))
        .routes(operation!(project::show))
        .routes(operation!(checkout::open))
        .routes(operation!(subscription::show))
        .routes(operation!(plan_change::quote))
        .routes(operation!(plan_change::change))
        .routes(operation!(cancellation::cancel))
        .routes(operation!(cancellation::take_back))
        .routes(operation!(deletion::delete))
        .routes(operation!(deletion::take_back))
        .routes(operation!(portal::open))
        .routes(operation!(payment::list))
        .routes(operation!(payment::invoice))
        .routes(operation!(project::retry))
        .routes(operation!(life::stop))
        .routes(operation!(life::start))
        .routes(operation!(life::restart))
        .routes(operation!(sleep::set))
        .merge(of_what_is_known())
        .merge(of_what_is_used())
        .routes(operation!(project::gateway_token))
        .routes(operation!(chat::open))
        .routes(operation!(logs::read))
        .routes(operation!(logs::show))
        .routes(operation!(model::catalogue))
        .routes(operation!(model::show))
        .routes(operation!(model::choose))
        .routes(operation!(telegram::show))
        .routes(operation!(telegram::connect))
        .routes(operation!(telegram::disconnect))
        .routes(operation!(key::list))
        .routes(operation!(key::create))
        .routes(operation!(key::replace))
        .routes(operation!(key::forget))
        .routes(operation!(key::apply))
        .routes(operation!(health::show))
        .split_for_parts()
}

/// Answers are for one person, for programs, and for this moment.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// One line for each request, with the ids that it is about. Neither bodies nor headers: both hold
/// secrets.
async fn observe<W: World>(
    State(api): State<Arc<Api<W>>>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let span = info_span!(
        "request",
        http.method = %request.method(),
        http.route = route.as_ref().map_or("none", MatchedPath::as_str),
        tenant.id = Empty,
        user.id = Empty,
        project.id = Empty,
        client.address = Empty,
    );
    if let Some(ClientAddress(Some(address))) = request.extensions().get() {
        span.record("client.address", tracing::field::display(address));
    }
    let began_at = api.clock.now();
    async {
        let response = next.run(request).await.into_response();
        let duration_ms = api.clock.now().as_millisecond() - began_at.as_millisecond();
        tracing::info!(http.status = response.status().as_u16(), duration_ms, "answered");
        response
    }
    .instrument(span)
    .await
}
