//! What the merchant sells.

use super::{Shared, paging::Paging, problem::Problem};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) const BUSINESS_ID: &str = "bus_1mins_standin";
pub(super) const CURRENCY: &str = "USD";

/// A product that is paid for each month. The whole subscription lasts ten years: when its period
/// ends it expires, and nobody wants that after a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: String,
    pub name: String,
    pub price_minor: i64,
}

impl Product {
    pub fn monthly(id: &str, name: &str, price_minor: i64) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), price_minor }
    }

    fn price(&self) -> Value {
        json!({
            "type": "recurring_price",
            "currency": CURRENCY,
            "price": self.price_minor,
            "discount": 0,
            "purchasing_power_parity": false,
            "payment_frequency_count": 1,
            "payment_frequency_interval": "Month",
            "subscription_period_count": 10,
            "subscription_period_interval": "Year",
            "tax_inclusive": false,
            "trial_period_days": 0,
        })
    }

    fn fields(&self) -> Value {
        json!({
            "product_id": self.id,
            "business_id": BUSINESS_ID,
            "brand_id": BUSINESS_ID,
            "name": self.name,
            "description": format!("1mins.in {}: your own OpenClaw, always on", self.name),
            "image": null,
            "is_recurring": true,
            "tax_category": "saas",
            "metadata": {},
            "license_key_enabled": false,
            "credit_entitlements": [],
            "entitlements": [],
            "addons": null,
            "created_at": Timestamp::UNIX_EPOCH,
            "updated_at": Timestamp::UNIX_EPOCH,
        })
    }

    /// As `GET /products/{id}` shows it.
    fn whole(&self) -> Value {
        let mut fields = self.fields();
        fields["price"] = self.price();
        fields
    }

    /// As the list shows it: there `price` is a number and the object is called `price_detail`.
    fn listed(&self) -> Value {
        let mut fields = self.fields();
        fields["price"] = json!(self.price_minor);
        fields["currency"] = json!(CURRENCY);
        fields["price_detail"] = self.price();
        fields
    }
}

impl super::Dodo {
    pub(super) fn product(&self, id: &str) -> Result<&Product, Problem> {
        let missing = || Problem::not_found("PRODUCT_NOT_FOUND", format!("no product `{id}`"));
        self.settings.products.iter().find(|it| it.id == id).ok_or_else(missing)
    }
}

pub(super) async fn list(State(dodo): Shared, Query(paging): Query<Paging>) -> Json<Value> {
    paging.of(dodo.settings.products.iter().map(Product::listed).collect())
}

pub(super) async fn get(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    dodo.product(&id).map(|product| Json(product.whole()))
}
