//! The one place from which money leaves.

use chrono::{DateTime, Utc};
use temporalio_sdk::activities::ActivityError;
use tracing::Instrument as _;
use wolo_database::backups;
use wolo_database::payouts::{self, Beginning};
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutOrder;
use wolo_domain::people::Phone;
use wolo_providers::ProviderError;
use wolo_providers::wave::{self, IdempotencyKey};
use wolo_workflows::steps::payouts::{PayoutAnswer, SendPayout};

use super::evidence::{self, Evidence};
use super::{PayoutSteps, span, unclear};
use crate::failure;

/// Printed on the recipient's receipt. It is part of the order that stands behind the key, so it does not change: Wave
/// would take an order that is sent again for another one.
const REASON: &str = "Cagnotte anniversaire WOLO";

/// Our own refusal of an order: its pot's owner has no phone to be paid on.
const NO_PHONE: &str = "recipient-without-phone";

/// So many orders, the one that stands and those after it, are looked for in books that are older than Wave's. Each was refused, or the
/// next would not be there.
const LATER_ORDERS: usize = 20;

impl PayoutSteps {
    /// An order that Wave cannot have executed. Until the intent is written nothing can have happened.
    pub(super) async fn send_for_the_first_time(
        &self,
        input: SendPayout,
        amount: Xof,
    ) -> Result<PayoutAnswer, ActivityError> {
        let SendPayout { order, at, .. } = input;
        let from_before = self.known_from_before(order, amount).await?;
        if from_before.is_none() && !covers(self.balance().await.map_err(failure::wave)?, amount) {
            return Ok(PayoutAnswer::FloatShort);
        }
        match payouts::begin_order(&self.pool, order, at).await? {
            Beginning::Begun { amount, again: false } => match from_before {
                Some(evidence) => self.book(order, evidence, at).await,
                None => self.call_first(order, amount, at).await,
            },
            // Somebody was quicker, and what Wave says to us now proves nothing about what it did for them.
            Beginning::Begun { amount, again: true } => self.send_again(input, amount).await,
            known => Ok(answer_to(known)),
        }
    }

    /// The first call of an order, which nobody else can have made. What it is refused is refused; and when it is proven not
    /// to have been executed, the next call is a first one too.
    async fn call_first(
        &self,
        order: PayoutOrder,
        amount: Xof,
        at: DateTime<Utc>,
    ) -> Result<PayoutAnswer, ActivityError> {
        let Some(phone) = payouts::phone_of_order(&self.pool, order).await? else {
            return self.book_refusal_of_call(order, NO_PHONE.to_owned(), at).await;
        };
        if let Some(answer) = self.answer_of_earlier(order, amount, at).await? {
            if matches!(answer, PayoutAnswer::Unclear { .. }) {
                payouts::take_back_beginning(&self.pool, order).await?;
            }
            return Ok(answer);
        }
        let evidence = match self.call(order, amount, &phone).await? {
            Ok(evidence) => evidence,
            // Wave did not take it, or it never left.
            Err(error) if error.refusal().is_none() && !error.may_have_happened() => {
                payouts::take_back_beginning(&self.pool, order).await?;
                return Err(failure::wave(error));
            }
            Err(error) => evidence::of_first_failure(&error),
        };
        match evidence {
            Evidence::Refused { code } => self.book_refusal_of_call(order, code, at).await,
            evidence => self.book(order, evidence, at).await,
        }
    }

    /// What Wave has of a payout that nobody has begun by books that were brought back from a backup: the order may have left before, or,
    /// where it was refused, one of those after it; and Wave may have forgotten their keys since.
    async fn known_from_before(
        &self,
        order: PayoutOrder,
        amount: Xof,
    ) -> Result<Option<Evidence>, ActivityError> {
        if !backups::were_brought_back(&self.pool).await? {
            return Ok(None);
        }
        let orders = std::iter::successors(Some(order), |order| Some(order.next()));
        for order in orders.take(LATER_ORDERS) {
            let records = self.records(order).await.map_err(failure::wave)?;
            match evidence::of_earlier(records, amount) {
                None | Some(Evidence::Refused { .. }) => {}
                Some(alive) => {
                    tracing::error!(order = order.key(), "Wave knows an order that our books have not begun");
                    return Ok(Some(alive));
                }
            }
        }
        Ok(None)
    }

    /// This attempt may have stood still since it began, and another one may have sent the order again.
    async fn book_refusal_of_call(
        &self,
        order: PayoutOrder,
        code: String,
        at: DateTime<Utc>,
    ) -> Result<PayoutAnswer, ActivityError> {
        if payouts::record_refusal_of_call(&self.pool, order, &code, at).await? {
            Ok(PayoutAnswer::Refused { code })
        } else {
            Ok(unclear(order, format!("it was refused once ({code}), and sent again since")))
        }
    }

