use super::*;
use proptest::prelude::*;

fn now() -> Timestamp {
    Timestamp::constant(1_795_262_400, 0)
}

/// Stored so many minutes ago, which is also its number.
fn stored(minutes: u32) -> StoredBackup {
    let project = ProjectId::new("a").expect("plain");
    let name = BackupName { project, attempt: 1, number: minutes };
    StoredBackup { name, bytes: 1, stored_at: now() - SignedDuration::from_mins(minutes.into()) }
}

#[test]
fn a_time_has_the_newest_backup_that_was_there_by_then() {
    let all = [stored(30), stored(90), stored(60)];
    let cases = [
        ("now", 0, Some(30)),
        ("at its very moment", 60, Some(60)),
        ("a minute before that", 61, Some(90)),
        ("at the oldest", 90, Some(90)),
        ("before all", 91, None),
    ];
    for (case, minutes, expected) in cases {
        let time = now() - SignedDuration::from_mins(minutes);
        assert_eq!(as_of(&all, time).map(|it| it.name.number), expected, "{case}");
    }
    assert_eq!(as_of(&[], now()), None);
}

/// Which of the backups of these ages in minutes are deleted.
fn deleted(ages: &[u32], named: Option<u32>) -> Vec<u32> {
    let named = named.map(|it| stored(it).name);
    let all = ages.iter().map(|it| stored(*it)).collect();
    outdated(all, named.as_ref(), now()).into_iter().map(|it| it.number).collect()
}

#[test]
fn one_of_each_hour_is_kept_for_a_day_and_one_of_each_day_for_a_month() {
    const DAY: u32 = 24 * 60;
    // It is the full hour of 12.
    type Ages = &'static [u32];
    let cases: [(&str, Ages, Option<u32>, Ages); 9] = [
        ("nothing", &[], None, &[]),
        ("the only one, however old", &[90 * DAY], None, &[]),
        ("one of each hour", &[5, 65, 125], None, &[]),
        ("two of an hour: the older", &[5, 20, 65], None, &[20]),
        ("the newest of an hour, beside a later hour", &[5, 65, 80], None, &[80]),
        ("yesterday's: the newest", &[5, DAY + 10, DAY + 70], None, &[DAY + 70]),
        ("days apart", &[5, 2 * DAY, 3 * DAY, 29 * DAY], None, &[]),
        ("after a month", &[5, 30 * DAY, 31 * DAY], None, &[30 * DAY, 31 * DAY]),
        ("but not what is relied on", &[5, 6, 30 * DAY, 31 * DAY], Some(31 * DAY), &[6, 30 * DAY]),
    ];
    for (case, ages, named, expected) in cases {
        assert_eq!(deleted(ages, named), expected, "{case}");
    }
}

fn ages() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::btree_set(0_u32..70_000, 0..200).prop_map(|it| it.into_iter().collect())
}

proptest! {
    #[test]
    fn the_newest_and_what_is_relied_on_stay(ages in ages(), named in 0_usize..200) {
        let named = ages.get(named).copied();
        let gone = deleted(&ages, named);
        prop_assert!(ages.first().is_none_or(|newest| !gone.contains(newest)));
        prop_assert!(named.is_none_or(|it| !gone.contains(&it)));
    }

    #[test]
    fn a_second_look_deletes_nothing_and_few_are_kept(ages in ages()) {
        let gone = deleted(&ages, None);
        let kept: Vec<_> = ages.iter().copied().filter(|it| !gone.contains(it)).collect();
        prop_assert_eq!(deleted(&kept, None), Vec::<u32>::new());
        // The hours and days at both ends are not whole.
        prop_assert!(kept.len() <= 1 + 25 + 31);
    }

    /// Whoever wants the state of some day of the last month finds one of that day.
    #[test]
    fn no_day_of_the_month_is_left_without_one(ages in ages()) {
        let gone = deleted(&ages, None);
        let day = |age: &u32| stored(*age).stored_at.as_second().div_euclid(DAY_S);
        let in_time = |age: &&u32| **age < 29 * 24 * 60;
        for age in ages.iter().filter(in_time) {
            let same_day = |it: &&u32| day(it) == day(age) && !gone.contains(it);
            prop_assert!(ages.iter().any(|it| same_day(&it)), "nothing is left of {age}");
        }
    }
}
