use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::payouts::PayoutOrder;
use crate::reconciliation::LineType;

fn noon() -> DateTime<Utc> {
    "2031-03-01T12:00:00Z".parse().expect("an instant")
}

fn gift_id(number: u128) -> DonationId {
    DonationId::from_uuid(Uuid::from_u128(number))
}

fn payout_id(number: u128) -> PayoutId {
    PayoutId::from_uuid(Uuid::from_u128(number))
}

/// A gift of 5,000 francs, on the page `cos-<number>`, paid by `T<number>` if it was.
fn gift(number: u128, stage: DonationStage) -> Gift {
    let paid = !matches!(stage, DonationStage::Requested | DonationStage::Expired);
    Gift {
        id: gift_id(number),
        stage,
        session: Some(format!("cos-{number}")),
        payment: paid.then(|| Payment { wave_id: format!("T{number}"), amount: Xof::new(5_000) }),
        fee: None,
        refunded_by: None,
    }
}

/// A payout of 9,900 francs for 99.
fn payout(number: u128, stage: PayoutStage) -> PaidOut {
    PaidOut {
        id: payout_id(number),
        stage,
        amount: Xof::new(9_900),
        fee: (stage == PayoutStage::Succeeded).then(|| Xof::new(99)),
        paid_by: None,
        reversed_by: None,
    }
}

fn line(wave_id: &str, kind: LineType, amount: i64, fee: i64) -> Line {
    Line {
        wave_id: wave_id.to_owned(),
        kind,
        at: noon(),
        amount: Xof::new(amount),
        fee: Some(Xof::new(fee)),
        in_francs: true,
        is_reversal: false,
        reference: Reference::None,
        session: None,
    }
}

/// The line of a gift's payment, with all its names.
fn paid(number: u128) -> Line {
    Line {
        reference: Reference::Gift(gift_id(number)),
        session: Some(format!("cos-{number}")),
        ..line(&format!("T{number}"), LineType::ApiCheckout, 4_950, 50)
    }
}

fn given_back_line(number: u128) -> Line {
    Line {
        is_reversal: true,
        ..Line { wave_id: format!("R{number}"), kind: LineType::ApiCheckoutRefund, ..paid(number) }
    }
    .turned()
}

fn sent(number: u128) -> Line {
    let order = PayoutOrder::first(payout_id(number));
    Line {
        reference: Reference::Order(order),
        ..line(&format!("P{number}"), LineType::ApiPayout, -9_999, 99)
    }
}

impl Line {
    fn turned(self) -> Self {
        Self { amount: -self.amount, fee: self.fee.map(|fee| -fee), ..self }
    }
}

fn judge(gifts: Vec<Gift>, payouts: Vec<PaidOut>, line: &Line) -> Verdict {
    Books::new(gifts, payouts, vec![]).judge(line, noon())
}

/// The kind of a discrepancy and what it does to the suspense account.
fn odd_one(verdict: &Verdict) -> (DiscrepancyKind, i64) {
    match verdict {
        Verdict::Odd { kind, suspense, .. } => (*kind, suspense.francs()),
        other => panic!("not odd: {other:?}"),
    }
}

#[test]
fn a_gift_is_matched_by_any_of_its_names_and_brings_its_fee() {
    let matched = Verdict::Matched { subject: Subject::Gift(gift_id(1)), fee: Some(Xof::new(50)) };
    for line in [
        paid(1),
        Line { session: None, ..paid(1) },
        Line { reference: Reference::None, ..paid(1) },
        Line { reference: Reference::None, session: None, ..paid(1) },
        Line { kind: LineType::Unknown, ..paid(1) },
    ] {
        assert_eq!(judge(vec![gift(1, DonationStage::Confirmed)], vec![], &line), matched, "{line:?}");
    }
    let booked = Gift { fee: Some(Xof::new(50)), ..gift(1, DonationStage::Confirmed) };
    let again = Verdict::Matched { subject: Subject::Gift(gift_id(1)), fee: None };
    assert_eq!(judge(vec![booked], vec![], &paid(1)), again);
    assert_eq!(judge(vec![gift(1, DonationStage::Suspended)], vec![], &paid(1)), matched);
    for stage in [DonationStage::RefundDue, DonationStage::Refunded] {
        assert_eq!(judge(vec![gift(1, stage)], vec![], &paid(1)), again, "{stage}");
    }
}

