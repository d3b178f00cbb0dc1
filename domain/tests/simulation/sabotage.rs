//! Rules that are wrong on purpose. Each must be caught, or the judge is asleep.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    None,
    /// An order whose end is unknown is ordered anew.
    NewKeyAfterUnknown,
    /// The key of an order is made from the attempt.
    KeyOfTheAttempt,
    /// What Wave does not show was not paid.
    NotFoundIsProof,
    /// What Wave's statement does not show today is ruled out today.
    NeverPaidAtOnce,
    /// A payment counts as in time whenever it is heard of.
    LateMoneyIntoThePot,
    /// A webhook's word is booked without reading Wave's record.
    BelieveTheWebhook,
}

impl Sabotage {
    pub(crate) const ALL: [Self; 6] = [
        Self::NewKeyAfterUnknown,
        Self::KeyOfTheAttempt,
        Self::NotFoundIsProof,
        Self::NeverPaidAtOnce,
        Self::LateMoneyIntoThePot,
        Self::BelieveTheWebhook,
    ];
}
