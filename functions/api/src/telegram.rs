//! The Telegram bot that speaks for a project's agent.

use crate::{
    caller::{Reader, Writer},
    configure::{current, set},
    input::{Body, Fields, Input, ProjectPath},
    project::own,
    random,
    refusal::Refusal,
    view::{BotTokenBody, TelegramView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{configuration::Telegram, model::last4, telegram::BotToken};
use http::StatusCode;
use ports::vault::{SecretKind, Vault};
use std::sync::Arc;

pub(crate) struct NewBot {
    token: BotToken,
}

impl Input for NewBot {
    fn read(fields: &mut Fields) -> Option<Self> {
        let token = fields.text("token", |it| BotToken::try_from(it.trim().to_owned()));
        Some(Self { token: token? })
    }
}

/// The bot, if there is one, and whether it speaks already.
#[utoipa::path(
    get, path = "/api/projects/{id}/telegram", tag = "telegram", security(("session" = []), ("access_token" = ["read"])),
    params(("id" = String, Path)),
    responses((status = 200, description = "The bot; `null`s without one", body = TelegramView))
)]
pub(crate) async fn show<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
    ProjectPath(id): ProjectPath,
) -> Result<Json<TelegramView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    Ok(Json(TelegramView::of(&current(&api, &project).await?)))
}

/// Has a bot speak for the agent, in the place of the one before.
///
/// A bot speaks for one project at a time. The same token again changes nothing, unless it failed: then
/// it is tried again.
#[utoipa::path(
    put, path = "/api/projects/{id}/telegram", tag = "telegram", security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)), request_body = BotTokenBody,
    responses((status = 202, description = "It is on its way", body = TelegramView))
)]
pub(crate) async fn connect<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
    Body(NewBot { token }): Body<NewBot>,
) -> Result<(StatusCode, Json<TelegramView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    let (tenant, kind) = (&project.tenant_id, SecretKind::TelegramToken);
    let telegram = Telegram {
        bot: token.bot(),
        last4: last4(token.as_str()),
        fingerprint: random::hash(token.as_str()).0,
        sealed: api.vault.seal(tenant, kind, token.as_str()).await?,
    };
    let set = set(&api, &project, |before| before.with_telegram(Some(telegram.clone()))).await?;
    Ok((StatusCode::ACCEPTED, Json(TelegramView::of(&set))))
}

/// Takes the bot away. It is free for another project from then on. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/projects/{id}/telegram", tag = "telegram", security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)),
    responses((status = 202, description = "It is on its way", body = TelegramView))
)]
pub(crate) async fn disconnect<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
) -> Result<(StatusCode, Json<TelegramView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    let set = set(&api, &project, |before| before.with_telegram(None)).await?;
    Ok((StatusCode::ACCEPTED, Json(TelegramView::of(&set))))
}
