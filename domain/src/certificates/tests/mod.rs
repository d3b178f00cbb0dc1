//! A certificate is forged here in every way that we could think of.

mod credits;

use aws_lc_rs::signature::Ed25519KeyPair;
use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::ids::{ConversionId, DonationId, PotId};
use crate::money::Xof;
use crate::seals::{KeyError, NamedKey, SealingKey, read_keys};

fn key(name: &str) -> SealingKey {
    let mut seed = [7; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    let made = SealingKey::from_seed(name, &seed).unwrap();
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let read = SealingKey::from_pkcs8(name, pair.to_pkcs8().unwrap().as_ref()).unwrap();
    assert_eq!(made.public(), read.public());
    made
}

fn pot(number: u128) -> PotId {
    PotId::from_uuid(Uuid::from_u128(number))
}

fn gift(number: u32, amount: i64, fee: i64, refund: i64) -> Gift {
    Gift {
        donation: DonationId::from_uuid(Uuid::from_u128(1_000 + u128::from(number))),
        amount: Xof::new(amount),
        transaction: format!("T_{number}"),
        paid_at: DateTime::from_timestamp(1_790_000_000 + i64::from(number), 0).unwrap(),
        fee: Xof::new(fee),
        refund: Xof::new(refund),
    }
}

/// Gifts of so much each, one per cent of which Wave keeps; every third came too late and went back.
fn facts(pot: PotId, amounts: &[i64]) -> Facts {
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let gifts: Vec<_> = (0..)
        .zip(amounts)
        .map(|(number, &amount)| match number % 3 {
            2 => gift(number, amount, 0, amount),
            _ => gift(number, amount, (amount + 99) / 100, 0),
        })
        .collect();
    let left: i64 =
        gifts.iter().map(|gift| gift.amount.francs() - gift.fee.francs() - gift.refund.francs()).sum();
    let payout = (left > 0).then(|| Paid {
        amount: Xof::new(left),
        transaction: "pt-1".to_owned(),
        fee: Xof::new(left / 100),
    });
    let (opened_at, closed_at, settled_at) = (at(1_789_000_000), at(1_791_000_000), at(1_791_030_000));
    Facts { pot, year: 2026, opened_at, closed_at, settled_at, credits: Vec::new(), gifts, payout }
}

/// The same with credits of so much each, which are paid out too.
fn facts_with_credits(pot: PotId, amounts: &[i64], credits: &[i64]) -> Facts {
    let facts = facts(pot, amounts);
    let credited: i64 = credits.iter().sum();
    let paid =
        facts.payout.unwrap_or(Paid { amount: Xof::ZERO, transaction: "pt-1".to_owned(), fee: Xof::ZERO });
    let payout = Some(Paid { amount: Xof::new(paid.amount.francs() + credited), ..paid });
    let credit = |(number, &amount): (u128, &i64)| Credit {
        conversion: ConversionId::from_uuid(Uuid::from_u128(number)),
        amount: Xof::new(amount),
    };
    Facts { credits: (0..).zip(credits).map(credit).collect(), payout, ..facts }
}

fn written(pot: PotId, amounts: &[i64]) -> String {
    write(&facts(pot, amounts), &key("ours")).unwrap().document
}

/// One of each format.
fn both(pot: PotId) -> [String; 2] {
    let with_credits = write(&facts_with_credits(pot, FIVE, &[1_000, 3_000, 1_000]), &key("ours")).unwrap();
    [written(pot, FIVE), with_credits.document]
}

fn ours() -> Trust {
    Trust::Keys(vec![NamedKey { id: Some("ours".to_owned()), key: key("ours").public() }])
}

fn read(document: &str) -> Result<Verified, CertificateError> {
    verify(document.as_bytes(), &ours())
}

fn line_of(document: &str) -> (u64, Wrong) {
    match read(document) {
        Err(CertificateError::Line { line, wrong }) => (line, wrong),
        other => panic!("{other:?}"),
    }
}

/// The lines without what parts them, and back.
fn parted(document: &str) -> Vec<String> {
    let bare = document.strip_prefix('[').and_then(|rest| rest.strip_suffix("]\n")).unwrap();
    bare.split(",\n").map(str::to_owned).collect()
}

fn joined(lines: &[String]) -> String {
    format!("[{}]\n", lines.join(",\n"))
}

/// The same line under another number, as a forger would write it who cannot seal.
fn renumbered(line: &str, number: usize) -> String {
    let rest = line.split_once(',').unwrap().1;
    format!("{{\"line\":{number},{rest}")
}

const FIVE: &[i64] = &[5_000, 10_000, 2_500, 7_500, 1_050];

#[test]
fn what_is_written_verifies_and_adds_up() {
    let document = written(pot(1), FIVE);
    let verified = read(&document).unwrap();
    assert_eq!((verified.pot, verified.year, verified.key_id.as_str()), (pot(1), 2026, "ours"));
    let Totals { gift_count, gifts, credits, fees, refunds, payout, payout_fee } = verified.totals;
    assert_eq!((gift_count, gifts.francs(), refunds.francs()), (5, 26_050, 2_500));
    assert_eq!(credits, Xof::ZERO);
    assert_eq!((fees.francs(), payout.francs(), payout_fee.francs()), (50 + 100 + 75 + 11, 23_314, 233));
    assert_eq!(verified.lines, parted(&document).len() as u64);
    // It is a JSON document like any other, and holds nothing but ids, amounts and times.
    let value: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(value.as_array().unwrap().len(), 1 + 5 + 4 + 1 + 2 + 1);
    assert_eq!(value[0]["kind"], "opening");
    assert_eq!(value[1]["transaction"], "T_0");
}

#[test]
fn the_same_facts_in_any_order_are_the_same_bytes() {
    let (facts, mut turned) = (facts(pot(1), FIVE), facts(pot(1), FIVE));
    turned.gifts.reverse();
    assert_eq!(write(&facts, &key("ours")), write(&turned, &key("ours")));
}

#[test]
fn a_pot_to_which_nobody_gave_has_a_certificate_too() {
    let verified = read(&written(pot(1), &[])).unwrap();
    assert_eq!((verified.lines, verified.totals), (2, Totals::default()));
}

#[test]
fn what_does_not_add_up_is_not_written() {
    let right = facts(pot(1), FIVE);
    let paid = right.payout.clone().unwrap();
    let with = |gifts: Vec<Gift>| Facts { gifts, ..right.clone() };
    let mut twice = right.gifts.clone();
    twice.push(twice[0].clone());
    let mut one_payment = right.gifts.clone();
    one_payment[1].transaction = one_payment[0].transaction.clone();
    for (facts, expected) in [
        (Facts { payout: None, ..right.clone() }, "gifts of 26 050 XOF are not the payout"),
        (
            Facts { payout: Some(Paid { amount: Xof::new(23_315), ..paid.clone() }), ..right.clone() },
            "which are 26 051 XOF",
        ),
        (with(right.gifts[1..].to_vec()), "are not the payout"),
        (with(twice), "not later than the gift before it"),
        (with(one_payment), "Wave's transaction T_0 stands"),
        (with(vec![gift(0, 5_000, 5_001, 0)]), "more was taken from the gift"),
        (with(vec![gift(0, 5_000, 50, 5_000)]), "more was taken from the gift"),
        (with(vec![gift(0, 0, 0, 0)]), "not more than nothing"),
        (with(vec![gift(0, 100, -5, 0)]), "not more than nothing"),
        (with(vec![gift(0, i64::MAX, 0, 0), gift(1, 1, 0, 0)]), "larger than any amount"),
    ] {
        let refused = write(&facts, &key("ours")).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn a_line_that_was_taken_out_swapped_doubled_or_put_in_is_named_at_its_place() {
    for (ours, theirs) in both(pot(1)).iter().zip(&both(pot(2))) {
        every_line_is_moved(&parted(ours), &parted(theirs));
    }
}

fn every_line_is_moved(lines: &[String], other: &[String]) {
    for place in 0..lines.len() {
        let mut cut = lines.to_vec();
        cut.remove(place);
        let mut doubled = lines.to_vec();
        doubled.insert(place, lines[place].clone());
        let mut foreign = lines.to_vec();
        foreign[place] = other[place].clone();
        let mut put_in = lines.to_vec();
        put_in.insert(place, other[place].clone());
        // Where nothing else was touched, the number tells; where the numbers were written anew, the seals do.
        for (changed, first) in [(cut, place), (doubled, place + 1), (foreign, place), (put_in, place)] {
            let anew: Vec<_> =
                changed.iter().zip(1..).map(|(line, number)| renumbered(line, number)).collect();
            for document in [joined(&changed), joined(&anew)] {
                match read(&document) {
                    // Without its own opening it is no certificate, or another one's.
                    Err(CertificateError::NotACertificate) => assert_eq!(first, 0),
                    Err(CertificateError::Line { line, .. }) if first == 0 => assert!(line <= 2, "{line}"),
                    Err(CertificateError::Line { line, .. }) => assert_eq!(line, first as u64 + 1),
                    other => panic!("place {place}: {other:?}"),
                }
            }
        }
        for to in place + 1..lines.len() {
            let mut swapped = lines.to_vec();
            swapped.swap(place, to);
            let anew: Vec<_> =
                swapped.iter().zip(1..).map(|(line, number)| renumbered(line, number)).collect();
            if place > 0 {
                assert_eq!(line_of(&joined(&swapped)).0, place as u64 + 1);
                assert_eq!(line_of(&joined(&anew)).0, place as u64 + 1);
            } else {
                assert!(read(&joined(&swapped)).is_err() && read(&joined(&anew)).is_err());
            }
        }
    }
}

#[test]
fn a_tail_that_was_cut_off_is_missed() {
    for document in &both(pot(1)) {
        every_tail_is_cut_off(document);
    }
}

fn every_tail_is_cut_off(document: &str) {
    let lines = parted(document);
    for left in 1..lines.len() {
        let expected = (left as u64 + 1, Wrong::Missing);
        // Cut with scissors, and cut by somebody who knows how a list ends.
        assert_eq!(line_of(&format!("[{},\n", lines[..left].join(",\n"))), expected);
        assert_eq!(line_of(&joined(&lines[..left])), expected);
    }
    let last = lines.len() as u64;
    assert_eq!(line_of(document.trim_end()), (last, Wrong::Form));
    let open_ended = document.replace("]\n", ",\n");
    assert_ne!(open_ended, document);
    assert_eq!(line_of(&open_ended), (last, Wrong::Form), "as if more came");
    assert_eq!(line_of(&format!("{document}\n")), (last, Wrong::Form));
    assert_eq!(line_of(&format!("{document}{document}")), (last, Wrong::Form));
}

#[test]
fn sums_that_a_forger_computed_anew_do_not_help() {
    let document = written(pot(1), FIVE);
    // The second gift is larger now, and so are the payout and the sums: it adds up, and is sealed by nobody.
    let forged = document
        .replace("\"amount\":10000", "\"amount\":11000")
        .replace("\"amount\":23314", "\"amount\":24314")
        .replace("\"gifts\":26050", "\"gifts\":27050")
        .replace("\"payout\":23314", "\"payout\":24314");
    assert_eq!(line_of(&forged), (4, Wrong::Seal));
    // The sums alone.
    let (line, wrong) = line_of(&document.replace("\"gifts\":26050", "\"gifts\":26051"));
    assert_eq!(line, parted(&document).len() as u64);
    assert_eq!(wrong.to_string(), "it says 26051 for the gifts, and the lines make 26050");
}

#[test]
fn a_forger_with_a_key_of_their_own_is_known_by_it() {
    let forged = write(&facts(pot(1), FIVE), &key("theirs")).unwrap().document;
    let theirs = verify(forged.as_bytes(), &Trust::ItsOwnKey).unwrap();
    assert_eq!(theirs.key, key("theirs").public());
    assert_eq!(line_of(&forged), (1, Wrong::Key { id: "theirs".to_owned() }));
    // Under our name, and then with our public key, to which no seal of theirs fits.
    let renamed = forged.replace("\"key_id\":\"theirs\"", "\"key_id\":\"ours\"");
    assert_eq!(line_of(&renamed), (1, Wrong::Key { id: "ours".to_owned() }));
    let disguised = renamed.replace(&key("theirs").public().to_string(), &key("ours").public().to_string());
    assert_eq!(line_of(&disguised), (1, Wrong::Seal));
    // Our opening, their lines.
    let mut mixed = parted(&forged);
    mixed[0] = parted(&written(pot(1), FIVE))[0].clone();
    assert_eq!(line_of(&joined(&mixed)), (2, Wrong::Seal));
}

#[test]
fn another_way_to_write_the_same_is_wrong() {
    let document = written(pot(1), FIVE);
    for (from, to) in [
        ("\"amount\":5000", "\"amount\":5000.0"),
        ("\"amount\":5000", "\"amount\": 5000"),
        ("\"amount\":5000", "\"amount\":5e3"),
        ("\"amount\":5000", "\"amount\":5000,\"amount\":5000"),
        ("\"amount\":5000", "\"amount\":5000,\"note\":\"\""),
        ("\"transaction\":\"T_0\"", "\"transaction\":\"T\\u005f0\""),
        ("\"line\":2,\"kind\":\"gift\"", "\"kind\":\"gift\",\"line\":2"),
    ] {
        let other = document.replacen(from, to, 1);
        assert_ne!(other, document);
        assert_eq!(line_of(&other), (2, Wrong::Form), "{to}");
    }
    let padded = document.replacen("\"}", "=\"}", 1);
    assert_eq!(line_of(&padded), (1, Wrong::Form));
}

#[test]
fn what_is_no_certificate_or_one_of_tomorrow_is_not_read() {
    for text in ["", "[]\n", "{}", "null", "[{\"line\":1}]\n", "\u{feff}[{\"line\":1"] {
        assert_eq!(read(text), Err(CertificateError::NotACertificate), "{text:?}");
    }
    let tomorrow = written(pot(1), &[]).replacen("\"format\":1", "\"format\":3", 1);
    assert_eq!(read(&tomorrow), Err(CertificateError::OtherFormat));
}

#[test]
fn keys_are_read_from_a_set_or_from_digits_and_from_nothing_else() {
    let public = key("ours").public();
    let set = format!(
        r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"AA"}},{{"kty":"OKP","crv":"Ed25519","kid":"ours","x":"{public}"}}]}}"#
    );
    assert_eq!(read_keys(&set), Ok(vec![NamedKey { id: Some("ours".to_owned()), key: public }]));
    let digits = hex::encode(public.bytes());
    assert_eq!(read_keys(&format!("{digits}\n")), Ok(vec![NamedKey { id: None, key: public }]));
    assert_eq!(read_keys("{\"keys\":[]}"), Err(KeyError::Empty));
    for text in ["", "ours", "[]", &digits[1..]] {
        assert_eq!(read_keys(text), Err(KeyError::NotPublic), "{text}");
    }
    assert_eq!(SealingKey::from_pkcs8("x", b"no key").unwrap_err(), KeyError::NotPrivate);
    // A key that has another name is another key.
    let renamed = Trust::Keys(vec![NamedKey { id: Some("former".to_owned()), key: public }]);
    let document = written(pot(1), &[]);
    assert!(verify(document.as_bytes(), &renamed).is_err());
    let nameless = Trust::Keys(read_keys(&digits).unwrap());
    assert!(verify(document.as_bytes(), &nameless).is_ok());
}