#[test]
fn a_paid_line_of_a_gift_that_waits_makes_its_process_ask() {
    for stage in [DonationStage::Requested, DonationStage::Expired] {
        let repair = |in_vain| Verdict::Repair { gift: gift_id(1), in_vain };
        assert_eq!(judge(vec![gift(1, stage)], vec![], &paid(1)), repair(false));
        let Line { wave_id, kind, amount, .. } = paid(1);
        let asked = Seen { wave_id, kind, amount, asked: true, taken_back: false };
        let mut books = Books::new(vec![gift(1, stage)], vec![], vec![asked]);
        let young = noon() - chrono::TimeDelta::seconds(1);
        assert_eq!(books.judge(&paid(1), young), repair(false), "it may just be settled");
        let verdict = books.judge(&paid(1), noon());
        assert_eq!(verdict, repair(true));
        assert_eq!(verdict.discrepancy(), Some(DiscrepancyKind::GiftNotSettled));
    }
}

#[test]
fn names_that_lead_to_different_things_are_a_discrepancy() {
    use DiscrepancyKind::NamesDisagree;
    let confirmed = |number| gift(number, DonationStage::Confirmed);
    let to_two = Line { reference: Reference::Gift(gift_id(2)), ..paid(1) };
    assert_eq!(odd_one(&judge(vec![confirmed(1), confirmed(2)], vec![], &to_two)), (NamesDisagree, 0));
    for elsewhere in
        [Reference::Foreign, Reference::Gift(gift_id(9)), Reference::Order(PayoutOrder::first(payout_id(1)))]
    {
        let line = Line { reference: elsewhere, ..paid(1) };
        assert_eq!(odd_one(&judge(vec![confirmed(1)], vec![], &line)), (NamesDisagree, 0), "{line:?}");
    }
    // A payment that is booked nowhere, between two gifts that have theirs.
    let stray = Line { wave_id: "T7".to_owned(), reference: Reference::Gift(gift_id(2)), ..paid(1) };
    assert_eq!(odd_one(&judge(vec![confirmed(1), confirmed(2)], vec![], &stray)), (NamesDisagree, 4_950));
    // One of them still waits for its payment, and its process may take this one.
    let waits = gift(1, DonationStage::Requested);
    assert_eq!(odd_one(&judge(vec![waits, confirmed(2)], vec![], &stray)), (NamesDisagree, 0));
    let other_page = Line { session: Some("cos-9".to_owned()), ..paid(1) };
    assert_eq!(odd_one(&judge(vec![confirmed(1)], vec![], &other_page)), (NamesDisagree, 0));
}

#[test]
fn a_second_payment_of_a_gift_is_nobodys_money() {
    use DiscrepancyKind::SecondPayment;
    let again = Line { wave_id: "T7".to_owned(), ..paid(1) };
    assert_eq!(
        odd_one(&judge(vec![gift(1, DonationStage::Confirmed)], vec![], &again)),
        (SecondPayment, 4_950)
    );
    let page = Line { session: Some("cos-9".to_owned()), ..again };
    assert_eq!(
        odd_one(&judge(vec![gift(1, DonationStage::Requested)], vec![], &page)),
        (SecondPayment, 4_950)
    );
}

