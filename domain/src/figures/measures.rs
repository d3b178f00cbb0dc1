//! What each figure is measured in: the columns of its view, and what is told from their sums.

use super::{Figure, Unit};

/// A column of a figure's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    pub name: &'static str,
    pub unit: Unit,
}

const fn count(name: &'static str) -> Measure {
    Measure { name, unit: Unit::Count }
}

const fn francs(name: &'static str) -> Measure {
    Measure { name, unit: Unit::Francs }
}

const fn seconds(name: &'static str) -> Measure {
    Measure { name, unit: Unit::Seconds }
}

/// What one measure comes to for each of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    pub name: &'static str,
    /// These are divided,
    pub of: &'static str,
    /// by how many of those.
    pub per: &'static str,
    pub unit: Unit,
}

const fn share(name: &'static str, of: &'static str, per: &'static str) -> Ratio {
    Ratio { name, of, per, unit: Unit::Thousandths }
}

const fn average(of: &'static str, per: &'static str, unit: Unit) -> Ratio {
    Ratio { name: "average", of, per, unit }
}

impl Ratio {
    /// From the sums of a figure's measures, to the nearest whole number. Nothing where there is nothing to divide by.
    pub fn value(&self, sum: impl Fn(&str) -> i64) -> Option<i64> {
        let times = if self.unit == Unit::Thousandths { 1_000 } else { 1 };
        let (of, per) = (i128::from(sum(self.of)) * times, i128::from(sum(self.per)));
        (per > 0).then(|| (of * 2 + per).div_euclid(per * 2)).and_then(|value| i64::try_from(value).ok())
    }
}

impl Figure {
    /// The columns of its view, in their order.
    pub const fn measures(self) -> &'static [Measure] {
        match self {
            Self::Registered => REGISTERED,
            Self::Activated => ACTIVATED,
            Self::KFactor => K_FACTOR,
            Self::InvitationFunnel => INVITATION_FUNNEL,
            Self::PotsByState => POTS_BY_STATE,
            Self::Gifts => GIFTS,
            Self::Conversion => CONVERSION,
            Self::Payouts => PAYOUTS,
            Self::Fees => FEES,
            Self::Refunds => REFUNDS,
            Self::Promotions => PROMOTIONS,
            Self::Suspense => SUSPENSE,
            Self::Messages => MESSAGES,
            Self::IdentityTurnaround => IDENTITY_TURNAROUND,
            Self::Visits => VISITS,
        }
    }

    /// What is told from the sums of its measures.
    pub const fn ratios(self) -> &'static [Ratio] {
        match self {
            Self::KFactor => K,
            Self::InvitationFunnel => OF_INVITATIONS,
            Self::Gifts => OF_GIFTS,
            Self::Conversion => OF_POTS,
            Self::Payouts => OF_PAYOUTS,
            Self::Messages => OF_MESSAGES,
            Self::IdentityTurnaround => OF_CASES,
            Self::Registered
            | Self::Activated
            | Self::PotsByState
            | Self::Fees
            | Self::Refunds
            | Self::Promotions
            | Self::Suspense
            | Self::Visits => &[],
        }
    }

    /// What its rows are told apart by besides days.
    pub const fn ways(self) -> &'static [&'static str] {
        match self {
            Self::Messages => &["whatsapp", "sms", "email", "push"],
            _ => &[],
        }
    }
}

const REGISTERED: &[Measure] = &[count("people"), count("by_invitation")];
const ACTIVATED: &[Measure] = &[count("people")];
const K_FACTOR: &[Measure] = &[count("people"), count("invitations"), count("accepted")];
const K: &[Ratio] = &[share("k", "accepted", "people")];

const INVITATION_FUNNEL: &[Measure] = &[
    count("written"),
    count("sent"),
    count("delivered"),
    count("opened"),
    count("accepted"),
    count("pot_opened"),
    count("first_gift"),
    count("declined"),
    count("lapsed"),
    count("cancelled"),
];
const OF_INVITATIONS: &[Ratio] =
    &[share("accepted_share", "accepted", "written"), share("first_gift_share", "first_gift", "written")];

