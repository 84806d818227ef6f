//! The fewest workers that can hold so many Standard and so many Pro projects: exactly.
//!
//! With two sizes there are few ways to fill one worker, so the question "how many small ones fit into
//! k workers beside b large ones?" is answered for every k and b once, and then only looked up.

/// Exact optimum for two sizes on workers of one capacity. Answers grow a table: ask the same one often.
pub(super) struct Optimum {
    /// How many small ones fit beside 0, 1, … large ones on one worker.
    beside: Vec<u32>,
    /// By workers, then by large ones: how many small ones fit too; `None`: not even the large ones.
    fitting: Vec<Vec<Option<u32>>>,
}

impl Optimum {
    /// Sizes and capacity in any one unit. `None` if a worker does not even hold one large item, or
    /// an item is nothing.
    pub(super) fn new(capacity: u32, small: u32, large: u32) -> Option<Self> {
        let fits = small > 0 && large > 0 && large <= capacity;
        let beside = |large_ones: u32| (capacity - large_ones * large) / small;
        fits.then(|| Self {
            beside: (0..=capacity / large).map(beside).collect(),
            fitting: vec![vec![Some(0)]],
        })
    }

    /// The fewest workers that hold `small` and `large` items.
    pub(super) fn workers(&mut self, small: u32, large: u32) -> u32 {
        let column = index(large);
        self.widen(column);
        while self.fitting.last().is_none_or(|row| row[column] < Some(small)) {
            self.add_worker();
        }
        // More workers never hold less.
        let fewest = self.fitting.partition_point(|row| row[column] < Some(small));
        u32::try_from(fewest).unwrap_or(u32::MAX)
    }

    fn width(&self) -> usize {
        self.fitting.first().map_or(0, Vec::len)
    }

    /// Makes room for questions about `column` large items, and some more.
    fn widen(&mut self, column: usize) {
        if column >= self.width() {
            let mut none = vec![None; (column + 1).next_power_of_two()];
            none[0] = Some(0);
            self.fitting = vec![none];
        }
    }

    fn add_worker(&mut self) {
        let before = self.fitting.last().map_or(&[][..], Vec::as_slice);
        let row = (0..self.width()).map(|large| {
            let ways = self.beside.iter().enumerate().take(large + 1);
            ways.filter_map(|(here, small)| Some(before[large - here]? + small)).max()
        });
        let row = row.collect();
        self.fitting.push(row);
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The fewest workers, by trying every way.
    pub(in super::super) fn by_trying(capacity: u32, sizes: &[u32]) -> u32 {
        fn place(capacity: u32, left: &[u32], free: &mut Vec<u32>, fewest: &mut u32) {
            let used = u32::try_from(free.len()).unwrap();
            let Some((size, left)) = left.split_first() else {
                *fewest = used.min(*fewest);
                return;
            };
            for at in 0..free.len() {
                if free[at] >= *size {
                    free[at] -= size;
                    place(capacity, left, free, fewest);
                    free[at] += size;
                }
            }
            if used + 1 < *fewest {
                free.push(capacity - size);
                place(capacity, left, free, fewest);
                free.pop();
            }
        }
        let mut fewest = u32::try_from(sizes.len()).unwrap();
        place(capacity, sizes, &mut Vec::new(), &mut fewest);
        fewest
    }

    #[test]
    fn known_fleets() {
        let cases = [
            ("nobody", 3584, (0, 0), 0),
            ("two Standard or one Pro on 4 GiB", 3584, (5, 3), 6),
            ("a Pro and two Standard on 8 GiB", 7680, (2, 1), 1),
            ("five Standard on 8 GiB", 7680, (5, 0), 1),
            ("two Pro and no Standard on 8 GiB", 7680, (1, 2), 2),
            ("ten Standard on 16 GiB", 15872, (500, 0), 50),
            ("four Pro and one Standard on 16 GiB", 15872, (1, 4), 1),
            ("one Standard too many", 15872, (2, 4), 2),
        ];
        for (case, capacity, (small, large), expected) in cases {
            let mut optimum = Optimum::new(capacity, 1536, 3584).unwrap();
            assert_eq!(optimum.workers(small, large), expected, "{case}");
        }
        assert!(Optimum::new(3583, 1536, 3584).is_none(), "a Pro does not fit");
    }

    proptest! {
        #[test]
        fn it_is_what_trying_finds(
            capacity in 7_u32..30,
            small in 1_u32..7,
            large in 3_u32..8,
            numbers in (0_u32..5, 0_u32..4),
        ) {
            let mut optimum = Optimum::new(capacity, small, large).unwrap();
            // An earlier, larger question leaves a table behind.
            optimum.workers(9, 2);
            let large_ones = std::iter::repeat_n(large, index(numbers.1));
            let sizes: Vec<u32> = large_ones.chain(std::iter::repeat_n(small, index(numbers.0))).collect();
            prop_assert_eq!(optimum.workers(numbers.0, numbers.1), by_trying(capacity, &sizes));
        }

        #[test]
        fn one_more_project_costs_at_most_one_more_worker(small in 0_u32..300, large in 0_u32..100) {
            let mut optimum = Optimum::new(15872, 1536, 3584).unwrap();
            let before = optimum.workers(small, large);
            for after in [optimum.workers(small + 1, large), optimum.workers(small, large + 1)] {
                prop_assert!((before..=before + 1).contains(&after));
            }
        }
    }
}
