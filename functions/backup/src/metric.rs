//! What `CloudWatch` makes a metric of (embedded metric format). Pure.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Beyond this one log event would be too large: 256 KiB, at 30 bytes each.
const MAX_NAMED: usize = 5_000;

/// How old, in minutes, the newest good backup of each project that runs is.
///
/// One metric, of the oldest: a dimension per project would be a metric each, 0.30 dollars a month for every
/// customer. Whose age is which is beside it in the same line, where Logs Insights finds it. The alarm goes by
/// the line `backup overdue`, so that it names the project; this is its curve.
pub fn ages(minutes: &BTreeMap<String, i64>, function: &str, now: Timestamp) -> Value {
    let mut oldest: Vec<_> = minutes.iter().collect();
    oldest.sort_by_key(|it| (std::cmp::Reverse(it.1), it.0));
    let named: BTreeMap<_, _> = oldest.iter().take(MAX_NAMED).copied().collect();
    json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "1mins",
                "Dimensions": [["function"]],
                "Metrics": [{ "Name": "oldest-backup-age-minutes", "Unit": "None" }],
            }],
        },
        "function": function,
        // Nothing that runs is nothing that could be lost.
        "oldest-backup-age-minutes": oldest.first().map_or(0, |it| *it.1),
        "projects": named,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ages_minutes: &[(&str, i64)]) -> Value {
        let all = ages_minutes.iter().map(|(id, it)| ((*id).to_owned(), *it)).collect();
        ages(&all, "1mins-test-backup", Timestamp::constant(1_795_262_400, 0))
    }

    #[test]
    fn the_metric_is_the_oldest_and_each_project_is_beside_it() {
        let line = of(&[("prj_a", 12), ("prj_b", 200), ("prj_c", 0)]);
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        let name = metrics["Metrics"][0]["Name"].as_str().expect("a name");
        assert_eq!(line[name], 200);
        assert_eq!(line["_aws"]["Timestamp"], 1_795_262_400_000_i64);
        let dimension = metrics["Dimensions"][0][0].as_str().expect("one dimension");
        assert_eq!(line[dimension], "1mins-test-backup");
        assert_eq!(line["projects"], json!({ "prj_a": 12, "prj_b": 200, "prj_c": 0 }));
    }

    #[test]
    fn where_nothing_runs_nothing_is_old() {
        assert_eq!(of(&[])["oldest-backup-age-minutes"], 0);
    }

    #[test]
    fn a_line_never_outgrows_a_log_event_and_keeps_the_oldest() {
        let all: BTreeMap<_, _> =
            (0..9_000).map(|it| (format!("prj_{it:010}"), it64(it))).collect();
        let line = ages(&all, "f", Timestamp::UNIX_EPOCH);
        assert!(line.to_string().len() < 256 * 1024);
        assert_eq!(line["projects"]["prj_0000008999"], 8_999);
        assert_eq!(line["projects"].as_object().expect("an object").len(), MAX_NAMED);
    }

    fn it64(number: u32) -> i64 {
        number.into()
    }
}
