//! A call: whose it is, whether it may be made, and on its way.

use crate::{
    admit::{admit, open_key},
    call::{Address, Call, shown_key},
    dialect::Dialect,
    pass_on::{Meter, pass_on},
    refusal::Refusal,
    spend::{Reserved, release, reserve},
    stream::Reader,
    world::{Ports, World},
};
use domain::model::ModelProvider;
use http::{Request, Response, StatusCode, header};
use lambda_runtime::streaming::Body;
use ports::model_upstream::{Answer, ModelUpstream, Question};
use std::sync::Arc;

/// An error that a provider explains at greater length is cut.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// What of a provider's answer is passed on beside its status and body.
const PASSED_ON: [&str; 2] = ["content-type", "retry-after"];

/// Answers `request`. `id` is that of the invocation.
pub async fn handle<P: Ports, B: AsRef<[u8]>>(
    world: &Arc<World<P>>,
    id: &str,
    request: &Request<B>,
) -> Response<Body> {
    let Some(address) = Address::read(request.uri().path()) else {
        return Refusal::NotFound.render(Dialect::Completions);
    };
    let answered = answer(world, id, &address, request).await;
    answered.unwrap_or_else(|refusal| refusal.render(address.dialect))
}

async fn answer<P: Ports, B: AsRef<[u8]>>(
    world: &Arc<World<P>>,
    id: &str,
    address: &Address,
    request: &Request<B>,
) -> Result<Response<Body>, Refusal> {
    let project = admit(world, address, shown_key(request.headers())).await?;
    let call = Call::read(address, request, &world.settings)?;
    let key = open_key(world, &project, address.provider).await?;
    let reserved = reserve(world, id, &project, address, &call).await?;
    let question = Question {
        provider: address.provider,
        path: address.dialect.path(),
        key,
        headers: call.headers,
        body: call.body,
    };
    let answer = match world.upstream.ask(question).await {
        Ok(answer) => answer,
        Err(error) => {
            release(world, &reserved).await;
            return Err(error.into());
        }
    };
    match StatusCode::from_u16(answer.status()) {
        Ok(status) if status.is_success() => {
            let is_stream = answer.header("content-type").is_some_and(is_event_stream);
            let reader = Reader::new(address.dialect, is_stream);
            let response = like(&answer, status);
            let meter = Meter { reserved, reader, expected: call.expected };
            Ok(response.body(pass_on(world, answer, meter)).expect("every header was one before"))
        }
        status => {
            let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
            refused(world, address.provider, &reserved, status, answer).await
        }
    }
}

/// What a provider refuses costs nothing, and is its own to explain.
async fn refused<P: Ports>(
    world: &World<P>,
    provider: ModelProvider,
    reserved: &Reserved,
    status: StatusCode,
    mut answer: impl Answer,
) -> Result<Response<Body>, Refusal> {
    release(world, reserved).await;
    let ours = provider == ModelProvider::Platform;
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED | StatusCode::FORBIDDEN if ours => {
            // An alarm waits for these words.
            tracing::error!(%status, "the platform's model refuses us");
            return Err(Refusal::Unavailable);
        }
        StatusCode::PAYMENT_REQUIRED => return Err(Refusal::ProviderLocked),
        // Nobody follows a key around.
        status if status.is_redirection() || status.is_informational() => {
            return Err(Refusal::Unavailable);
        }
        _ => (),
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ERROR_BYTES {
            body.truncate(MAX_ERROR_BYTES);
            break;
        }
    }
    Ok(like(&answer, status).body(Body::from(body)).expect("every header was one before"))
}

fn like(answer: &impl Answer, status: StatusCode) -> http::response::Builder {
    let response = Response::builder().status(status).header(header::CACHE_CONTROL, "no-store");
    PASSED_ON.into_iter().fold(response, |response, name| match answer.header(name) {
        Some(value) => response.header(name, value),
        None => response,
    })
}

fn is_event_stream(content_type: &str) -> bool {
    content_type.trim_start().starts_with("text/event-stream")
}
