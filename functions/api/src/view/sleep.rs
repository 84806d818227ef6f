//! Sleep, as clients see it.

use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct KeepAwakeBody {
    keep_awake: bool,
}
