//! One message of every kind, the same every time: what templates are tried with, what a preview shows, and the examples with
//! which a template is registered. The people in it are nobody.

use chrono::NaiveDate;

use super::{Coming, Kind, RefundCause, Says, TakenBack};
use crate::accounts::{CodePurpose, IdentityProvider};
use crate::money::Xof;

/// 12 December 2026.
const BIRTHDAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 12, 12).expect("December has a twelfth");
const A_MONTH_BEFORE: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 12).expect("November has a twelfth");

impl Says {
    /// A message of a kind, with everything that such a message can say.
    pub fn sample(kind: Kind) -> Self {
        let name = || "Awa".to_owned();
        let pot = || "Les 30 ans d’Awa".to_owned();
        let at = |path: &str| format!("https://wolo.example/{path}");
        let of_pot = || at("pots/k3Vd9QhTz7RmWx2c");
        let gifts = 12;
        match kind {
            Kind::Welcome => Self::Welcome { name: name(), link: at("start") },
            Kind::VerifyEmail => Self::VerifyEmail { code: "482913".to_owned(), minutes: 10 },
            Kind::OneTimeCode => {
                Self::OneTimeCode { purpose: CodePurpose::SignIn, code: "482913".to_owned(), minutes: 10 }
            }
            Kind::AlreadyRegistered => Self::AlreadyRegistered,
            Kind::PasswordChanged => Self::PasswordChanged,
            Kind::NewDevice => Self::NewDevice { device: Some("Samsung Galaxy A15".to_owned()) },
            Kind::IdentityLinked => Self::IdentityLinked { provider: IdentityProvider::Google },
            Kind::PotScheduled => Self::PotScheduled { name: name(), pot: pot(), opens: A_MONTH_BEFORE },
            Kind::PotMoved => {
                Self::PotMoved { name: name(), pot: pot(), birthday: BIRTHDAY, opens: A_MONTH_BEFORE }
            }
            Kind::PotOpened => Self::PotOpened { name: name(), pot: pot(), closes: BIRTHDAY, link: of_pot() },
            Kind::DaysLeft => Self::DaysLeft { name: name(), pot: pot(), days: 7, gifts, link: of_pot() },
            Kind::LastDay => Self::LastDay { name: name(), pot: pot(), gifts, link: of_pot() },
            Kind::BirthdayWish => Self::BirthdayWish { name: name() },
            Kind::GiftReceived => Self::GiftReceived {
                pot: pot(),
                giver: Some("Moussa".to_owned()),
                amount: Some(Xof::new(5_000)),
                link: of_pot(),
            },
            Kind::GiftReceipt => Self::GiftReceipt {
                name: name(),
                pot: pot(),
                amount: Xof::new(5_000),
                reference: "T_46HS5COOWE".to_owned(),
            },
            Kind::GiftRefunded => Self::GiftRefunded {
                name: name(),
                pot: pot(),
                amount: Xof::new(5_000),
                cause: RefundCause::Late,
            },
            Kind::GoalReached => Self::GoalReached { pot: pot(), target: Xof::new(25_000), link: of_pot() },
            Kind::PotClosed => Self::PotClosed { pot: pot(), gifts, sum: Xof::new(62_500) },
            Kind::PotCancelled => Self::PotCancelled { pot: pot(), gifts },
            Kind::PayoutSent => Self::PayoutSent { pot: pot(), amount: Xof::new(61_875) },
            Kind::PayoutHeld => Self::PayoutHeld { pot: pot() },
            Kind::ThankYou => Self::ThankYou { name: name(), pot: pot() },
            Kind::Invitation => Self::Invitation {
                sponsor: "Fatou".to_owned(),
                message: Some("Fais comme moi, c’est simple".to_owned()),
                link: at("i/4pZ8sLq1Yw6NfGb3XcTe9A"),
            },
            Kind::InvitationReminder => Self::InvitationReminder {
                sponsor: "Fatou".to_owned(),
                days: 5,
                link: at("i/4pZ8sLq1Yw6NfGb3XcTe9A"),
            },
            Kind::InvitationAccepted => {
                Self::InvitationAccepted { name: name(), coming: Coming::Joined, points: 10 }
            }
            Kind::PointsEarned => Self::PointsEarned { points: 10, balance: 24 },
            Kind::PointsMatured => Self::PointsMatured { points: 10, usable: 14 },
            Kind::PointsRevoked => Self::PointsRevoked { points: 5, cause: TakenBack::Refunded },
            Kind::ConsentRequest => {
                Self::ConsentRequest { name: name(), link: at("c/Hq5Jt2VbM8rKd7WnZx3LpA"), days: 14 }
            }
            Kind::ConsentReminder => {
                Self::ConsentReminder { name: name(), link: at("c/Hq5Jt2VbM8rKd7WnZx3LpA"), days: 9 }
            }
            Kind::ConsentGranted => Self::ConsentGranted { name: name() },
            Kind::ConsentRefused => Self::ConsentRefused { name: name() },
            Kind::ConsentWithdrawn => Self::ConsentWithdrawn { name: name() },
            Kind::IdentityReceived => Self::IdentityReceived { name: name() },
            Kind::IdentityApproved => Self::IdentityApproved { name: name() },
            Kind::IdentityRejected => {
                Self::IdentityRejected { name: name(), reason: "la photo est illisible".to_owned() }
            }
            Kind::IdentityMoreNeeded => Self::IdentityMoreNeeded {
                name: name(),
                reason: "le verso manque".to_owned(),
                link: at("identity"),
            },
            Kind::HandedOver => Self::HandedOver { name: name(), pot: pot() },
            Kind::DataExportReady => Self::DataExportReady { link: at("export/B6yTn4KsQ9mRv2Jc"), days: 7 },
            Kind::AccountClosed => Self::AccountClosed,
            Kind::OperatorAlert => Self::OperatorAlert {
                what: "un paiement attend une décision".to_owned(),
                link: at("admin/payouts"),
            },
        }
    }

