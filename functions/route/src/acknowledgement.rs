//! Whether what edges report means that a change is served.

use contracts::routes::Position;
use jiff::{SignedDuration, Timestamp};
use ports::routes::EdgeReport;

/// An edge reports each minute. One that missed two reports is gone.
const SILENCE: SignedDuration = SignedDuration::from_secs(150);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Serves,
    /// Edges live, and none has come that far.
    Behind,
    NobodyThere,
}

/// One edge is enough. To ask it of all would let one that died a minute ago fail every saga; the
/// others read the same head within a second.
pub(crate) fn of(reports: &[EdgeReport], at: Position, now: Timestamp) -> Answer {
    let live = |it: &&EdgeReport| now.duration_since(it.at) < SILENCE;
    let mut applied = reports.iter().filter(live).map(|it| it.applied.position()).peekable();
    if applied.peek().is_none() {
        Answer::NobodyThere
    } else if applied.any(|it| it >= at) {
        Answer::Serves
    } else {
        Answer::Behind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::routes::Stamp;

    /// Incarnation, sequence, and the report's age in seconds.
    type Seen = (u32, u64, i64);

    #[test]
    fn one_live_edge_that_is_there_is_enough() {
        let now = Timestamp::constant(1_795_262_400, 0);
        let cases: [(&str, &[Seen], Answer); 7] = [
            ("no edge ever", &[], Answer::NobodyThere),
            ("there", &[(1, 7, 1)], Answer::Serves),
            ("beyond", &[(1, 8, 1)], Answer::Serves),
            ("one behind, one there", &[(1, 3, 1), (1, 7, 60)], Answer::Serves),
            ("behind", &[(1, 6, 1)], Answer::Behind),
            ("there once, silent since", &[(1, 9, 151)], Answer::NobodyThere),
            ("restored since", &[(2, 1, 1)], Answer::Serves),
        ];
        for (case, edges, expected) in cases {
            let report = |&(incarnation, sequence, age_s): &Seen| EdgeReport {
                edge: sequence.to_string(),
                applied: Stamp { incarnation, epoch: 1, sequence },
                at: now - SignedDuration::from_secs(age_s),
            };
            let reports: Vec<_> = edges.iter().map(report).collect();
            let at = Position { incarnation: 1, sequence: 7 };
            assert_eq!(of(&reports, at, now), expected, "{case}");
        }
    }
}
