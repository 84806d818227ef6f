//! Tables of single looks, and properties of whole histories.

use super::*;
use crate::{id::ProjectId, plan::PlanId};
use proptest::prelude::*;

const START: Timestamp = Timestamp::constant(1_795_262_400, 0);

fn project() -> ProjectId {
    ProjectId::new("a").unwrap()
}

fn at(seconds: i64) -> Timestamp {
    START + SignedDuration::from_secs(seconds)
}

fn look(seconds: i64, condition: Condition) -> Look {
    Look { at: at(seconds), attempt: 1, condition, short_of: vec![] }
}

/// What each look has led to, when what is owed is done before the next one.
fn history(looks: impl IntoIterator<Item = Look>) -> (Case, Vec<(Timestamp, Vec<Duty>)>) {
    let mut case = Case::open(project(), 1, START);
    let mut acts = Vec::new();
    for look in looks {
        let next = case.after(&look);
        if !next.owed.is_empty() {
            acts.push((look.at, next.owed.clone()));
        }
        case = next.settled();
    }
    (case, acts)
}

/// The same as words, by the second.
fn acts(looks: impl IntoIterator<Item = Look>) -> Vec<(i64, &'static str)> {
    let second = |at: Timestamp| at.duration_since(START).as_secs();
    let all = history(looks).1.into_iter();
    all.flat_map(|(at, owed)| owed.into_iter().map(move |it| (second(at), word(it)))).collect()
}

fn word(duty: Duty) -> &'static str {
    match duty {
        Duty::Restart { .. } => "restart",
        Duty::Move => "move",
        Duty::GiveUp { .. } => "give up",
        Duty::Tell { news: News::Unwell { .. } } => "tell unwell",
        Duty::Tell { news: News::WellAgain } => "tell well again",
        Duty::Tell { news: News::GivenUp { .. } } => "tell given up",
        Duty::Tell { news: News::Short { .. } } => "tell short",
    }
}

/// A look every ten seconds, from second `from` until `to`.
fn every_ten(from: i64, to: i64, condition: Condition) -> impl Iterator<Item = Look> {
    (from..to).step_by(10).map(move |it| look(it, condition))
}

#[test]
fn a_container_is_as_docker_its_answers_and_its_deaths_say() {
    use Condition as C;
    let well = Sight::WELL;
    let young = || Sight { up_s: 119, silent_s: 100, ..Sight::WELL };
    let down = |run| Sight { run, up_s: 0, ..Sight::WELL };
    let cases = [
        ("it answers", well.clone(), C::Well),
        ("it did not answer once", Sight { silent_s: 1, ..well.clone() }, C::Unsure),
        ("for nearly a minute", Sight { silent_s: 59, ..well.clone() }, C::Unsure),
        ("for a minute", Sight { silent_s: 60, ..well.clone() }, C::Silent),
        ("it boots", young(), C::Booting),
        ("it has booted for too long", Sight { up_s: 120, ..young() }, C::Silent),
        ("it booted quickly", Sight { silent_s: 0, ..young() }, C::Well),
        ("Docker starts it", down(Run::Restarting), C::Restarting),
        ("it is stopped", down(Run::Stopped), C::Stopped),
        ("it dies all the time", Sight { deaths: 5, ..down(Run::Restarting) }, C::Looping),
        ("and answers in between", Sight { deaths: 5, up_s: 30, ..well.clone() }, C::Looping),
        ("it has died often, and not of late", Sight { deaths: 5, ..well.clone() }, C::Well),
        (
            "it refuses its configuration",
            Sight { deaths: 2, exit: Some(78), ..down(Run::Restarting) },
            C::Refusing,
        ),
        (
            "it is stopped because it does",
            Sight { deaths: 2, exit: Some(78), ..down(Run::Stopped) },
            C::Refusing,
        ),
        ("it refused once", Sight { deaths: 1, exit: Some(78), ..young() }, C::Booting),
        ("it refused long ago", Sight { exit: Some(78), ..well }, C::Well),
    ];
    for (case, sight, expected) in cases {
        assert_eq!(sight.condition(), expected, "{case}");
    }
}

#[test]
fn what_a_plan_gives_too_little_of_is_seen_and_what_is_unknown_is_not() {
    use Resource::{Memory, Storage};
    let plan = PlanId::Standard.plan();
    let disk = |mib| Sight { disk_mib: Some(mib), ..Sight::WELL };
    let cases = [
        (Sight::WELL, vec![]),
        (disk(plan.storage_mib), vec![]),
        (disk(plan.storage_mib + 1), vec![Storage]),
        (Sight { ooms: 2, ..Sight::WELL }, vec![]),
        (Sight { ooms: 3, ..disk(plan.storage_mib + 1) }, vec![Memory, Storage]),
    ];
    for (sight, expected) in cases {
        assert_eq!(sight.short_of(plan), expected, "{sight:?}");
    }
}