#[test]
fn amounts_and_fees_are_compared_to_the_franc() {
    use DiscrepancyKind::{AmountDiffers, FeeDiffers, FeeMissing};
    let confirmed = || vec![gift(1, DonationStage::Confirmed)];
    let less = Line { amount: Xof::new(4_949), ..paid(1) };
    assert_eq!(odd_one(&judge(confirmed(), vec![], &less)), (AmountDiffers, 0));
    let none = Line { fee: None, ..paid(1) };
    assert_eq!(odd_one(&judge(confirmed(), vec![], &none)), (FeeMissing, 0));
    let booked = vec![Gift { fee: Some(Xof::new(49)), ..gift(1, DonationStage::Confirmed) }];
    assert_eq!(odd_one(&judge(booked, vec![], &paid(1))), (FeeDiffers, 0));
    for (amount, fee) in [(5_001, -1), (-1, 5_001)] {
        let impossible = Line { amount: Xof::new(amount), fee: Some(Xof::new(fee)), ..paid(1) };
        assert_eq!(odd_one(&judge(confirmed(), vec![], &impossible)), (FeeDiffers, 0));
    }
    let succeeded = || vec![payout(1, PayoutStage::Succeeded)];
    let more = Line { amount: Xof::new(-10_000), ..sent(1) };
    assert_eq!(odd_one(&judge(vec![], succeeded(), &more)), (AmountDiffers, 0));
    let dearer = Line { fee: Some(Xof::new(100)), ..sent(1) };
    assert_eq!(odd_one(&judge(vec![], succeeded(), &dearer)), (FeeDiffers, 0));
    let huge = Line { amount: Xof::new(i64::MAX), ..paid(1) };
    assert_eq!(odd_one(&judge(confirmed(), vec![], &huge)), (AmountDiffers, 0));
}

#[test]
fn a_refund_is_matched_with_or_without_its_fee() {
    let refunded = || vec![gift(1, DonationStage::Refunded)];
    let matched = Verdict::Matched { subject: Subject::Refund(gift_id(1)), fee: None };
    let whole = Line { amount: Xof::new(-5_000), fee: None, ..given_back_line(1) };
    for line in [given_back_line(1), whole, Line { kind: LineType::Unknown, ..given_back_line(1) }] {
        assert_eq!(judge(refunded(), vec![], &line), matched, "{line:?}");
    }
    let with_fee = Gift { fee: Some(Xof::new(50)), ..gift(1, DonationStage::Refunded) };
    let net = Line { fee: None, ..given_back_line(1) };
    assert_eq!(judge(vec![with_fee], vec![], &net), matched);
    assert_eq!(odd_one(&judge(refunded(), vec![], &net)), (DiscrepancyKind::AmountDiffers, 0));
}

#[test]
fn a_refund_that_nobody_of_us_made_is_told_from_one_under_way() {
    use DiscrepancyKind::{RefundByHand, RefundNotBooked};
    let by_hand = |gift| odd_one(&judge(vec![gift], vec![], &given_back_line(1)));
    assert_eq!(by_hand(gift(1, DonationStage::Suspended)), (RefundByHand, -4_950));
    assert_eq!(by_hand(gift(1, DonationStage::RefundDue)), (RefundNotBooked, 0));
    let mut books = Books::new(vec![gift(1, DonationStage::RefundDue)], vec![], vec![]);
    let young = noon() - chrono::TimeDelta::seconds(1);
    let under_way = Verdict::UnderWay { subject: Subject::Refund(gift_id(1)) };
    assert_eq!(books.judge(&given_back_line(1), young), under_way);
}

#[test]
fn a_gift_that_was_given_back_by_hand_leaves_its_pot_if_it_was_its_own_page_and_amount() {
    let confirmed = || vec![gift(1, DonationStage::Confirmed)];
    let given_back = Verdict::GivenBack { gift: gift_id(1) };
    assert_eq!(given_back.claim(), Some(Subject::Refund(gift_id(1))));
    for line in [given_back_line(1), Line { session: None, ..given_back_line(1) }] {
        assert_eq!(judge(confirmed(), vec![], &line), given_back, "{line:?}");
    }
    let half = Line { amount: Xof::new(-2_475), fee: Some(Xof::new(-25)), ..given_back_line(1) };
    assert_eq!(odd_one(&judge(confirmed(), vec![], &half)), (DiscrepancyKind::AmountDiffers, 0));
    // Its giver has paid twice, and the second payment went back: the gift stays, and may yet go back itself.
    let second = Line { session: Some("cos-else".to_owned()), ..given_back_line(1) };
    let mut books = Books::new(confirmed(), vec![], vec![]);
    let verdict = books.judge(&Line { wave_id: "R9".to_owned(), ..second }, noon());
    assert_eq!((odd_one(&verdict), verdict.claim()), ((DiscrepancyKind::RefundByHand, -4_950), None));
    assert_eq!(books.judge(&given_back_line(1), noon()), given_back);
}

