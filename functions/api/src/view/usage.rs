//! What a project used, as clients see it. Money is in millionths of a dollar: calls cost fractions of a cent.

use super::ProviderName;
use domain::usage::{Account, Micros, Month};
use ports::usage::DayUsage;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct UsageView {
    /// In UTC, such as `2026-11`.
    month: String,
    /// When the next month begins, and spending with it.
    #[schema(format = "date-time")]
    ends_at: String,
    /// By list prices, whoever pays.
    spent_micros: u64,
    /// Of that, on the platform's own model.
    platform_spent_micros: u64,
    /// How much of the platform's own model the plan includes in a month.
    platform_included_micros: u64,
    /// What the owner lets it spend in a month. `null`: whatever it takes.
    cap_cents: Option<u64>,
    /// By day, provider and model. Empty as long as nothing was used.
    days: Vec<DayUsageView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DayUsageView {
    #[schema(format = "date")]
    day: String,
    provider: ProviderName,
    model: String,
    calls: u64,
    /// Of them, those whose tokens nobody said and we estimated.
    estimated_calls: u64,
    input_tokens: u64,
    /// Read from the provider's cache, and not among the others.
    cached_tokens: u64,
    cache_written_tokens: u64,
    output_tokens: u64,
    spent_micros: u64,
}

impl UsageView {
    pub(crate) fn of(
        month: Month,
        account: &Account,
        cap: Option<Micros>,
        included: Micros,
        days: Vec<DayUsage>,
    ) -> Self {
        Self {
            month: month.to_string(),
            ends_at: month.ends_at().to_string(),
            spent_micros: account.spent.0,
            platform_spent_micros: account.spent_ours.0,
            platform_included_micros: included.0,
            cap_cents: cap.map(|it| it.0 / Micros::PER_CENT),
            days: days.into_iter().map(DayUsageView::from).collect(),
        }
    }
}

impl From<DayUsage> for DayUsageView {
    fn from(it: DayUsage) -> Self {
        Self {
            day: it.day.to_string(),
            provider: it.provider.into(),
            model: it.model.into(),
            calls: it.calls,
            estimated_calls: it.estimated,
            input_tokens: it.tokens.input,
            cached_tokens: it.tokens.cached,
            cache_written_tokens: it.tokens.cache_written,
            output_tokens: it.tokens.output,
            spent_micros: it.cost.0,
        }
    }
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct SpendCapBody {
    /// In cents of a dollar, for a calendar month.
    #[schema(minimum = 0, maximum = 100_000_000)]
    cap_cents: u32,
}
