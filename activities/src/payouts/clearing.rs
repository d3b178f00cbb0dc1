//! Whether a payout may go to whom it would go to, before anything leaves. Wave compares; nothing is sent.

use temporalio_sdk::activities::ActivityError;
use tracing::Instrument as _;
use wolo_database::payouts;
use wolo_domain::ids::PayoutId;
use wolo_providers::ProviderError;
use wolo_providers::wave::{NameMatch, RecipientCheck as Answer, VerifyRecipient};
use wolo_workflows::steps::payouts::RecipientCheck;

use super::{NoSuchPayout, PayoutSteps};
use crate::failure;

impl PayoutSteps {
    pub(super) async fn check_recipient(&self, payout: PayoutId) -> Result<RecipientCheck, ActivityError> {
        let planned = payouts::payout(&self.pool, payout).await?.ok_or(NoSuchPayout(payout))?;
        let recipient = payouts::recipient(&self.pool, payout).await?.ok_or(NoSuchPayout(payout))?;
        let Some(phone) = recipient.phone else {
            return Ok(doubtful("the recipient's account has no phone"));
        };
        let question = VerifyRecipient {
            mobile: phone.reveal().into(),
            name: Some(recipient.name.into()),
            national_id: None,
            amount: Some(planned.amount),
        };
        let span = tracing::info_span!("wave.recipient.verify", %payout);
        match self.wave.verify_recipient(&question).instrument(span).await {
            Ok(answer) => Ok(judged(answer)),
            // A number that is no wallet's, say. Whatever the code means, a person has to look.
            Err(ProviderError::Refused { code, .. }) => {
                Ok(doubtful(&format!("Wave does not say who the recipient is ({code})")))
            }
            Err(error) => Err(failure::wave(error)),
        }
    }
}

fn judged(answer: Answer) -> RecipientCheck {
    if answer.within_limits == Some(false) {
        return doubtful("the amount is beyond what the recipient's wallet may take");
    }
    match answer.name_match {
        Some(NameMatch::NoMatch) => doubtful("Wave knows the recipient's phone under another name"),
        _ => RecipientCheck::Fits,
    }
}

fn doubtful(why: &str) -> RecipientCheck {
    RecipientCheck::Doubtful { why: why.to_owned() }
}
