use std::sync::LazyLock;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::seals::{NamedKey, SealingKey};

const DAYS: u64 = 3;
const A_DAY: u32 = 8;

fn key() -> SealingKey {
    SealingKey::from_seed("ours", &[7; 32]).unwrap()
}

fn trusted() -> Vec<NamedKey> {
    vec![NamedKey { id: Some("ours".to_owned()), key: key().public() }]
}

fn first_day() -> NaiveDate {
    "2026-11-26".parse().unwrap()
}

fn noon() -> DateTime<Utc> {
    "2026-11-26T12:00:00.123456Z".parse().unwrap()
}

fn record(number: u128) -> Record {
    Record {
        id: Uuid::from_u128(number),
        at: noon() + TimeDelta::seconds(i64::try_from(number).unwrap()),
        by: "fatou".to_owned(),
        happening: Happening::new(Action::RoleGranted, "user_1").with("role", "finance"),
        reason: "she has come back".to_owned(),
    }
}

fn head(entry: &Entry) -> Head {
    Head { place: entry.place, hash: entry.hash.as_slice().try_into().unwrap() }
}

/// Some days with as many lines each.
fn trail() -> Vec<Entry> {
    static TRAIL: LazyLock<Vec<Entry>> = LazyLock::new(written);
    TRAIL.clone()
}

fn written() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for day in 0..DAYS {
        for _ in 0..A_DAY {
            let before = entries.last().map(head);
            let today = first_day() + Days::new(day);
            entries.push(append(before.as_ref(), today, &record(entries.len() as u128), &key()).unwrap());
        }
    }
    entries
}

fn read_with(entries: &[Entry], checkpoints: Vec<Checkpoint>) -> Result<u64, Broken> {
    let mut trail = Trail::new(trusted(), checkpoints);
    for day in entries.chunk_by(|a, b| a.place.day == b.place.day) {
        trail.day(day[0].place.day, day)?;
    }
    trail.end().map(|()| trail.lines())
}

fn read(entries: &[Entry]) -> Result<u64, Broken> {
    read_with(entries, Vec::new())
}

/// Gives every line the number that it has where it stands, as somebody would who hides that one is missing.
fn renumber(entries: &mut [Entry]) {
    for day in entries.chunk_by_mut(|a, b| a.place.day == b.place.day) {
        for (entry, number) in day.iter_mut().zip(1..) {
            entry.place.number = number;
        }
    }
}

#[test]
fn a_trail_that_nobody_touched_is_whole_and_says_what_was_done() {
    let entries = trail();
    assert_eq!(read(&entries), Ok(DAYS * u64::from(A_DAY)));
    assert_eq!(entries[3].record(), Some(record(3)));
    assert_eq!(entries[9].place.to_string(), "2026-11-27/2");
    assert_eq!("2026-11-27/2".parse(), Ok(entries[9].place));
    assert_eq!(read(&[]), Ok(0), "nothing has been done yet");
}

#[test]
fn a_clock_that_goes_back_does_not_turn_the_trail_round() {
    let first = append(None, first_day(), &record(1), &key()).unwrap();
    let second = append(Some(&head(&first)), first_day() - Days::new(1), &record(2), &key()).unwrap();
    assert_eq!(second.place, Place { number: 2, ..first.place });
}

#[test]
fn another_key_is_not_believed() {
    let mut entries = trail();
    let theirs = SealingKey::from_seed("ours", &[8; 32]).unwrap();
    let forged = append(Some(&head(&entries[4])), first_day(), &record(99), &theirs).unwrap();
    entries[5] = forged;
    assert_eq!(read(&entries), Err(Broken { place: entries[5].place, fault: Fault::Seal }));
    entries[5].key_id = "theirs".to_owned();
    let unknown = Fault::Key { id: "theirs".to_owned() };
    assert_eq!(read(&entries), Err(Broken { place: entries[5].place, fault: unknown }));
}

#[test]
fn a_key_that_followed_another_goes_on_with_the_trail() {
    let mut entries = trail();
    let next = SealingKey::from_seed("next", &[9; 32]).unwrap();
    let last = entries.last().map(head);
    entries.push(append(last.as_ref(), first_day() + Days::new(2), &record(77), &next).unwrap());
    let mut keys = trusted();
    keys.push(NamedKey { id: Some("next".to_owned()), key: next.public() });
    let read = |entries: &[Entry]| {
        let mut trail = Trail::new(keys.clone(), Vec::new());
        entries
            .chunk_by(|a, b| a.place.day == b.place.day)
            .try_for_each(|day| trail.day(day[0].place.day, day))
    };
    assert_eq!(read(&entries), Ok(()));
    entries[20].line = entries[20].line.replace("finance", "support");
    assert_eq!(read(&entries), Err(Broken { place: entries[20].place, fault: Fault::Seal }));
}

#[test]
fn a_tail_that_was_cut_off_is_seen_by_a_checkpoint() {
    let entries = trail();
    let word = Checkpoint::of(&head(&entries[20]), noon(), &key());
    word.believe(&trusted()).unwrap();
    for left in 0..=entries.len() {
        let answer = read_with(&entries[..left], vec![word.clone()]);
        if left > 20 {
            assert_eq!(answer, Ok(left as u64));
            continue;
        }
        let broken = answer.unwrap_err();
        assert_eq!(broken.fault, Fault::CutOff { until: entries[20].place }, "{left}");
        let last = left.checked_sub(1).map(|last| entries[last].place);
        assert_eq!(broken.place, last.map_or(Place { number: 1, ..entries[20].place }, Place::next));
    }
}

