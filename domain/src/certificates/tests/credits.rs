//! The same for the second format, and what only that one can have wrong.

use std::collections::BTreeSet;

use super::super::chain;
use super::super::lines::{Bearer, Line, Mark, WITH_CREDITS, What};
use super::super::verify::{AFTER_SEAL, BEFORE_SEAL};
use super::*;
use crate::seals::Seal;

const TWO: &[i64] = &[1_000, 3_000];

fn certificate() -> String {
    write(&facts_with_credits(pot(1), FIVE, TWO), &key("ours")).unwrap().document
}

/// Lines that are sealed by our own key, whatever they say: what a writer of ours would make that had gone wrong.
fn sealed(lines: &[Line]) -> String {
    use base64::Engine as _;
    let mut chain = chain(pot(1));
    let texts = lines.iter().zip(1..).map(|(line, number)| {
        let body = Line { line: number, ..line.clone() }.body().unwrap();
        let hash = chain.to_be_sealed(&body);
        let seal: Seal = key("ours").seal(&hash);
        chain = chain.after(&hash, &seal);
        let letters = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(seal);
        format!("{}{BEFORE_SEAL}{letters}{AFTER_SEAL}", body.strip_suffix('}').unwrap())
    });
    joined(&texts.collect::<Vec<_>>())
}

/// The lines of a certificate without their seals.
fn lines_of(document: &str) -> Vec<Line> {
    let bare = |text: &String| format!("{}}}", text.rsplit_once(BEFORE_SEAL).unwrap().0);
    parted(document).iter().map(|text| Line::read(&bare(text)).unwrap()).collect()
}

/// A certificate whose lines somebody who has our key has changed.
fn changed(document: &str, change: impl FnOnce(&mut Vec<Line>)) -> (u64, Wrong) {
    let mut lines = lines_of(document);
    change(&mut lines);
    line_of(&sealed(&lines))
}

fn say_of_credits(lines: &mut [Line], credits: Option<i64>) {
    let Some(Line { what: What::Closing(closing), .. }) = lines.last_mut() else { panic!("no closing") };
    closing.credits = credits.map(Xof::new);
}

