//! Chance that can be had again: what is chosen follows from the seed alone.
//!
//! The generator is written out here (splitmix64), so that a seed means the same choices in every version of every crate.

/// A stream of choices.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A stream of its own for one part of the run, which does not depend on what others have drawn.
    #[must_use]
    pub fn of(seed: u64, part: u64) -> Self {
        let mut chance = Self::new(seed ^ part.wrapping_mul(0xa076_1d64_78bd_642f));
        chance.draw();
        chance
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to but without `count`, which is more than 0.
    pub fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.draw() % count).unwrap_or(0)
    }

    /// So many times of a hundred.
    pub fn percent(&mut self, chances: usize) -> bool {
        self.below(100) < chances
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() { None } else { all.get(self.below(all.len())) }
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let other = self.below(last + 1);
            all.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_choices_for_ever() {
        let mut chance = Chance::new(7);
        let drawn = [(); 3].map(|()| chance.draw());
        assert_eq!(drawn, [7_191_089_600_892_374_487, 309_689_372_594_955_804, 16_616_101_746_815_609_346]);
        let mut all: Vec<u32> = (0..6).collect();
        Chance::new(1).shuffle(&mut all);
        let mut again: Vec<u32> = (0..6).collect();
        Chance::new(1).shuffle(&mut again);
        assert_eq!(all, again);
    }
}