    /// An order that may have been paid.
    pub(super) async fn send_again(
        &self,
        input: SendPayout,
        amount: Xof,
    ) -> Result<PayoutAnswer, ActivityError> {
        let SendPayout { order, same_key_seconds, at } = input;
        match self.records(order).await {
            Ok(records) => {
                if let Some(evidence) = evidence::of_records(&records, amount) {
                    return self.book(order, evidence, at).await;
                }
            }
            Err(error) => return Ok(unclear(order, format!("Wave could not be asked about it: {error}"))),
        }
        let age = payouts::age_of_key(&self.pool, order, at).await?;
        if age > span(same_key_seconds) {
            let hours = age.num_hours();
            let why =
                format!("its key is {hours} hours old, and Wave may have forgotten it: it is not sent again");
            return Ok(unclear(order, why));
        }
        // Wave would refuse it, which would prove nothing of the first call, and might keep to that refusal for as long as it knows the key.
        match self.balance().await {
            Ok(balance) if covers(balance, amount) => {}
            Ok(_) => return Ok(unclear(order, "our wallet is too short to send it again".to_owned())),
            Err(error) => return Ok(unclear(order, format!("our wallet could not be seen: {error}"))),
        }
        let amount = match payouts::begin_order(&self.pool, order, at).await? {
            Beginning::Begun { amount, again: true } => amount,
            // Whoever had begun was proven not to have got anywhere, meanwhile.
            Beginning::Begun { amount, again: false } => return self.call_first(order, amount, at).await,
            known => return Ok(answer_to(known)),
        };
        let Some(phone) = payouts::phone_of_order(&self.pool, order).await? else {
            return Ok(unclear(order, "it was begun though its recipient has no phone".to_owned()));
        };
        if let Some(answer) = self.answer_of_earlier(order, amount, at).await? {
            return Ok(answer);
        }
        let evidence = match self.call(order, amount, &phone).await? {
            Ok(evidence) => evidence,
            Err(error) => evidence::of_repeated_failure(&error),
        };
        self.book(order, evidence, at).await
    }

    /// Asks Wave once more about the orders before this one, which all count as refused, before this one may leave. What
    /// Wave shows as paid is the payout, under whichever reference; what it does not show as refused stops this order.
    async fn answer_of_earlier(
        &self,
        order: PayoutOrder,
        amount: Xof,
        at: DateTime<Utc>,
    ) -> Result<Option<PayoutAnswer>, ActivityError> {
        for earlier in order.earlier() {
            let records = match self.records(earlier).await {
                Ok(records) => records,
                Err(error) => {
                    let why = format!("Wave could not be asked about the order before it: {error}");
                    return Ok(Some(unclear(order, why)));
                }
            };
            match evidence::of_earlier(records, amount) {
                None | Some(Evidence::Refused { .. }) => {}
                Some(alive) => {
                    tracing::error!(
                        order = earlier.key(),
                        "an order that counts as refused is alive at Wave"
                    );
                    return Ok(Some(self.book(order, alive, at).await?));
                }
            }
        }
        Ok(None)
    }

    /// Sends the order. The intent must have been committed.
    async fn call(
        &self,
        order: PayoutOrder,
        amount: Xof,
        phone: &Phone,
    ) -> Result<Result<Evidence, ProviderError>, ActivityError> {
        let key = IdempotencyKey::new(order.key())?;
        let instruction = wave::SendPayout {
            receive_amount: amount,
            mobile: phone.reveal().into(),
            // A name that is corrected between two attempts would make another order of the same key.
            name: None,
            client_reference: order.key(),
            payment_reason: Some(REASON.to_owned()),
        };
        let span = tracing::info_span!("wave.payout.send", order = order.key());
        let sent = self.wave.send_payout(&key, &instruction).instrument(span).await;
        Ok(sent.map(|record| {
            let other = record.mobile.as_ref().is_some_and(|mobile| mobile != &instruction.mobile);
            if other {
                Evidence::none("Wave's answer names another recipient")
            } else {
                evidence::of_record(&record, amount)
            }
        }))
    }

    async fn balance(&self) -> Result<Xof, ProviderError> {
        self.wave.balance().instrument(tracing::info_span!("wave.balance.get")).await
    }

    pub(super) async fn records(&self, order: PayoutOrder) -> Result<Vec<wave::Payout>, ProviderError> {
        let span = tracing::info_span!("wave.payout.search", order = order.key());
        self.wave.search_payouts(&order.key()).instrument(span).await
    }
}

/// What the books say to an order that cannot be begun.
fn answer_to(beginning: Beginning) -> PayoutAnswer {
    match beginning {
        Beginning::Succeeded => PayoutAnswer::Succeeded,
        Beginning::Refused { code } => PayoutAnswer::Refused { code },
        Beginning::Held { reason } => PayoutAnswer::Held { reason },
        Beginning::OtherRecipient => PayoutAnswer::OtherRecipient,
        // Only for a caller that passes on what it should have used.
        Beginning::Begun { .. } => PayoutAnswer::Unclear { why: "it has only begun".to_owned() },
    }
}

/// Whether the wallet can pay this and Wave's fee on it. The fee is not published, so two in a hundred are set aside;
/// that only decides when we try, and is booked nowhere.
fn covers(balance: Xof, amount: Xof) -> bool {
    let fee = Xof::new(amount.francs() / 50 + 1);
    amount.checked_add(fee).is_some_and(|needed| balance >= needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wallet_must_cover_the_fee_too() {
        for (balance, amount, enough) in [
            (0, 100, false),
            (100, 100, false),
            (103, 100, true),
            (10_200, 10_000, false),
            (10_201, 10_000, true),
            (i64::MAX, i64::MAX, false),
        ] {
            assert_eq!(covers(Xof::new(balance), Xof::new(amount)), enough, "{balance} {amount}");
        }
    }
}
