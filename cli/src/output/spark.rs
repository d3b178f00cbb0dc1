//! Numbers over time as small bars, a letter each.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Nothing at all is not little.
const NOTHING: char = '·';

/// One bar for each number, the largest the highest. Where they are more than `most`, so many neighbours share a bar that they fit.
pub(crate) fn sparkline(numbers: &[i64], most: usize) -> String {
    let together = numbers.len().div_ceil(most.max(1)).max(1);
    let sums: Vec<i64> = numbers.chunks(together).map(|some| some.iter().sum()).collect();
    let largest = sums.iter().copied().max().unwrap_or_default();
    sums.into_iter().map(|sum| bar(sum, largest)).collect()
}

fn bar(number: i64, largest: i64) -> char {
    if number <= 0 || largest <= 0 {
        return NOTHING;
    }
    let step = (i128::from(number) * 8 + i128::from(largest) - 1) / i128::from(largest);
    let place = usize::try_from(step).unwrap_or(1).clamp(1, BARS.len());
    BARS[place - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_the_highest_and_little_is_more_than_nothing() {
        assert_eq!(sparkline(&[0, 1, 50, 100], 40), "·▁▄█");
        assert_eq!(sparkline(&[0, 0], 40), "··");
        assert_eq!(sparkline(&[], 40), "");
        assert_eq!(sparkline(&[i64::MAX, 1], 40), "█▁");
    }

    #[test]
    fn neighbours_share_a_bar_where_there_are_too_many() {
        assert_eq!(sparkline(&[1, 1, 2, 2, 0, 0], 3), "▄█·");
        assert_eq!(sparkline(&[1; 1_000], 40).chars().count(), 40);
    }
}
