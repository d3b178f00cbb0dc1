//! What became of a gift: Wave's own record decides, read at the moment of asking.

use temporalio_sdk::activities::ActivityError;
use tracing::Instrument as _;
use wolo_database::donations::{self, Payment};
use wolo_domain::donations::DonationStage;
use wolo_domain::evidence::gifts::{self, Evidence, Paid};
use wolo_domain::ids::DonationId;
use wolo_providers::ProviderError;
use wolo_providers::wave::{CheckoutSession, Currency};
use wolo_workflows::steps::donations::{SettleDonation, Settlement};

use super::{DonationSteps, NoSuchDonation};
use crate::failure;

impl DonationSteps {
    pub(super) async fn settle_by_the_evidence(
        &self,
        input: SettleDonation,
    ) -> Result<Settlement, ActivityError> {
        let SettleDonation { donation, failed_attempts } = input;
        let row = donations::donation(&self.pool, donation).await?.ok_or(NoSuchDonation(donation))?;
        let checkout = match (row.checkout, row.stage) {
            // A gift that was written off is looked at again: whoever asks has heard of a payment.
            (Some(checkout), DonationStage::Requested | DonationStage::Expired) => checkout,
            // Nobody was ever shown a page.
            (None, DonationStage::Requested) => return self.expire(donation, failed_attempts).await,
            (_, ended) => return Ok(settlement(ended)),
        };
        let span = tracing::info_span!("wave.checkout.get", %donation);
        // Wave knows this id, since it gave it to us: a refusal here is as strange as no answer.
        let session = self.wave.checkout(&checkout.id).instrument(span).await.map_err(failure::wave)?;
        match evidence(&session, donation) {
            Evidence::Paid(paid) => {
                let payment = payment(paid);
                let booked = donations::confirm(&self.pool, donation, &payment, failed_attempts).await;
                let stage = booked.map_err(failure::books)?;
                Ok(settlement(stage))
            }
            Evidence::Ended => self.expire(donation, failed_attempts).await,
            Evidence::StillOpen => Ok(Settlement::StillOpen),
            Evidence::Contradicts(what) => {
                Err(failure::wave(ProviderError::Unexpected { what: what.to_owned(), status: None }))
            }
        }
    }

    async fn expire(&self, donation: DonationId, failed_attempts: u32) -> Result<Settlement, ActivityError> {
        Ok(settlement(donations::expire(&self.pool, donation, failed_attempts).await?))
    }
}

fn settlement(stage: DonationStage) -> Settlement {
    match stage {
        DonationStage::Requested => Settlement::StillOpen,
        DonationStage::Confirmed => Settlement::Confirmed,
        DonationStage::Expired => Settlement::Expired,
        // What has gone back was due to; giving it back again finds it done.
        DonationStage::RefundDue | DonationStage::Refunded => Settlement::RefundDue,
        DonationStage::Suspended => Settlement::Suspended,
    }
}

/// Wave's record in the domain's words, which decide.
fn evidence(session: &CheckoutSession, donation: DonationId) -> Evidence {
    let record = gifts::Record {
        reference: session.client_reference.clone(),
        page: session.checkout_status,
        payment: session.payment_status,
        transaction: session.transaction_id.clone(),
        completed_at: session.when_completed,
        amount: session.amount,
        in_francs: session.currency == Currency::Xof,
    };
    gifts::of_record(&record, donation)
}

/// The record was in francs, or it would prove nothing.
fn payment(paid: Paid) -> Payment {
    let Paid { transaction, amount, at } = paid;
    Payment { wave_transaction_id: transaction, amount, currency: "XOF".to_owned(), at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(checkout: &str, payment: &str, reference: &str) -> CheckoutSession {
        serde_json::from_value(serde_json::json!({
            "id": "cos-1", "amount": "5000", "currency": "XOF", "checkout_status": checkout,
            "payment_status": payment, "client_reference": reference, "transaction_id": "T1",
            "wave_launch_url": "https://pay.wave.com/c/cos-1", "when_created": "2026-11-22T10:00:00Z",
            "when_completed": "2026-11-22T10:01:00Z", "when_expires": "2026-11-22T10:30:00Z",
        }))
        .unwrap()
    }

    #[test]
    fn only_complete_and_succeeded_is_paid_and_only_expired_is_the_end() {
        let donation = DonationId::from_uuid(uuid::Uuid::from_u128(7));
        for (checkout, payment, expected) in [
            ("open", "processing", "StillOpen"),
            ("open", "succeeded", "StillOpen"),
            ("complete", "processing", "StillOpen"),
            ("complete", "cancelled", "StillOpen"),
            ("complete", "succeeded", "Paid"),
            ("expired", "cancelled", "Ended"),
            ("expired", "processing", "StillOpen"),
            ("expired", "succeeded", "Contradicts"),
            ("a word of tomorrow", "succeeded", "StillOpen"),
        ] {
            let found = evidence(&session(checkout, payment, &donation.to_string()), donation);
            assert!(format!("{found:?}").starts_with(expected), "{checkout} {payment}: {found:?}");
        }
        let other = evidence(&session("complete", "succeeded", "don_else"), donation);
        assert!(matches!(other, Evidence::Contradicts(_)));
    }
}