    /// The sample of a kind, and after it one for everything that such a message may say otherwise: whatever may be absent is
    /// absent once, every purpose and every cause comes once, and what is counted is one, and none.
    pub fn samples(kind: Kind) -> Vec<Self> {
        let first = Self::sample(kind);
        let others = match first.clone() {
            Self::OneTimeCode { code, minutes, .. } => CodePurpose::ALL
                .map(|purpose| Self::OneTimeCode { purpose, code: code.clone(), minutes })
                .into(),
            Self::NewDevice { .. } => vec![Self::NewDevice { device: None }],
            Self::IdentityLinked { .. } => {
                IdentityProvider::ALL.map(|provider| Self::IdentityLinked { provider }).into()
            }
            Self::DaysLeft { name, pot, link, .. } => [(1, 1), (7, 0)]
                .map(|(days, gifts)| Self::DaysLeft {
                    name: name.clone(),
                    pot: pot.clone(),
                    days,
                    gifts,
                    link: link.clone(),
                })
                .into(),
            Self::LastDay { name, pot, link, .. } => [1, 0]
                .map(|gifts| Self::LastDay {
                    name: name.clone(),
                    pot: pot.clone(),
                    gifts,
                    link: link.clone(),
                })
                .into(),
            Self::GiftReceived { pot, giver, amount, link } => [(None, amount), (giver, None), (None, None)]
                .map(|(giver, amount)| Self::GiftReceived {
                    pot: pot.clone(),
                    giver,
                    amount,
                    link: link.clone(),
                })
                .into(),
            Self::GiftRefunded { name, pot, amount, .. } => {
                let for_a =
                    |cause| Self::GiftRefunded { name: name.clone(), pot: pot.clone(), amount, cause };
                [RefundCause::Cancelled, RefundCause::ByHand].map(for_a).into()
            }
            Self::PotClosed { pot, .. } => [(1, Xof::new(5_000)), (0, Xof::ZERO)]
                .map(|(gifts, sum)| Self::PotClosed { pot: pot.clone(), gifts, sum })
                .into(),
            Self::PotCancelled { pot, .. } => {
                [1, 0].map(|gifts| Self::PotCancelled { pot: pot.clone(), gifts }).into()
            }
            Self::Invitation { sponsor, link, .. } => {
                vec![Self::Invitation { sponsor, message: None, link }]
            }
            Self::InvitationAccepted { name, .. } => [(Coming::WasHere, 1), (Coming::WasHere, 0)]
                .map(|(coming, points)| Self::InvitationAccepted { name: name.clone(), coming, points })
                .into(),
            Self::PointsRevoked { points, .. } => {
                [TakenBack::Cancelled, TakenBack::NoPhone, TakenBack::Linked, TakenBack::Checked]
                    .map(|cause| Self::PointsRevoked { points, cause })
                    .into()
            }
            _ => Vec::new(),
        };
        let mut all = vec![first];
        for other in others {
            if !all.contains(&other) {
                all.push(other);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_samples_of_its_own() {
        for kind in Kind::ALL {
            let samples = Says::samples(kind);
            assert!(samples.iter().all(|says| says.kind() == kind), "{kind}");
            assert!(samples[0] == Says::sample(kind), "{kind}");
        }
    }

    #[test]
    fn whatever_may_be_absent_is_absent_in_one_of_them() {
        for kind in Kind::ALL {
            let samples: Vec<_> =
                Says::samples(kind).iter().map(|says| serde_json::to_value(says).unwrap()).collect();
            for (field, value) in samples[0].as_object().unwrap() {
                assert!(!value.is_null(), "{kind}: the first sample has no {field}");
            }
            let absent = |field: &str| samples.iter().any(|one| one[field].is_null());
            for (of, field) in [
                (Kind::NewDevice, "device"),
                (Kind::GiftReceived, "giver"),
                (Kind::GiftReceived, "amount"),
                (Kind::Invitation, "message"),
            ] {
                assert!(of != kind || absent(field), "{kind}: {field} is always there");
            }
        }
    }

    #[test]
    fn a_link_of_a_message_is_found_wherever_there_is_one() {
        for kind in Kind::ALL {
            let says = Says::sample(kind);
            let value = serde_json::to_value(&says).unwrap();
            assert_eq!(says.link(), value.get("link").and_then(serde_json::Value::as_str), "{kind}");
        }
    }
}
