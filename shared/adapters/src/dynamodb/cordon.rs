//! The conditional writes that cordon a worker and admit to it again.
//!
//! `cordoned` says whether it is, for the conditions of claims; `cordon` says who did it. A record that
//! says only the first is older than the second, and an operator's.

use super::{
    table::{is_made, unavailable},
    worker_item::moment,
};
use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder, types::AttributeValue as A,
};
use domain::worker::Cordon;
use jiff::Timestamp;
use ports::Unavailable;

/// Refused where a cordon is that is as strong.
pub(super) async fn put_up(update: UpdateItemFluentBuilder, by: Cordon) -> Result<(), Unavailable> {
    let (weaker, update) = naming(update, |it| by.replaces(Some(it)))?;
    let or_weaker = weaker.map(|it| format!(" OR cordon IN ({it})")).unwrap_or_default();
    let put_up = update
        .update_expression("SET cordoned = :yes, cordon = :by")
        .condition_expression(format!("attribute_exists(pk) AND (cordoned = :no{or_weaker})"))
        .expression_attribute_values(":by", spelled(by)?)
        .expression_attribute_values(":yes", A::Bool(true))
        .expression_attribute_values(":no", A::Bool(false))
        .send()
        .await;
    is_made(put_up).map(drop)
}

/// Refused where a cordon is that is stronger, or none.
pub(super) async fn lift(
    update: UpdateItemFluentBuilder,
    by: Cordon,
    at: Timestamp,
) -> Result<(), Unavailable> {
    let (own, update) = match by {
        // Nothing is stronger, whether the record says who it was or not.
        Cordon::Operator => (None, update),
        by => naming(update, |it| by.lifts(it))?,
    };
    let if_own = own.map(|it| format!(" AND cordon IN ({it})")).unwrap_or_default();
    let lifted = update
        .update_expression("SET cordoned = :no, changed_at = :at REMOVE cordon")
        .condition_expression(format!("cordoned = :yes{if_own}"))
        .expression_attribute_values(":yes", A::Bool(true))
        .expression_attribute_values(":no", A::Bool(false))
        .expression_attribute_values(":at", moment(at))
        .send()
        .await;
    is_made(lifted).map(drop)
}

/// The cordons that `fits`, by their names in an expression of `update`. `None`: none does.
fn naming(
    mut update: UpdateItemFluentBuilder,
    fits: impl Fn(Cordon) -> bool,
) -> Result<(Option<String>, UpdateItemFluentBuilder), Unavailable> {
    let mut names = Vec::new();
    for cordon in Cordon::ALL.into_iter().filter(|it| fits(*it)) {
        let name = format!(":cordon{}", names.len());
        update = update.expression_attribute_values(&name, spelled(cordon)?);
        names.push(name);
    }
    Ok(((!names.is_empty()).then(|| names.join(", ")), update))
}

/// How a cordon is spelled in the table.
fn spelled(cordon: Cordon) -> Result<A, Unavailable> {
    serde_dynamo::to_attribute_value(cordon).map_err(unavailable)
}
