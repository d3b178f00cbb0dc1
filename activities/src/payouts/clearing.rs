//! Whether a payout may go to whom it would go to, before anything leaves. Wave compares; nothing is sent.

use temporalio_sdk::activities::ActivityError;
use tracing::Instrument as _;
use wolo_database::payouts::{self, Clearance, Payout, Recipient};
use wolo_domain::ids::PayoutId;
use wolo_providers::ProviderError;
use wolo_providers::wave::{NameMatch, RecipientCheck as Answer, VerifyRecipient};
use wolo_workflows::steps::payouts::RecipientCheck;

use super::{NoSuchPayout, PayoutSteps};
use crate::failure;

impl PayoutSteps {
    pub(super) async fn check_recipient(&self, payout: PayoutId) -> Result<RecipientCheck, ActivityError> {
        let planned = payouts::payout(&self.pool, payout).await?.ok_or(NoSuchPayout(payout))?;
        let Clearance { recipient, accepted, missing_approvals, .. } =
            payouts::clearance(&self.pool, payout).await?;
        let doubt = if accepted { None } else { self.doubt_about(recipient, planned).await? };
        Ok(RecipientCheck { doubt, missing_approvals })
    }

    async fn doubt_about(
        &self,
        recipient: Recipient,
        planned: Payout,
    ) -> Result<Option<String>, ActivityError> {
        let Some(phone) = recipient.phone else {
            return Ok(Some("the recipient's account has no phone".to_owned()));
        };
        let question = VerifyRecipient {
            mobile: phone.reveal().into(),
            name: Some(recipient.name.into()),
            national_id: None,
            amount: Some(planned.amount),
        };
        let span = tracing::info_span!("wave.recipient.verify", payout = %planned.id);
        match self.wave.verify_recipient(&question).instrument(span).await {
            Ok(answer) => Ok(judged(answer).map(str::to_owned)),
            // A number that is no wallet's, say. Whatever the code means, a person has to look.
            Err(ProviderError::Refused { code, .. }) => {
                Ok(Some(format!("Wave does not say who the recipient is ({code})")))
            }
            Err(error) => Err(failure::wave(error)),
        }
    }
}

fn judged(answer: Answer) -> Option<&'static str> {
    if answer.within_limits == Some(false) {
        return Some("the amount is beyond what the recipient's wallet may take");
    }
    match answer.name_match {
        Some(NameMatch::NoMatch) => Some("Wave knows the recipient's phone under another name"),
        _ => None,
    }
}
