//! Lists come in pages: `page_number` counts from 0, `page_size` is 10 unless said and 100 at most.

use axum::Json;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, json};

const USUAL_SIZE: usize = 10;
const MAX_SIZE: usize = 100;

/// As strings, because a flattened query knows no numbers.
#[derive(Default, Deserialize)]
pub(super) struct Paging {
    #[serde(default, deserialize_with = "number")]
    page_number: Option<usize>,
    #[serde(default, deserialize_with = "number")]
    page_size: Option<usize>,
}

fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|it| it.parse().map_err(D::Error::custom)).transpose()
}

impl Paging {
    /// The page of `all` that was asked for. Beyond the last one it is empty.
    pub(super) fn of(&self, all: Vec<Value>) -> Json<Value> {
        let size = self.page_size.unwrap_or(USUAL_SIZE).clamp(1, MAX_SIZE);
        let before = self.page_number.unwrap_or(0).saturating_mul(size);
        let items: Vec<Value> = all.into_iter().skip(before).take(size).collect();
        Json(json!({ "items": items }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_tenth_or_what_was_asked_for_and_never_more_than_a_hundred() {
        let cases = [
            ("nothing said", None, None, 10, Some(0)),
            ("the second", Some(1), None, 10, Some(10)),
            ("a larger one", Some(0), Some(60), 60, Some(0)),
            ("the rest", Some(2), Some(100), 50, Some(200)),
            ("too large", Some(0), Some(1000), 100, Some(0)),
            ("beyond the end", Some(30), Some(10), 0, None),
        ];
        for (case, page_number, page_size, length, first) in cases {
            let all = (0..250).map(Value::from).collect();
            let Json(page) = Paging { page_number, page_size }.of(all);
            let items = page["items"].as_array().unwrap();
            assert_eq!(items.len(), length, "{case}");
            assert_eq!(items.first().and_then(Value::as_u64), first, "{case}");
        }
    }
}
