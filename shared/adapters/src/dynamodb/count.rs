//! The item that counts the reservations of one plan: a set of them, and since when each is in it.
//!
//! The moment is an attribute under the reservation's own name, because a map inside the item would have
//! to be made before it can be written to, in a second write.

use super::{
    keys::Key,
    table::{Table, is_made, unavailable},
    worker_item::{moment, number},
};
use aws_sdk_dynamodb::types::AttributeValue as A;
use domain::{id::ReservationId, plan::PlanId};
use jiff::Timestamp;
use ports::{Unavailable, fleet::Counted};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize)]
struct CountItem {
    /// There is no empty set in a table.
    #[serde(default)]
    reservations: BTreeSet<ReservationId>,
    /// All other attributes, the moments among them.
    #[serde(flatten)]
    others: BTreeMap<String, serde_json::Value>,
}

impl CountItem {
    fn since(&self, reservation: &ReservationId) -> Timestamp {
        let said = self.others.get(reservation.as_str()).and_then(|it| it.as_str());
        said.and_then(|it| it.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

pub(super) async fn count_in(
    table: &Table,
    key: &Key,
    reservation: &ReservationId,
    maximum: u32,
    at: Timestamp,
) -> Result<bool, Unavailable> {
    let counted = table
        .update(key)
        .update_expression("ADD reservations :set SET #since = if_not_exists(#since, :at)")
        .condition_expression(
            "(attribute_not_exists(reservations) AND :maximum > :none) \
             OR size(reservations) < :maximum OR contains(reservations, :one)",
        )
        .expression_attribute_names("#since", reservation.as_str())
        .expression_attribute_values(":set", A::Ss(vec![reservation.to_string()]))
        .expression_attribute_values(":one", A::S(reservation.to_string()))
        .expression_attribute_values(":at", moment(at))
        .expression_attribute_values(":maximum", number(maximum))
        .expression_attribute_values(":none", number(0))
        .send()
        .await;
    is_made(counted)
}

pub(super) async fn count_out(
    table: &Table,
    key: &Key,
    reservation: &ReservationId,
) -> Result<(), Unavailable> {
    table
        .update(key)
        .update_expression("DELETE reservations :set REMOVE #since")
        .expression_attribute_names("#since", reservation.as_str())
        .expression_attribute_values(":set", A::Ss(vec![reservation.to_string()]))
        .send()
        .await
        .map(drop)
        .map_err(unavailable)
}

pub(super) async fn counted(
    table: &Table,
    key: &Key,
    plan: PlanId,
) -> Result<Vec<Counted>, Unavailable> {
    let Some(item) = table.get::<CountItem>(key).await? else { return Ok(Vec::new()) };
    let each = item.reservations.iter().map(|reservation| Counted {
        plan,
        reservation: reservation.clone(),
        since: item.since(reservation),
    });
    Ok(each.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn moments_are_read_by_name_and_one_that_is_missing_is_long_past() {
        let (new, old) = ("rsv_new-1", "rsv_old-1");
        let at = Timestamp::constant(1_795_262_400, 123_456_789);
        let item = HashMap::from([
            ("pk".to_owned(), A::S("COUNT#here".to_owned())),
            ("reservations".to_owned(), A::Ss(vec![new.to_owned(), old.to_owned()])),
            (new.to_owned(), moment(at)),
        ]);
        let item: CountItem = serde_dynamo::from_item(item).unwrap();
        let since: Vec<_> = item.reservations.iter().map(|it| item.since(it)).collect();
        assert_eq!(since, [at, Timestamp::UNIX_EPOCH]);
        let emptied = HashMap::from([("pk".to_owned(), A::S("COUNT#here".to_owned()))]);
        let emptied: CountItem = serde_dynamo::from_item(emptied).unwrap();
        assert!(emptied.reservations.is_empty());
    }
}