#[test]
fn credits_stand_after_the_opening_and_in_the_sums() {
    let document = certificate();
    let verified = read(&document).unwrap();
    let Totals { gift_count, gifts, credits, fees, refunds, payout, .. } = verified.totals;
    assert_eq!((gift_count, gifts.francs(), credits.francs()), (5, 26_050, 4_000));
    assert_eq!(payout.francs() + fees.francs() + refunds.francs(), 26_050 + 4_000);
    let value: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(value[0]["format"], 2);
    let kinds: Vec<_> = (1..4).map(|line| value[line]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["credit", "credit", "gift"]);
    let amounts: BTreeSet<_> = (1..3).map(|line| value[line]["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, BTreeSet::from([1_000, 3_000]));
    assert_eq!(value[1]["borne_by"], "wolo");
    assert_eq!(value[value.as_array().unwrap().len() - 1]["credits"], 4_000);
    assert_eq!(sealed(&lines_of(&document)), document, "it is sealed as the first format is");
    // Nothing leads from a mark to the conversion.
    assert!(!document.contains("cnv_"));
}

#[test]
fn a_pot_with_nothing_but_credit_has_a_certificate() {
    let verified =
        read(&write(&facts_with_credits(pot(1), &[], TWO), &key("ours")).unwrap().document).unwrap();
    assert_eq!((verified.totals.gifts, verified.totals.payout.francs()), (Xof::ZERO, 4_000));
}

#[test]
fn credits_in_any_order_are_the_same_bytes() {
    let (facts, mut turned) = (facts_with_credits(pot(1), FIVE, TWO), facts_with_credits(pot(1), FIVE, TWO));
    turned.credits.reverse();
    assert_eq!(write(&facts, &key("ours")), write(&turned, &key("ours")));
}

#[test]
fn a_pot_without_credits_is_written_in_the_first_format_and_says_nothing_of_them() {
    let document = written(pot(1), FIVE);
    assert!(document.starts_with("[{\"line\":1,\"kind\":\"opening\",\"format\":1,"), "{document}");
    assert!(!document.contains("credit"));
}

#[test]
fn credits_that_do_not_add_up_are_not_written() {
    let right = facts_with_credits(pot(1), FIVE, TWO);
    let mut twice = right.credits.clone();
    twice.push(twice[0].clone());
    let nothing = vec![Credit { amount: Xof::ZERO, ..right.credits[0].clone() }];
    for (credits, expected) in [
        (Vec::new(), "gifts of 26 050 XOF are not the payout"),
        (right.credits[1..].to_vec(), "and credits of 3 000 XOF are not the payout"),
        (twice, "its mark does not come after"),
        (nothing, "not more than nothing"),
    ] {
        let refused = write(&Facts { credits, ..right.clone() }, &key("ours")).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn a_credit_in_the_first_format_is_refused_though_our_key_has_sealed_it() {
    let credit = lines_of(&certificate())[1].clone();
    let put_in = changed(&written(pot(1), FIVE), |lines| lines.insert(1, credit));
    assert_eq!(put_in, (2, Wrong::Place { kind: "credit" }));
    for credits in [0, 4_000] {
        let (line, wrong) = changed(&written(pot(1), FIVE), |lines| {
            say_of_credits(lines, Some(credits));
        });
        assert_eq!((line, wrong), (parted(&written(pot(1), FIVE)).len() as u64, Wrong::Credits));
    }
    let relabelled = changed(&certificate(), |lines| {
        let What::Opening(opening) = &mut lines[0].what else { panic!("no opening") };
        opening.format = 1;
    });
    assert_eq!(relabelled, (2, Wrong::Place { kind: "credit" }));
}

#[test]
fn the_second_format_says_what_its_credits_come_to() {
    let last = parted(&certificate()).len() as u64;
    let missing = changed(&certificate(), |lines| say_of_credits(lines, None));
    assert_eq!(missing, (last, Wrong::Credits));
    let (line, wrong) = changed(&certificate(), |lines| say_of_credits(lines, Some(4_001)));
    assert_eq!(
        (line, wrong.to_string()),
        (last, "it says 4001 for the credits, and the lines make 4000".into())
    );
    // What has none is written in the first format, and in no second way.
    let empty = changed(&written(pot(1), FIVE), |lines| {
        let What::Opening(opening) = &mut lines[0].what else { panic!("no opening") };
        opening.format = WITH_CREDITS;
        say_of_credits(lines, Some(0));
    });
    assert_eq!(empty, (parted(&written(pot(1), FIVE)).len() as u64, Wrong::Credits));
}

#[test]
fn a_credit_stands_once_and_in_its_place_though_our_key_has_sealed_it() {
    let doubled = changed(&certificate(), |lines| lines.insert(2, lines[1].clone()));
    assert_eq!(doubled, (3, Wrong::OrderOfCredits));
    assert_eq!(changed(&certificate(), |lines| lines.swap(1, 2)), (3, Wrong::OrderOfCredits));
    assert_eq!(changed(&certificate(), |lines| lines.swap(2, 3)), (4, Wrong::Place { kind: "credit" }));
    let gone = changed(&certificate(), |lines| drop(lines.remove(1)));
    assert!(matches!(gone.1, Wrong::Sum { .. }), "{gone:?}");
}

#[test]
fn another_way_to_write_a_credit_is_wrong() {
    let document = certificate();
    for (from, to) in [
        ("\"borne_by\":\"wolo\"", "\"borne_by\":\"Wolo\""),
        (",\"borne_by\":\"wolo\"", ""),
        ("\"kind\":\"credit\"", "\"kind\":\"credit\",\"note\":1"),
    ] {
        let other = document.replacen(from, to, 1);
        assert_ne!(other, document);
        assert_eq!(line_of(&other), (2, Wrong::Form), "{to}");
    }
    // Nothing instead of an amount is a second way to leave it out.
    let null = written(pot(1), FIVE).replacen("\"fees\":", "\"credits\":null,\"fees\":", 1);
    assert_eq!(line_of(&null).1, Wrong::Form);
}

#[test]
fn francs_that_a_forger_has_added_to_a_credit_do_not_help() {
    let forged = certificate()
        .replace("\"amount\":3000", "\"amount\":4000")
        .replace("\"amount\":27314", "\"amount\":28314")
        .replace("\"credits\":4000", "\"credits\":5000")
        .replace("\"payout\":27314", "\"payout\":28314");
    let (line, wrong) = line_of(&forged);
    assert_eq!(wrong, Wrong::Seal);
    assert!((2..=3).contains(&line), "{line}");
}

#[test]
fn whoever_has_a_conversions_id_finds_its_line() {
    let conversion = ConversionId::from_uuid(Uuid::from_u128(1));
    let mark = serde_json::to_string(&Mark::of_credit(pot(1), conversion)).unwrap();
    let what = format!(
        "\"mark\":{mark},\"amount\":3000,\"borne_by\":{}",
        serde_json::to_string(&Bearer::Wolo).unwrap()
    );
    assert!(certificate().contains(&what), "{what}");
    assert_ne!(Mark::of_credit(pot(1), conversion), Mark::of_credit(pot(2), conversion));
}