#[test]
fn an_end_that_was_cut_off_is_seen_when_another_day_was_written_after_it() {
    let all = trail();
    let word = Checkpoint::of(&head(&all[7]), noon(), &key());
    let mut left = all[..7].to_vec();
    left.push(append(Some(&head(&all[6])), first_day() + Days::new(1), &record(500), &key()).unwrap());
    assert_eq!(read(&left), Ok(8), "nothing in the trail tells");
    let cut_off = Broken { place: all[7].place, fault: Fault::CutOff { until: all[7].place } };
    assert_eq!(read_with(&left, vec![word]), Err(cut_off));
}

#[test]
fn a_trail_that_was_sealed_anew_is_not_the_one_that_a_checkpoint_knows() {
    let mut entries = trail();
    let word = Checkpoint::of(&head(&entries[5]), noon(), &key());
    // Somebody has the key and writes another history.
    for place in 4..A_DAY as usize {
        let before = head(&entries[place - 1]);
        entries[place] = append(Some(&before), first_day(), &record(1_000 + place as u128), &key()).unwrap();
    }
    let entries = &entries[..A_DAY as usize];
    assert_eq!(read(entries), Ok(u64::from(A_DAY)));
    let known = Fault::Checkpoint { at: noon() };
    assert_eq!(read_with(entries, vec![word]), Err(Broken { place: entries[5].place, fault: known }));
}

#[test]
fn a_checkpoint_is_one_line_of_text_and_any_other_letter_in_it_is_noticed() {
    let word = Checkpoint::of(&head(&trail()[20]), "2026-11-28T15:00:00Z".parse().unwrap(), &key());
    let text = word.to_string();
    assert_eq!(text.parse(), Ok(word));
    for place in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[place] = if changed[place] == b'1' { b'2' } else { b'1' };
        let changed = String::from_utf8(changed).unwrap();
        let believed = changed.parse::<Checkpoint>().and_then(|word| word.believe(&trusted()));
        assert!(believed.is_err(), "{changed}");
    }
}

/// What somebody does to the table who may write there, and has not the key.
#[derive(Clone, Debug)]
enum Tampering {
    /// Another byte in a line.
    Edit {
        at: usize,
        byte: usize,
        with: u8,
    },
    EditSeal {
        at: usize,
        byte: usize,
        bit: u8,
    },
    EditHash {
        at: usize,
        byte: usize,
        bit: u8,
    },
    Delete {
        at: usize,
        renumbered: bool,
    },
    /// A line once more, or one that was made up.
    Insert {
        at: usize,
        of: usize,
    },
    Exchange {
        one: usize,
        other: usize,
        renumbered: bool,
    },
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let lines = trail().len();
    let at = || 0..lines;
    prop_oneof![
        (at(), any::<usize>(), 0x20..0x7f_u8).prop_map(|(at, byte, with)| Tampering::Edit { at, byte, with }),
        (at(), 0..64_usize, 0..8_u8).prop_map(|(at, byte, bit)| Tampering::EditSeal { at, byte, bit }),
        (at(), 0..32_usize, 0..8_u8).prop_map(|(at, byte, bit)| Tampering::EditHash { at, byte, bit }),
        (0..lines - 1, any::<bool>()).prop_map(|(at, renumbered)| Tampering::Delete { at, renumbered }),
        (at(), at()).prop_map(|(at, of)| Tampering::Insert { at, of }),
        (at(), at(), any::<bool>()).prop_map(|(one, other, renumbered)| Tampering::Exchange {
            one,
            other,
            renumbered
        }),
    ]
}

/// Does it, and says which line is the first that is wrong; none when nothing was changed.
fn tamper(entries: &mut Vec<Entry>, tampering: &Tampering) -> Option<Place> {
    let was = entries.clone();
    match *tampering {
        Tampering::Edit { at, byte, with } => {
            let mut bytes = entries[at].line.clone().into_bytes();
            let byte = byte % bytes.len();
            bytes[byte] = with;
            entries[at].line = String::from_utf8(bytes).unwrap();
        }
        Tampering::EditSeal { at, byte, bit } => entries[at].seal[byte] ^= 1 << bit,
        Tampering::EditHash { at, byte, bit } => entries[at].hash[byte] ^= 1 << bit,
        Tampering::Delete { at, renumbered } => {
            entries.remove(at);
            if renumbered {
                renumber(entries);
            }
        }
        Tampering::Insert { at, of } => {
            let again = Entry { place: entries[at].place, ..entries[of].clone() };
            entries.insert(at, again);
            renumber(entries);
        }
        Tampering::Exchange { one, other, renumbered } => {
            let (place, with) = (entries[one].place, entries[other].place);
            entries.swap(one, other);
            if renumbered {
                (entries[one].place, entries[other].place) = (place, with);
            }
        }
    }
    // The database gives them in the order of their places.
    entries.sort_by_key(|entry| entry.place);
    let first = (0..was.len().max(entries.len())).find(|place| was.get(*place) != entries.get(*place))?;
    let (fewer, more) = if entries.len() > was.len() { (&was, &*entries) } else { (&*entries, &was) };
    more.get(first).or(fewer.get(first)).map(|entry| entry.place)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_is_tampered_with_the_first_wrong_line_is_named(tampering in tampering()) {
        let mut entries = trail();
        let first = tamper(&mut entries, &tampering);
        prop_assert_eq!(read(&entries).err().map(|broken| broken.place), first);
    }
}
