//! The yardstick's tables, and what they do not say.

use super::{
    super::table::Table,
    balance::Imbalance,
    case::{Case, WORKERS},
    summary::Summary,
};
use std::time::Duration;

const HOW_TO_READ: &str = "
A try is a conditional write on the one side and a transaction on the other. A round trip is
anything that was sent and awaited: PostgreSQL's five are BEGIN, SELECT, UPDATE, INSERT and COMMIT.
There was room for every placement, so each `said full` was wrong: what asked had to ask again, or
would have bought a worker. `left to the saga`: lost every race of one call of the function.

The engine is a Python program that serves one request after another on this machine; DynamoDB
serves them side by side, in 5 to 10 ms each. PostgreSQL is the real one, but next door, on a socket
without a network, and alone. So do not compare the milliseconds of the two: compare the tries and
the round trips, and each store with its own floor: one read and one write of an item that nobody
else touches, by as many clients at a time, in the same minute.
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    Dynamo,
    Postgres,
}

#[derive(Debug)]
pub(super) struct Measured {
    pub(super) store: Store,
    pub(super) case: Case,
    /// One read and one write, by as many clients at a time.
    pub(super) floor: Summary,
    pub(super) summary: Summary,
    pub(super) imbalances: Vec<Imbalance>,
}

impl Store {
    fn name(self) -> &'static str {
        match self {
            Self::Dynamo => "conditional write",
            Self::Postgres => "SKIP LOCKED",
        }
    }
}

pub(super) fn markdown(measured: &[Measured]) -> String {
    [tries(measured), times(measured), HOW_TO_READ.to_owned()].concat()
}

fn tries(measured: &[Measured]) -> String {
    let placements = measured.first().map_or(0, |it| it.summary.placements);
    let title = format!("Placement: tries for {placements} placements on {WORKERS} workers");
    let headers = [
        "placed by",
        "room for",
        "at a time",
        "tries each",
        "most",
        "first try %",
        "round trips each",
        "said full",
        "left to the saga",
        "given out twice",
    ];
    let mut table = Table::new(&title, &headers);
    for it in measured {
        let of = &it.summary;
        let figures = [
            format!("{:.2}", of.writes),
            of.most_writes.to_string(),
            format!("{:.1}", of.first_try_percent),
            format!("{:.2}", of.round_trips),
            of.full.to_string(),
            of.contended.to_string(),
            it.imbalances.len().to_string(),
        ];
        table.row(labels(it).into_iter().chain(figures));
    }
    table.markdown()
}

fn times(measured: &[Measured]) -> String {
    let headers = [
        "placed by",
        "room for",
        "at a time",
        "p50 ms",
        "p99 ms",
        "floor ms",
        "p50 in floors",
        "p99 in floors",
        "placements/s",
    ];
    let mut table = Table::new("Placement: time, also in medians of its floor", &headers);
    for it in measured {
        let of = &it.summary;
        let floor = it.floor.p50;
        let figures = [
            ms(of.p50),
            ms(of.p99),
            ms(floor),
            multiple(of.p50, floor),
            multiple(of.p99, floor),
            format!("{:.0}", of.per_second),
        ];
        table.row(labels(it).into_iter().chain(figures));
    }
    table.markdown()
}

fn labels(it: &Measured) -> [String; 3] {
    let Case { room, placers, .. } = it.case;
    [it.store.name().to_owned(), room.name().to_owned(), placers.to_string()]
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

fn multiple(time: Duration, floor: Duration) -> String {
    if floor.is_zero() {
        return "–".to_owned();
    }
    format!("{:.1}", time.as_secs_f64() / floor.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::{super::case::Room, *};

    fn summary(ms: u64, full: u32) -> Summary {
        Summary {
            placements: 200,
            writes: 1.5,
            most_writes: 7,
            first_try_percent: 62.5,
            round_trips: 5.25,
            full,
            contended: 0,
            p50: Duration::from_millis(ms),
            p99: Duration::from_millis(10 * ms),
            per_second: 80.4,
        }
    }

    #[test]
    fn time_is_measured_in_a_floor_of_its_own() {
        let case = Case { room: Room::Tight, placers: 10, placements: 200 };
        let measured = |store, floor_ms, full| Measured {
            store,
            case,
            floor: summary(floor_ms, 0),
            summary: summary(40, full),
            imbalances: vec![],
        };
        let text = markdown(&[measured(Store::Dynamo, 20, 0), measured(Store::Postgres, 5, 9)]);
        let cells: Vec<Vec<&str>> = text
            .lines()
            .filter(|it| it.contains("104 %"))
            .map(|it| it.split('|').map(str::trim).filter(|it| !it.is_empty()).collect())
            .collect();
        assert_eq!(cells[0][2..7], ["10", "1.50", "7", "62.5", "5.25"]);
        assert_eq!((cells[0][7], cells[1][7]), ("0", "9"));
        assert_eq!(cells[2][3..], ["40.0", "400.0", "20.0", "2.0", "20.0", "80"]);
        assert_eq!(cells[3][3..], ["40.0", "400.0", "5.0", "8.0", "80.0", "80"]);
    }
}
