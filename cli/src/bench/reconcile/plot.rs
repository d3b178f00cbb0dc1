//! What is planted: the lines, what of ours they name, and what each of them has to come to.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use wolo_domain::discrepancies::DiscrepancyKind as Kind;
use wolo_domain::ids::{DonationId, PayoutId};
use wolo_domain::payouts::PayoutOrder;
use wolo_domain::reconciliation::Subject;
use wolo_sandbox::wave::{MovementKind, PlantedLine};

use super::Statement;

/// Every kind that a comparison can find. A gift that is odd is told of when it is booked.
const KINDS: [Kind; 16] = [
    Kind::Unmatched,
    Kind::SecondPayment,
    Kind::GiftNotSettled,
    Kind::NamesDisagree,
    Kind::AmountDiffers,
    Kind::FeeDiffers,
    Kind::FeeMissing,
    Kind::RefundByHand,
    Kind::RefundNotBooked,
    Kind::PayoutNotBooked,
    Kind::PayoutContradicted,
    Kind::PaidTwice,
    Kind::PayoutReversed,
    Kind::MissingAtWave,
    Kind::OtherCurrency,
    Kind::Unreadable,
];

/// A gift of 5,000 francs.
pub(super) struct Gift {
    pub(super) id: Uuid,
    pub(super) stage: &'static str,
    /// The line of its payment; a gift that is paid and has none is missing at Wave.
    pub(super) line: Option<usize>,
}

/// A payout of 9,900 francs for 99.
pub(super) struct Payout {
    pub(super) id: Uuid,
    pub(super) stage: &'static str,
}

/// What has to be found, and at what.
enum Place {
    Line(usize),
    Ours(Subject),
}

pub(super) struct Plot {
    pub(super) lines: Vec<PlantedLine>,
    pub(super) gifts: Vec<Gift>,
    pub(super) payouts: Vec<Payout>,
    pub(super) at: DateTime<Utc>,
    expected: Vec<(Place, Kind)>,
}

impl Plot {
    pub(super) fn of(statement: Statement, at: DateTime<Utc>) -> Self {
        let mut plot =
            Self { lines: Vec::new(), gifts: Vec::new(), payouts: Vec::new(), at, expected: Vec::new() };
        for kind in KINDS.into_iter().cycle().take(statement.differences as usize) {
            plot.plant(kind);
        }
        while plot.lines.len() < statement.lines as usize {
            plot.gift("confirmed");
        }
        plot
    }

    /// By Wave's names for the lines, which are known once these are planted.
    pub(super) fn expected(&self, wave_ids: &[String]) -> BTreeMap<String, Kind> {
        let key = |place: &Place| match place {
            Place::Line(line) => wave_ids[*line].clone(),
            Place::Ours(subject) => subject.to_string(),
        };
        self.expected.iter().map(|(place, kind)| (key(place), *kind)).collect()
    }