proptest! {
    /// A byte that is another one, one that is gone, or one too many: the line that has it is named, or it is no
    /// certificate any more. Which line has a byte is what an editor says: a line's end belongs to it.
    #[test]
    fn any_byte_that_is_changed_is_found_in_its_line(
        amounts in prop::collection::vec(100_i64..1_000_000, 0..8),
        credits in prop::collection::vec(100_i64..1_000_000, 0..4),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        how in 0..3_u8,
    ) {
        let document = if credits.is_empty() {
            written(pot(1), &amounts)
        } else {
            write(&facts_with_credits(pot(1), &amounts, &credits), &key("ours")).unwrap().document
        };
        let document = document.into_bytes();
        let place = place.index(document.len());
        let mut changed = document.clone();
        match how {
            0 => changed[place] = byte,
            1 => drop(changed.remove(place)),
            _ => changed.insert(place, byte),
        }
        if changed == document {
            return Ok(());
        }
        // Of equal bytes in a row it is not to be seen which one went, so the first difference counts.
        let first = changed.iter().zip(&document).position(|(a, b)| a != b).unwrap_or(document.len() - 1);
        let line = document[..first].split(|byte| *byte == b'\n').count() as u64;
        for trust in [ours(), Trust::ItsOwnKey] {
            match verify(&changed, &trust) {
                Err(CertificateError::Line { line: named, .. }) => prop_assert_eq!(named, line),
                Err(_) => prop_assert_eq!(line, 1),
                Ok(_) => prop_assert!(false, "a changed certificate was believed"),
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(verify(&bytes, &Trust::ItsOwnKey).is_err());
    }
}

/// `cargo test --release -p wolo-domain -- --ignored --nocapture a_hundred_thousand_gifts`
#[test]
#[ignore = "prints how long it takes; worth something in a release build alone"]
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn a_certificate_of_a_hundred_thousand_gifts_is_written_and_read_in_seconds() {
    use std::time::Instant;

    let amounts: Vec<i64> = (0..100_000).map(|number| 100 + number % 50_000).collect();
    let facts = facts(pot(1), &amounts);
    let began = Instant::now();
    let certificate = write(&facts, &key("ours")).unwrap();
    let took = began.elapsed();
    println!("written: {} lines, {} bytes, {took:?}", certificate.lines, certificate.document.len());
    let began = Instant::now();
    read(&certificate.document).unwrap();
    println!("verified: {:?}", began.elapsed());
    let forged = certificate.document.replacen("\"amount\":149,", "\"amount\":148,", 1);
    let began = Instant::now();
    let found = read(&forged).unwrap_err();
    println!("a forgery found: {found} ({:?})", began.elapsed());
}