#[test]
fn a_payout_is_matched_with_or_without_its_fee_and_otherwise_said_by_its_stage() {
    use DiscrepancyKind::{PayoutContradicted, PayoutNotBooked};
    let matched = Verdict::Matched { subject: Subject::Payout(payout_id(1)), fee: None };
    let later_order = PayoutOrder { payout: payout_id(1), number: 2 };
    for line in [
        sent(1),
        Line { amount: Xof::new(-9_900), ..sent(1) },
        Line { fee: None, ..sent(1) },
        Line { reference: Reference::Order(later_order), ..sent(1) },
        Line { kind: LineType::Unknown, ..sent(1) },
    ] {
        assert_eq!(judge(vec![], vec![payout(1, PayoutStage::Succeeded)], &line), matched, "{line:?}");
    }
    for (stage, kind) in [
        (PayoutStage::Sent, PayoutNotBooked),
        (PayoutStage::Unknown, PayoutNotBooked),
        (PayoutStage::Refused, PayoutContradicted),
        (PayoutStage::Planned, PayoutContradicted),
    ] {
        assert_eq!(odd_one(&judge(vec![], vec![payout(1, stage)], &sent(1))), (kind, 0), "{stage}");
        let young = noon() - chrono::TimeDelta::seconds(1);
        let mut books = Books::new(vec![], vec![payout(1, stage)], vec![]);
        let under_way = Verdict::UnderWay { subject: Subject::Payout(payout_id(1)) };
        assert_eq!(books.judge(&sent(1), young), under_way);
    }
}

#[test]
fn money_that_leaves_twice_is_told_apart_within_a_page_and_across_pages() {
    let twice = Line { wave_id: "P9".to_owned(), ..sent(1) };
    let mut books = Books::new(vec![], vec![payout(1, PayoutStage::Succeeded)], vec![]);
    assert!(matches!(books.judge(&sent(1), noon()), Verdict::Matched { .. }));
    let verdict = books.judge(&twice, noon());
    assert_eq!(odd_one(&verdict), (DiscrepancyKind::PaidTwice, -9_999));
    assert_eq!(verdict.claim(), None);
    let seen = PaidOut { paid_by: Some("P1".to_owned()), ..payout(1, PayoutStage::Succeeded) };
    assert_eq!(odd_one(&judge(vec![], vec![seen], &twice)), (DiscrepancyKind::PaidTwice, -9_999));
    let refunded = Gift { refunded_by: Some("R1".to_owned()), ..gift(1, DonationStage::Refunded) };
    let again = Line { wave_id: "R9".to_owned(), ..given_back_line(1) };
    assert_eq!(odd_one(&judge(vec![refunded], vec![], &again)), (DiscrepancyKind::PaidTwice, -4_950));
}

#[test]
fn a_payout_that_comes_back_is_nobodys_money_if_it_had_left() {
    use DiscrepancyKind::PayoutReversed;
    let back = Line { kind: LineType::ApiPayoutReversal, ..sent(1) }.turned();
    let of = |stage| odd_one(&judge(vec![], vec![payout(1, stage)], &back));
    assert_eq!(of(PayoutStage::Succeeded), (PayoutReversed, 9_999));
    assert_eq!(of(PayoutStage::Unknown), (PayoutReversed, 0));
}

#[test]
fn what_was_done_by_hand_matches_nothing_whatever_it_says() {
    for kind in
        [LineType::MerchantPayment, LineType::MerchantSweep, LineType::BulkPayment, LineType::B2bPayment]
    {
        let line = Line { kind, ..paid(1) };
        let verdict = judge(vec![gift(1, DonationStage::Confirmed)], vec![], &line);
        assert_eq!(odd_one(&verdict), (DiscrepancyKind::Unmatched, 4_950), "{kind}");
    }
    assert_eq!(odd_one(&judge(vec![], vec![], &paid(1))), (DiscrepancyKind::Unmatched, 4_950));
    assert_eq!(odd_one(&judge(vec![], vec![], &sent(1))), (DiscrepancyKind::Unmatched, -9_999));
    let dollars = Line { in_francs: false, ..paid(1) };
    assert_eq!(odd_one(&judge(vec![], vec![], &dollars)), (DiscrepancyKind::OtherCurrency, 0));
}