    fn plant(&mut self, kind: Kind) {
        let strange = match kind {
            Kind::Unmatched => {
                let by_hand = if self.lines.len().is_multiple_of(2) {
                    PlantedLine::new(MovementKind::MerchantPayment, 6_930, 70)
                } else {
                    PlantedLine::new(MovementKind::MerchantSweep, -500, 0)
                };
                self.line(by_hand)
            }
            Kind::SecondPayment => {
                let gift = self.gift("confirmed");
                self.line(paid(gift))
            }
            Kind::GiftNotSettled => {
                let gift = self.unpaid_gift();
                self.line(paid(gift))
            }
            Kind::NamesDisagree => {
                let (other, gift) = (self.gift("confirmed"), DonationId::from_uuid(Uuid::now_v7()));
                let line = self.line(paid(other));
                self.gifts.push(Gift { id: gift.uuid(), stage: "confirmed", line: Some(line) });
                line
            }
            Kind::AmountDiffers => self.odd_gift(PlantedLine { amount: 4_949, ..paid_nothing() }),
            Kind::FeeDiffers => self.odd_gift(PlantedLine { amount: -1, fee: 5_001, ..paid_nothing() }),
            Kind::FeeMissing => {
                self.odd_gift(PlantedLine { odd: odd(json!({ "fee": null })), ..paid_nothing() })
            }
            // One in its pot would leave it, and be matched from then on.
            Kind::RefundByHand => {
                let gift = self.gift("suspended");
                self.line(given_back(gift))
            }
            Kind::RefundNotBooked => {
                let gift = self.gift("refund_due");
                self.line(given_back(gift))
            }
            Kind::PayoutNotBooked => self.sent("unknown"),
            Kind::PayoutContradicted => self.sent("refused"),
            Kind::PaidTwice => {
                let first = self.sent("succeeded");
                let again = self.lines[first].clone();
                self.line(again)
            }
            Kind::PayoutReversed => {
                let sent = self.sent("succeeded");
                let back = PlantedLine {
                    kind: MovementKind::ApiPayoutReversal,
                    amount: 9_999,
                    fee: -99,
                    is_reversal: true,
                    ..self.lines[sent].clone()
                };
                self.line(back)
            }
            Kind::OtherCurrency | Kind::Unreadable => {
                let field = if kind == Kind::OtherCurrency {
                    json!({ "currency": "USD" })
                } else {
                    json!({ "amount": "1.5" })
                };
                self.line(PlantedLine { odd: odd(field), ..paid_nothing() })
            }
            // What is paid and has no line; and what no comparison finds.
            Kind::MissingAtWave | Kind::OddGift => {
                let id = Uuid::now_v7();
                self.gifts.push(Gift { id, stage: "confirmed", line: None });
                let gift = Subject::Gift(DonationId::from_uuid(id));
                self.expected.push((Place::Ours(gift), Kind::MissingAtWave));
                return;
            }
        };
        self.expected.push((Place::Line(strange), kind));
    }

    fn line(&mut self, line: PlantedLine) -> usize {
        // Over the afternoon, in the order in which they are planted.
        let offset = i64::try_from(self.lines.len() % 40_000).unwrap_or(0);
        self.lines.push(PlantedLine { when: Some(self.at + TimeDelta::seconds(offset)), ..line });
        self.lines.len() - 1
    }

    /// A gift whose payment is as it should be.
    fn gift(&mut self, stage: &'static str) -> DonationId {
        let gift = DonationId::from_uuid(Uuid::now_v7());
        let line = self.line(paid(gift));
        self.gifts.push(Gift { id: gift.uuid(), stage, line: Some(line) });
        gift
    }

    fn unpaid_gift(&mut self) -> DonationId {
        let gift = DonationId::from_uuid(Uuid::now_v7());
        self.gifts.push(Gift { id: gift.uuid(), stage: "expired", line: None });
        gift
    }

    /// A gift in its pot whose line says something else.
    fn odd_gift(&mut self, line: PlantedLine) -> usize {
        let gift = DonationId::from_uuid(Uuid::now_v7());
        let line = self.line(PlantedLine { client_reference: Some(gift.to_string()), ..line });
        self.gifts.push(Gift { id: gift.uuid(), stage: "confirmed", line: Some(line) });
        line
    }

    fn sent(&mut self, stage: &'static str) -> usize {
        let id = Uuid::now_v7();
        self.payouts.push(Payout { id, stage });
        let order = PayoutOrder::first(PayoutId::from_uuid(id));
        self.line(PlantedLine {
            client_reference: Some(order.key()),
            ..PlantedLine::new(MovementKind::ApiPayout, -9_999, 99)
        })
    }
}

fn odd(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn paid_nothing() -> PlantedLine {
    PlantedLine::new(MovementKind::ApiCheckout, 4_950, 50)
}

fn paid(gift: DonationId) -> PlantedLine {
    PlantedLine { client_reference: Some(gift.to_string()), ..paid_nothing() }
}

fn given_back(gift: DonationId) -> PlantedLine {
    PlantedLine {
        is_reversal: true,
        client_reference: Some(gift.to_string()),
        ..PlantedLine::new(MovementKind::ApiCheckoutRefund, -4_950, -50)
    }
}