const POTS_BY_STATE: &[Measure] = &[
    count("made"),
    count("scheduled"),
    count("open"),
    count("closed"),
    count("paying_out"),
    count("settled"),
    count("cancelling"),
    count("cancelled"),
    count("held"),
];

const GIFTS: &[Measure] = &[count("gifts"), francs("francs")];
const OF_GIFTS: &[Ratio] = &[average("francs", "gifts", Unit::Francs)];

const CONVERSION: &[Measure] = &[count("opened"), count("given_to"), count("paid_out")];
const OF_POTS: &[Ratio] =
    &[share("given_to_share", "given_to", "opened"), share("paid_out_share", "paid_out", "opened")];

const PAYOUTS: &[Measure] = &[count("payouts"), francs("francs")];
const OF_PAYOUTS: &[Ratio] = &[average("francs", "payouts", Unit::Francs)];

const FEES: &[Measure] =
    &[francs("pots_bore"), francs("suspense_bore"), francs("wolo_bore"), francs("of_payouts")];

const REFUNDS: &[Measure] = &[
    count("late_gifts"),
    francs("late_francs"),
    count("given_up_gifts"),
    francs("given_up_francs"),
    count("refunds"),
    francs("francs"),
];

const PROMOTIONS: &[Measure] = &[count("credits"), francs("francs"), francs("returned_francs")];

const SUSPENSE: &[Measure] =
    &[francs("odd_gifts"), francs("received"), francs("spent"), francs("kept"), francs("borne")];

const MESSAGES: &[Measure] =
    &[count("tried"), count("accepted"), count("delivered"), count("read"), count("failed")];
const OF_MESSAGES: &[Ratio] =
    &[share("delivered_share", "delivered", "tried"), share("failed_share", "failed", "tried")];

const IDENTITY_TURNAROUND: &[Measure] =
    &[count("decided"), count("approved"), count("rejected"), count("within_two_days"), seconds("seconds")];
const OF_CASES: &[Ratio] = &[average("seconds", "decided", Unit::Seconds)];

const VISITS: &[Measure] = &[
    count("page_viewed"),
    count("share_opened"),
    count("shared"),
    count("link_copied"),
    count("qr_shown"),
    count("give_pressed"),
    count("join_pressed"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::Channel;
    use crate::visits::VisitKind;

    #[test]
    fn a_ratio_is_told_from_measures_of_its_figure_and_has_a_name_of_its_own() {
        for figure in Figure::ALL {
            assert_eq!(figure.as_str().parse(), Ok(figure));
            let named = |name| figure.measures().iter().filter(|measure| measure.name == name).count();
            for ratio in figure.ratios() {
                assert_eq!((named(ratio.of), named(ratio.per), named(ratio.name)), (1, 1, 0), "{figure}");
            }
        }
    }

    #[test]
    fn what_is_told_from_sums_is_rounded_and_nothing_is_divided_by_nothing() {
        let average = Figure::Gifts.ratios()[0];
        let of = |gifts, francs| average.value(|name| if name == "gifts" { gifts } else { francs });
        assert_eq!([of(3, 1_000), of(3, 2_000), of(2, 5), of(0, 0)], [Some(333), Some(667), Some(3), None]);
        let k = Figure::KFactor.ratios()[0];
        assert_eq!(k.value(|name| if name == "people" { 8 } else { 3 }), Some(375));
        assert_eq!(k.value(|name| if name == "people" { 1 } else { i64::MAX }), None, "too large to be told");
    }

    #[test]
    fn messages_are_told_apart_by_every_channel_and_visits_by_every_kind() {
        assert_eq!(Figure::Messages.ways(), Channel::ALL.map(Channel::as_str));
        let kinds: Vec<_> = VISITS.iter().map(|measure| measure.name).collect();
        assert_eq!(kinds, VisitKind::ALL.map(VisitKind::as_str));
    }
}
