//! How few workers can possibly do, for any number of sizes: the bound L2 of Martello and Toth.
//!
//! The exact optimum is only cheap for two sizes. This bound knows that what is larger than half a
//! worker shares it with nobody as large, and so is never below the sum of sizes over the capacity.

/// A size and how many have it.
pub(super) type Load = [(u32, u32)];

/// No packing of `load` needs fewer workers of `capacity`. Nothing may be larger than that.
pub(super) fn fewest_workers(capacity: u32, load: &Load) -> u64 {
    let small = load.iter().map(|(size, _)| *size).filter(|size| 2 * size <= capacity);
    small.chain([0]).map(|limit| ignoring_below(limit, capacity, load)).max().unwrap_or_default()
}

/// The bound that is seen when everything below `limit`, at most half a worker, is left out.
fn ignoring_below(limit: u32, capacity: u32, load: &Load) -> u64 {
    let class = |holds: &dyn Fn(u32) -> bool| {
        let of = load.iter().filter(|(size, _)| holds(*size));
        of.fold((0, 0), |(count, sum), (size, number)| {
            (count + u64::from(*number), sum + u64::from(*size) * u64::from(*number))
        })
    };
    // Leaves less than `limit`: alone. More than half: alone or with small ones. The rest: anywhere.
    let (huge, _) = class(&|size| size > capacity - limit);
    let (large, in_large) = class(&|size| 2 * size > capacity && size <= capacity - limit);
    let (_, in_small) = class(&|size| 2 * size <= capacity && size >= limit);
    let beside_large = large * u64::from(capacity) - in_large;
    huge + large + in_small.saturating_sub(beside_large).div_ceil(u64::from(capacity))
}

#[cfg(test)]
mod tests {
    use super::{super::optimum::Optimum, super::optimum::tests::by_trying, *};
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn known_bounds() {
        let cases: [(&str, u32, &Load, u64); 5] = [
            ("nobody", 10, &[], 0),
            ("by the sum alone", 10, &[(3, 7)], 3),
            ("halves and a bit", 10, &[(6, 4)], 4),
            ("small ones beside large ones", 10, &[(6, 2), (4, 2)], 2),
            ("no room beside large ones", 10, &[(7, 2), (4, 2)], 3),
        ];
        for (case, capacity, load, expected) in cases {
            assert_eq!(fewest_workers(capacity, load), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn never_above_the_optimum_of_two_sizes_nor_below_the_sum(
            capacity in prop::sample::select(vec![3584_u32, 7680, 15872, 32256]),
            numbers in (0_u32..200, 0_u32..60),
        ) {
            let (small, large) = numbers;
            let bound = fewest_workers(capacity, &[(1536, small), (3584, large)]);
            let mut optimum = Optimum::new(capacity, 1536, 3584).unwrap();
            prop_assert!(bound <= u64::from(optimum.workers(small, large)));
            let sum = u64::from(small) * 1536 + u64::from(large) * 3584;
            prop_assert!(bound >= sum.div_ceil(u64::from(capacity)));
        }

        #[test]
        fn never_above_what_trying_finds(sizes in vec(1_u32..=20, 0..8)) {
            let load: Vec<(u32, u32)> = sizes.iter().map(|size| (*size, 1)).collect();
            prop_assert!(fewest_workers(20, &load) <= u64::from(by_trying(20, &sizes)));
        }
    }
}