#[test]
fn a_name_that_wave_gives_to_two_lines_is_told() {
    let mut books = Books::new(vec![gift(1, DonationStage::Confirmed)], vec![], vec![]);
    assert_eq!(books.judge(&paid(1), noon()).as_str(), "matched");
    let other = Line { amount: Xof::new(1), ..paid(1) };
    assert_eq!(odd_one(&books.judge(&other, noon())), (DiscrepancyKind::NamesDisagree, 0));
    assert_eq!(books.judge(&paid(1), noon()).as_str(), "matched");
}

fn any_line() -> impl Strategy<Value = Line> {
    let names = (0usize..12, 0u128..4, 0u128..4, 0u128..4, 0usize..4, any::<bool>());
    let numbers = (
        any::<i64>(),
        proptest::option::of(-100i64..6_000),
        -100_000i64..100_000,
        any::<bool>(),
        any::<bool>(),
    );
    (names, numbers).prop_map(
        |((kind, wave, session, ours, reference, has_session), (wild, fee, tame, is_wild, is_reversal))| {
            Line {
                wave_id: format!("T{wave}"),
                kind: LineType::ALL[kind],
                at: noon(),
                amount: Xof::new(if is_wild { wild } else { tame }),
                fee: fee.map(Xof::new),
                in_francs: wave != 3 || session != 3,
                is_reversal,
                reference: match reference {
                    0 => Reference::None,
                    1 => Reference::Foreign,
                    2 => Reference::Gift(gift_id(ours)),
                    _ => Reference::Order(PayoutOrder::first(payout_id(ours))),
                },
                session: has_session.then(|| format!("cos-{session}")),
            }
        },
    )
}

fn any_books() -> impl Strategy<Value = Books> {
    let stages = (proptest::collection::vec(0usize..6, 3), proptest::collection::vec(0usize..5, 3));
    stages.prop_map(|(gifts, payouts)| {
        let gifts = gifts.into_iter().zip(0u128..).map(|(stage, n)| gift(n, DonationStage::ALL[stage]));
        let payouts = payouts.into_iter().zip(0u128..).map(|(stage, n)| payout(n, PayoutStage::ALL[stage]));
        Books::new(gifts.collect(), payouts.collect(), vec![])
    })
}

proptest! {
    #[test]
    fn every_line_gets_one_verdict_and_gets_it_again(
        mut books in any_books(),
        lines in proptest::collection::vec(any_line(), 1..20),
    ) {
        for line in lines {
            let verdict = books.judge(&line, noon());
            prop_assert_eq!(&books.judge(&line, noon()), &verdict);
        }
    }

    #[test]
    fn no_two_lines_are_about_the_same_movement(
        mut books in any_books(),
        lines in proptest::collection::vec(any_line(), 1..20),
    ) {
        let mut claims = std::collections::BTreeMap::new();
        for line in lines {
            if let Some(subject) = books.judge(&line, noon()).claim() {
                let first = claims.entry(subject).or_insert_with(|| line.wave_id.clone());
                prop_assert_eq!(first, &line.wave_id, "{}", subject);
            }
        }
    }

    #[test]
    fn what_is_matched_is_equal_and_what_is_nobodys_is_the_whole_change(
        mut books in any_books(),
        line in any_line(),
    ) {
        let verdict = books.judge(&line, noon());
        match &verdict {
            Verdict::Matched { subject: Subject::Gift(_), fee } => {
                prop_assert_eq!(line.gross(), Some(Xof::new(5_000)));
                prop_assert!(fee.is_none_or(|fee| Some(fee) == line.fee));
            }
            Verdict::Odd { suspense, .. } if !suspense.is_zero() => {
                prop_assert!([Some(line.amount), line.gross()].contains(&Some(*suspense)));
            }
            _ => {}
        }
        let is_odd = verdict.as_str() == "odd";
        prop_assert_eq!(verdict.discrepancy().is_some(), is_odd);
    }
}
