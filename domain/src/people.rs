//! People: birth dates, ages and phone numbers.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::addresses::has_address;
use crate::dakar;

/// The age from which a person decides alone.
pub const MAJORITY: i32 = 18;
/// Nobody who has an account is older, in years.
const OLDEST: i32 = 120;
/// What stands where the name of somebody stood who was erased, and every other text of theirs that must not be empty.
pub const ERASED: &str = "—";
/// Longest name of a person, in characters.
pub const NAME_CHARS: usize = 200;

/// The day a person was born. The next birthday is always computed from it, never stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BirthDate(NaiveDate);

impl BirthDate {
    pub const fn new(day: NaiveDate) -> Self {
        Self(day)
    }

    pub const fn day(self) -> NaiveDate {
        self.0
    }

    /// The birthday in a calendar year: 29 February is celebrated on the 28th in common years.
    pub fn celebrated_in(self, year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, self.0.month(), self.0.day())
            .or_else(|| NaiveDate::from_ymd_opt(year, 2, 28))
            .unwrap_or(NaiveDate::MAX)
    }

    /// The birthday that is today or comes next.
    pub fn next_on_or_after(self, today: NaiveDate) -> NaiveDate {
        let this_year = self.celebrated_in(today.year());
        if this_year >= today { this_year } else { self.celebrated_in(today.year() + 1) }
    }

    /// The birthday in a calendar year, if it is not over yet.
    pub fn still_ahead_in(self, year: i32, today: NaiveDate) -> Option<NaiveDate> {
        Some(self.celebrated_in(year)).filter(|birthday| *birthday >= today)
    }

    /// Where the births lie in the year that are celebrated on a day, as month × 100 + day: more than one place on
    /// 28 February of a common year.
    pub fn places_celebrated_on(day: NaiveDate) -> Vec<i32> {
        let place = |month: u32, day: u32| i32::try_from(month * 100 + day).unwrap_or(0);
        let leap_births = Self(NaiveDate::from_ymd_opt(2000, 2, 29).unwrap_or(day));
        let mut places = vec![place(day.month(), day.day())];
        if places != [place(2, 29)] && leap_births.celebrated_in(day.year()) == day {
            places.push(place(2, 29));
        }
        places
    }

    /// Full years on a day. A year is full only when its last day is over: who was born on 29 February and
    /// celebrates on the 28th becomes older on 1 March in a common year. For minors that errs on the safe side.
    pub fn age_on(self, day: NaiveDate) -> i32 {
        let years = day.year() - self.0.year();
        if (day.month(), day.day()) < (self.0.month(), self.0.day()) { years - 1 } else { years }
    }

    /// Whether somebody living can have been born then, seen from a day.
    pub fn is_possible_on(self, day: NaiveDate) -> bool {
        (0..=OLDEST).contains(&self.age_on(day))
    }

    pub fn is_minor_on(self, day: NaiveDate) -> bool {
        self.age_on(day) < MAJORITY
    }

    /// The first day on which they are no minor; the calendar's last where it has none.
    pub fn comes_of_age_on(self) -> NaiveDate {
        let year = self.0.year() + MAJORITY;
        NaiveDate::from_ymd_opt(year, self.0.month(), self.0.day())
            // Whoever was born on the leap day is older when February is over.
            .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
            .unwrap_or(NaiveDate::MAX)
    }

    pub fn is_minor_at(self, instant: DateTime<Utc>) -> bool {
        self.is_minor_on(dakar::day_of(instant))
    }
}

/// Whoever has a name that cannot be said to others.
pub const SOMEBODY: &str = "Quelqu'un";
/// A first name is no longer in what is said to others, in characters.
const FIRST_NAME_CHARS: usize = 30;

/// A number with fewer reaches nobody by phone but short services.
const DIGITS_TO_CALL: usize = 4;

/// What a person is called where their surname has no business. It stands in messages that go out under our name to people who
/// have not asked for them, so it is short, and one that would lead somewhere is not said.
pub fn first_name(name: &str) -> &str {
    let first = name.split_whitespace().next().unwrap_or(name);
    let short = first.char_indices().nth(FIRST_NAME_CHARS).map_or(first, |(end, _)| &first[..end]);
    // What is cut may become an address. So many digits are a number to call.
    let calls = first.chars().filter(char::is_ascii_digit).count() >= DIGITS_TO_CALL;
    if calls || has_address(first) || has_address(short) { SOMEBODY } else { short }
}

/// Somebody's, in French: `de Moussa`, `d'Awa`.
pub fn of(name: &str) -> String {
    let is_vowel =
        |letter: char| "aeiouàâäéèêëîïôöùûü".contains(letter.to_lowercase().next().unwrap_or(letter));
    if name.starts_with(is_vowel) { format!("d'{name}") } else { format!("de {name}") }
}

