//! How many bytes DynamoDB counts for a worker.
//!
//! Text counts as UTF-8, a number a byte for two digits and one more, a list or map three bytes and
//! one for each entry; names count too.

use domain::{id::WorkerId, worker::Worker};
use serde_json::{Value, json};

/// The worker's item as the table holds it: the same attributes, under the same names.
pub(super) fn of(worker: &Worker, pool: &str) -> serde_json::Result<Value> {
    let sk: &WorkerId = &worker.id;
    let ports = worker.reservations.iter().map(|(holder, it)| (it.port.to_string(), json!(holder)));
    let ports: serde_json::Map<String, Value> = ports.collect();
    Ok(json!({
        "pk": format!("POOL#{pool}#0"),
        "sk": sk,
        "state": worker.state,
        "cordoned": worker.is_cordoned(),
        "cordon": worker.cordon,
        "origin": worker.origin,
        "total": worker.total,
        "free_mib": worker.free.memory_mib,
        "free_cpu": worker.free.cpu_millis,
        "machine_id": worker.machine_id,
        "node_id": worker.node_id,
        "address": worker.address,
        "reservations": serde_json::to_value(&worker.reservations)?,
        "ports": ports,
        "changed_at": worker.changed_at,
    }))
}

/// What an item of these attributes is billed as.
pub(super) fn bytes(item: &Value) -> usize {
    item.as_object().map_or(0, |it| it.iter().map(|(name, value)| name.len() + size(value)).sum())
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => number.to_string().trim_end_matches('0').len().div_ceil(2) + 1,
        Value::String(text) => text.len(),
        Value::Array(all) => 3 + all.iter().map(|it| size(it) + 1).sum::<usize>(),
        Value::Object(all) => {
            3 + all.iter().map(|(name, it)| name.len() + size(it) + 1).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_as_they_are_billed() {
        let cases = [
            ("text and its name", json!({"pk": "worker"}), 8),
            ("two digits a byte, zeros at the end for nothing", json!({"n": 15_360}), 4),
            ("a truth", json!({"ok": true, "no": null}), 6),
            ("a map of one", json!({"m": {"a": "b"}}), 7),
            ("a list of two", json!({"l": ["a", "b"]}), 8),
        ];
        for (case, item, expected) in cases {
            assert_eq!(bytes(&item), expected, "{case}");
        }
    }
}
