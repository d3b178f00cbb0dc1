//! Lengths of time as an operator types them: `30d`, `12h`, `1d12h`, `45m`, `90s`.

use std::str::FromStr;
use std::time::Duration;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// How far time is moved: more than nothing, and no more than ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length(Duration);

impl Length {
    const LONGEST: u64 = 3_653 * 86_400;

    pub(super) fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable = || "write a length of time as 30d, 12h, 1d12h or 45m".to_owned();
        let mut seconds: u64 = 0;
        let mut rest = text;
        // Larger units come first, each once.
        let mut units = UNITS.iter();
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(unreadable)?;
            let count: u64 = rest[..end].parse().map_err(|_| unreadable())?;
            let unit = rest[end..].chars().next().ok_or_else(unreadable)?;
            let (_, worth) = units.find(|(name, _)| *name == unit).ok_or_else(unreadable)?;
            seconds = count
                .checked_mul(*worth)
                .and_then(|more| seconds.checked_add(more))
                .ok_or_else(unreadable)?;
            rest = &rest[end + 1..];
        }
        match seconds {
            0 => Err(unreadable()),
            Self::LONGEST.. => Err("that is more than ten years".to_owned()),
            _ => Ok(Self(Duration::from_secs(seconds))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        for (text, seconds) in
            [("30d", 2_592_000), ("12h", 43_200), ("1d12h", 129_600), ("45m", 2_700), ("1d2h3m4s", 93_784)]
        {
            assert_eq!(text.parse(), Ok(Length(Duration::from_secs(seconds))), "{text}");
        }
    }

    #[test]
    fn what_is_not_clearly_a_length_is_refused() {
        for text in [
            "",
            "30",
            "d",
            "0d",
            "12h1d",
            "1d1d",
            "-1d",
            "1.5d",
            "1w",
            "99999999999999999999d",
            "4000d",
            "1é",
        ] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
    }
}