/// A birth date is personal: it is not shown by accident.
impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

/// A phone number in E.164 form (`+221771234567`).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is not a phone number; write it as +221771234567, or 771234567 for Senegal")]
pub struct InvalidPhone;

impl Phone {
    /// The number as providers want it. Named so that reading it is a decision: there is no `Display`.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it begins with one of these, `+221`; of no prefixes every number does.
    pub fn is_within(&self, prefixes: &[String]) -> bool {
        prefixes.is_empty() || prefixes.iter().any(|prefix| self.0.starts_with(prefix))
    }

    /// For people who may not see the number: `+221•••••67`.
    pub fn masked(&self) -> String {
        let (head, tail) = (&self.0[..self.0.len().min(4)], &self.0[self.0.len().saturating_sub(2)..]);
        format!("{head}•••••{tail}")
    }
}

/// Reads a number as people write it: spaces, dots, `00` for `+`, no country code for Senegal.
impl FromStr for Phone {
    type Err = InvalidPhone;

    fn from_str(text: &str) -> Result<Self, InvalidPhone> {
        // The library would skip letters and odd digits; a number that needs skipping is not clear enough to pay to.
        let plain = text.trim();
        if plain.len() > 32 || !plain.bytes().all(|b| b.is_ascii_digit() || b" .-()+".contains(&b)) {
            return Err(InvalidPhone);
        }
        let international = match plain.strip_prefix("00") {
            Some(rest) => format!("+{rest}"),
            None => plain.to_owned(),
        };
        let number =
            phonenumber::parse(Some(phonenumber::country::SN), international).map_err(|_| InvalidPhone)?;
        if !phonenumber::is_valid(&number) {
            return Err(InvalidPhone);
        }
        Ok(Self(number.format().mode(phonenumber::Mode::E164).to_string()))
    }
}

impl TryFrom<String> for Phone {
    type Error = InvalidPhone;

    fn try_from(text: String) -> Result<Self, InvalidPhone> {
        text.parse()
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

/// A phone number is personal: it never reaches a log or an error.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date in a test")
    }

    fn born(text: &str) -> BirthDate {
        BirthDate::new(day(text))
    }

    #[test]
    fn the_leap_day_is_celebrated_on_the_28th_in_common_years() {
        let leapling = born("2004-02-29");
        assert_eq!(leapling.celebrated_in(2027), day("2027-02-28"));
        assert_eq!(leapling.celebrated_in(2028), day("2028-02-29"));
        assert_eq!(leapling.next_on_or_after(day("2027-02-28")), day("2027-02-28"));
        assert_eq!(leapling.next_on_or_after(day("2027-03-01")), day("2028-02-29"));
    }

    #[test]
    fn a_birthday_is_ahead_in_its_year_until_its_day_is_over() {
        let today = day("2026-11-26");
        assert_eq!(born("1990-11-26").still_ahead_in(2026, today), Some(today));
        assert_eq!(born("1990-11-25").still_ahead_in(2026, today), None);
        assert_eq!(born("1990-11-25").still_ahead_in(2027, today), Some(day("2027-11-25")));
    }

    #[test]
    fn a_name_without_its_surname() {
        assert_eq!(first_name("Awa Marie Ndiaye"), "Awa");
        assert_eq!(first_name("Moussa"), "Moussa");
        assert_eq!(first_name("M. Ba"), "M.");
    }

    #[test]
    fn a_first_name_that_leads_somewhere_is_not_said_and_a_long_one_is_cut() {
        for name in
            ["wolo-cadeau.sn/x Ndiaye", "https://x", "WWW.wolo", "awa@example.sn", "Appelez+221338001122"]
        {
            assert_eq!(first_name(name), SOMEBODY, "{name}");
        }
        assert_eq!(first_name(&"é".repeat(200)), "é".repeat(30));
        assert_eq!(first_name(&format!("{}.community-", "é".repeat(26))), SOMEBODY, "cut to what it is not");
    }

    #[test]
    fn french_has_two_ways_to_say_whose_it_is() {
        assert_eq!(["Awa", "Élise", "Moussa"].map(of), ["d'Awa", "d'Élise", "de Moussa"]);
    }

    #[test]
    fn a_minor_becomes_adult_at_midnight_in_dakar() {
        let person = born("2008-11-23");
        assert!(person.is_minor_at("2026-11-22T23:59:59Z".parse().expect("an instant")));
        assert!(!person.is_minor_at("2026-11-23T00:00:00Z".parse().expect("an instant")));
    }

    #[test]
    fn who_was_born_on_the_leap_day_is_a_minor_until_the_year_is_over() {
        let leapling = born("2008-02-29");
        assert!(leapling.is_minor_on(day("2026-02-28")));
        assert!(!leapling.is_minor_on(day("2026-03-01")));
    }