#[test]
fn docker_has_its_time_and_what_stays_ill_does_not() {
    use Condition as C;
    let cases = [
        ("Docker starts it again", C::Restarting, 180),
        ("it boots", C::Booting, 180),
        ("it is stopped", C::Stopped, 30),
        ("it is gone", C::Absent, 60),
        ("it is silent", C::Silent, 0),
        ("it crashes", C::Looping, 0),
        ("it refuses", C::Refusing, 0),
    ];
    for (case, condition, first) in cases {
        assert_eq!(acts(every_ten(0, first, condition)), [], "{case}: too early");
        let acts = acts(every_ten(0, first + 10, condition));
        let elsewhere = matches!(condition, C::Absent | C::Refusing);
        let expected = if elsewhere { "move" } else { "restart" };
        assert_eq!(acts.first(), Some(&(first, expected)), "{case}");
    }
}

#[test]
fn restarts_come_ever_later_then_it_goes_elsewhere_and_then_it_is_given_up() {
    let silent = every_ten(0, 600, Condition::Silent);
    let expected =
        [(0, "restart"), (120, "restart"), (120, "tell unwell"), (240, "restart"), (480, "move")];
    assert_eq!(acts(silent), expected);
    let elsewhere = every_ten(600, 1800, Condition::Silent).map(|it| Look { attempt: 2, ..it });
    let all = acts(every_ten(0, 600, Condition::Silent).chain(elsewhere));
    assert_eq!(all[5..7], [(600, "give up"), (600, "tell given up")]);
}

#[test]
fn a_move_that_was_undone_is_tried_once_more() {
    let all = acts(every_ten(0, 3000, Condition::Absent));
    let moves: Vec<_> = all.iter().filter(|(_, it)| *it == "move").map(|(at, _)| *at).collect();
    assert_eq!(moves, [60, 960]);
    assert_eq!(all[3], (1860, "give up"), "{all:?}");
}

#[test]
fn one_restart_that_helps_is_no_news_and_two_are_told_with_their_end() {
    let healed = |after| {
        acts(every_ten(0, after, Condition::Silent).chain(every_ten(after, 900, Condition::Well)))
    };
    assert_eq!(healed(60), [(0, "restart")]);
    let told = [
        (0, "restart"),
        (120, "restart"),
        (120, "tell unwell"),
        // Well for two minutes.
        (270, "tell well again"),
    ];
    assert_eq!(healed(150), told);
}

#[test]
fn who_is_ill_again_within_the_hour_has_fewer_restarts_left() {
    let spell = |from| every_ten(from, from + 10, Condition::Silent);
    let well = |from, to| every_ten(from, to, Condition::Well);
    let looks = spell(0).chain(well(10, 1000)).chain(spell(1000)).chain(well(1010, 2000));
    let looks = looks.chain(spell(2000)).chain(well(2010, 3000)).chain(spell(3000));
    let words: Vec<_> = acts(looks).into_iter().map(|(_, it)| it).collect();
    let told = words.iter().filter(|it| it.starts_with("tell")).count();
    let acts: Vec<_> = words.into_iter().filter(|it| !it.starts_with("tell")).collect();
    assert_eq!((acts, told), (vec!["restart", "restart", "restart", "move"], 5));
}

#[test]
fn a_shortage_is_told_once_a_day_and_remembered_for_one() {
    let short =
        |hour: i64| Look { short_of: vec![Resource::Memory], ..look(hour * 3600, Condition::Well) };
    let told = acts((0..49).map(short));
    assert_eq!(told, [(0, "tell short"), (24 * 3600, "tell short"), (48 * 3600, "tell short")]);
    let (case, _) = history([short(0)]);
    assert!(!case.is_over(at(24 * 3600 - 1)) && case.is_over(at(24 * 3600)));
}

#[test]
fn a_case_is_over_when_nothing_is_held_against_its_instance_any_more() {
    let ill = || every_ten(0, 10, Condition::Silent).chain(every_ten(10, 20, Condition::Well));
    let (case, _) = history(ill());
    for (seconds, expected) in [(1900, false), (3599, false), (3600, true)] {
        assert_eq!(case.is_over(at(seconds)), expected, "{seconds} s after its restart");
    }
    let (booting, _) = history([look(0, Condition::Booting), look(10, Condition::Well)]);
    assert!(!booting.is_over(at(1809)) && booting.is_over(at(1810)));
    let owing = case.after(&look(4000, Condition::Silent));
    assert!(!owing.is_over(at(99_999)), "it owes a restart");
}

#[test]
fn its_owner_is_shown_how_it_stands_and_since_when() {
    use Condition as C;
    let standing = |looks: Vec<Look>| {
        let case = history(looks).0;
        (case.standing, case.since)
    };
    let cases = [
        ("Docker is at it", vec![look(0, C::Restarting)], (Standing::Restarting, at(0))),
        (
            "it starts",
            vec![look(0, C::Restarting), look(10, C::Booting), look(20, C::Booting)],
            (Standing::Starting, at(10)),
        ),
        ("we are at it", vec![look(0, C::Silent)], (Standing::Restarting, at(0))),
        ("it is gone", every_ten(0, 70, C::Absent).collect(), (Standing::Unwell, at(60))),
        (
            "it boots after the second restart",
            vec![look(0, C::Silent), look(120, C::Silent), look(130, C::Booting)],
            (Standing::Unwell, at(120)),
        ),
        ("it is back", vec![look(0, C::Silent), look(60, C::Well)], (Standing::Ok, at(60))),
    ];
    for (case, looks, expected) in cases {
        assert_eq!(standing(looks), expected, "{case}");
    }
}

