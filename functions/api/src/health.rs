//! Whether anybody is there.

use crate::{
    view::Health,
    world::{Api, World},
};
use axum::{Json, extract::State};
use std::sync::Arc;

/// Touches nothing behind it: it tells that the function starts and answers, and what is away shows
/// in the answers of those who need it.
#[utoipa::path(
    get, path = "/api/health", tag = "operations",
    responses((status = 200, description = "The API answers", body = Health))
)]
pub(crate) async fn show<W: World>(State(_api): State<Arc<Api<W>>>) -> Json<Health> {
    Json(Health { ok: true })
}