    #[test]
    fn the_day_of_coming_of_age_is_the_first_on_which_somebody_is_no_minor() {
        for birth in ["2008-11-23", "2008-02-29", "2006-02-28", "2006-12-31", "2007-01-01"] {
            let day = born(birth).comes_of_age_on();
            assert!(!born(birth).is_minor_on(day), "{birth}");
            assert!(born(birth).is_minor_on(day.pred_opt().expect("a day")), "{birth}");
        }
    }

    #[test]
    fn nobody_is_born_tomorrow_or_a_lifetime_too_early() {
        let today = day("2026-11-23");
        for possible in ["2026-11-23", "1990-05-17", "1905-11-24"] {
            assert!(born(possible).is_possible_on(today), "{possible}");
        }
        for impossible in ["2026-11-24", "1905-11-23", "0001-01-01"] {
            assert!(!born(impossible).is_possible_on(today), "{impossible}");
        }
    }

    #[test]
    fn phone_numbers_are_read_as_people_write_them() {
        for text in
            ["+221771234567", "77 123 45 67", "00221 77 123 45 67", "77.123.45.67", "+221 (77) 123-45-67"]
        {
            assert_eq!(text.parse::<Phone>().expect(text).reveal(), "+221771234567");
        }
        assert_eq!("+33612345678".parse::<Phone>().expect("a French number").reveal(), "+33612345678");
    }

    #[test]
    fn a_number_is_within_a_prefix_however_it_is_written_and_within_none_it_always_is() {
        let (ours, both) = (["+221".to_owned()], ["+221".to_owned(), "+336".to_owned()]);
        for (text, is_ours) in [("77 123 45 67", true), ("00221771234567", true), ("+33612345678", false)] {
            let phone = text.parse::<Phone>().expect(text);
            assert_eq!(phone.is_within(&ours), is_ours, "{text}");
            assert!(phone.is_within(&both) && phone.is_within(&[]), "{text}");
        }
    }

    #[test]
    fn what_is_not_clearly_a_phone_number_is_refused() {
        for text in [
            "",
            "77",
            "+22177123456",
            "+221771234567 ext 5",
            "\u{667}\u{667}1234567",
            "77\u{202e}1234567",
            "'; drop table",
            "+999123456789",
        ] {
            assert!(text.parse::<Phone>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn personal_data_does_not_show_in_debug() {
        let phone: Phone = "+221771234567".parse().expect("a number");
        assert_eq!(format!("{phone:?} {:?}", born("1990-01-01")), "Phone(…) BirthDate(…)");
        assert_eq!(phone.masked(), "+221•••••67");
    }

    proptest! {
        #[test]
        fn who_celebrates_on_a_day_is_found_by_the_place_of_their_birth(
            birth in 0..40_000_i64, year in 1990..2100_i32,
        ) {
            let birth = BirthDate::new(day("1920-01-01") + chrono::TimeDelta::days(birth));
            let place = i32::try_from(birth.day().month() * 100 + birth.day().day()).expect("a place");
            let celebrated = birth.celebrated_in(year);
            prop_assert!(BirthDate::places_celebrated_on(celebrated).contains(&place));
            let next = celebrated.succ_opt().expect("a day");
            prop_assert!(!BirthDate::places_celebrated_on(next).contains(&place));
        }

        #[test]
        fn a_first_name_is_short_and_leads_nowhere(name in "\\PC{0,60}( \\PC{0,20})?", site in any::<bool>()) {
            let name = if site { format!("{name}.com") } else { name };
            let said = first_name(&name);
            prop_assert!(said.chars().count() <= 30 && !has_address(said), "{:?}", said);
        }

        #[test]
        fn normalising_twice_changes_nothing(text in "[0-9 +.()-]{0,20}") {
            if let Ok(phone) = text.parse::<Phone>() {
                prop_assert_eq!(phone.reveal().parse::<Phone>().expect("its own form"), phone.clone());
            }
        }

        #[test]
        fn the_next_birthday_is_within_a_year_and_never_past(birth in -20_000i32..20_000, ahead in 0i32..40_000) {
            let epoch = day("1970-01-01");
            let birth = epoch + chrono::Duration::days(i64::from(birth));
            let today = birth + chrono::Duration::days(i64::from(ahead));
            let person = BirthDate::new(birth);
            let next = person.next_on_or_after(today);
            prop_assert!(next >= today && next <= today + chrono::Duration::days(366));
            // An age changes at most by one from one day to the next, and only forward.
            let tomorrow = today + chrono::Duration::days(1);
            prop_assert!((0..=1).contains(&(person.age_on(tomorrow) - person.age_on(today))));
        }
    }
}