fn any_condition() -> impl Strategy<Value = Condition> {
    use Condition as C;
    prop_oneof![
        4 => Just(C::Well),
        1 => Just(C::Unsure),
        1 => Just(C::Booting),
        1 => Just(C::Restarting),
        2 => Just(C::Silent),
        1 => Just(C::Stopped),
        1 => Just(C::Looping),
        1 => Just(C::Refusing),
        1 => Just(C::Absent),
    ]
}

/// Looks at any distance; the attempt follows the moves, or does not because they were undone.
fn any_history() -> impl Strategy<Value = Vec<(i64, Condition, bool)>> {
    prop::collection::vec((1..900_i64, any_condition(), any::<bool>()), 1..120)
}

/// Lives through `history`. Returns what it came to, with the second of its end and its attempt.
fn live(history: &[(i64, Condition, bool)]) -> (Case, Vec<(i64, Duty)>, i64) {
    let (mut case, mut acts) = (Case::open(project(), 1, START), Vec::new());
    let (mut now, mut attempt) = (0, 1);
    for (gap, condition, moves) in history {
        now += gap;
        let next = case.after(&Look { attempt, ..look(now, *condition) });
        acts.extend(next.owed.iter().map(|it| (now, *it)));
        if *moves && next.owed.contains(&Duty::Move) {
            attempt += 1;
        }
        case = next.settled();
    }
    (case, acts, now)
}

proptest! {
    #[test]
    fn what_is_well_is_never_touched(history in any_history()) {
        let mut case = Case::open(project(), 1, START);
        let mut now = 0;
        for (gap, condition, _) in history {
            now += gap;
            let next = case.after(&look(now, condition));
            if matches!(condition, Condition::Well | Condition::Unsure) {
                let is_act = |it: &Duty| !matches!(it, Duty::Tell { .. });
                prop_assert!(!next.owed.iter().any(is_act), "{:?}", next.owed);
            }
            case = next.settled();
        }
    }

    #[test]
    fn no_hour_has_more_than_three_restarts_and_each_restart_has_its_boot(history in any_history()) {
        let (_, acts, _) = live(&history);
        let restarts: Vec<_> = acts
            .iter()
            .filter(|(_, it)| matches!(it, Duty::Restart { .. }))
            .map(|(at, _)| *at)
            .collect();
        for four in restarts.windows(4) {
            prop_assert!(four[3] - four[0] >= 3600, "{restarts:?}");
        }
        for two in restarts.windows(2) {
            prop_assert!(two[1] - two[0] >= 120, "{restarts:?}");
        }
    }

    #[test]
    fn whatever_was_before_one_that_stays_ill_is_given_up_within_two_hours(
        history in any_history(),
        ill in any_condition().prop_filter("ill", |it| it.ailment().is_some()),
        moves in any::<bool>(),
    ) {
        let long = (0..720).map(|_| (10, ill, moves));
        let (_, acts, end) = live(&history.iter().copied().chain(long).collect::<Vec<_>>());
        let given_up = acts.iter().filter(|(_, it)| matches!(it, Duty::GiveUp { .. }));
        prop_assert!(given_up.clone().any(|(at, _)| *at > end - 7200), "{acts:?}");
    }

    #[test]
    fn whatever_was_before_one_that_stays_well_is_forgotten_and_its_owner_knows(history in any_history()) {
        let well = (0..400).map(|_| (10, Condition::Well, false));
        let (case, acts, end) = live(&history.into_iter().chain(well).collect::<Vec<_>>());
        prop_assert!(case.is_over(at(end)), "{case:?}");
        let told = acts.iter().filter_map(|(_, it)| match it {
            Duty::Tell { news } => Some(*news),
            _ => None,
        });
        let mut is_unwell = false;
        for news in told {
            match news {
                News::Unwell { .. } => {
                    prop_assert!(!is_unwell, "told twice");
                    is_unwell = true;
                }
                News::WellAgain => {
                    prop_assert!(is_unwell, "nobody knew that it was unwell");
                    is_unwell = false;
                }
                News::GivenUp { .. } | News::Short { .. } => (),
            }
        }
        prop_assert!(!is_unwell, "its owner thinks that it is unwell");
    }
}

#[test]
fn more_than_half_of_four_or_more_is_a_mass() {
    let cases = [(3, 3, false), (2, 4, false), (3, 4, true), (5, 10, false), (6, 10, true)];
    for (silent, all, expected) in cases {
        assert_eq!(is_mass(silent, all), expected, "{silent} of {all}");
    }
}
