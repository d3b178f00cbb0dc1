//! Looking an order up at Wave: by our reference, or by the id that a person read in Wave's portal.

use temporalio_sdk::activities::ActivityError;
use tracing::Instrument as _;
use wolo_database::payouts::{self, NeverPaid, Shown};
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutOrder;
use wolo_providers::ProviderError;
use wolo_providers::wave::{Payout, PayoutStatus};
use wolo_workflows::steps::payouts::{FindPayout, PayoutAnswer, RuleOut};

use super::evidence::{self, Evidence};
use super::{PayoutSteps, span, unclear};

impl PayoutSteps {
    /// A question that fails leaves the order as unclear as it was; the process asks again at its own pace.
    pub(super) async fn look_up(
        &self,
        input: FindPayout,
        amount: Xof,
    ) -> Result<PayoutAnswer, ActivityError> {
        let FindPayout { order, wave_payout_id, at } = input;
        let looked = match wave_payout_id {
            Some(id) => self.by_id(order, &id, amount).await,
            None => self.by_reference(order, amount).await,
        };
        match looked {
            Ok(evidence) => self.book(order, evidence, at).await,
            Err(error) => Ok(unclear(order, format!("Wave could not be asked about it: {error}"))),
        }
    }

    /// Finance says that it was never paid. Wave is searched first; then its statement decides, as our books have it.
    pub(super) async fn find_never_paid(
        &self,
        input: RuleOut,
        amount: Xof,
    ) -> Result<PayoutAnswer, ActivityError> {
        let RuleOut { order, after_seconds, at } = input;
        let records = match self.records(order).await {
            Ok(records) => records,
            Err(error) => return Ok(unclear(order, format!("Wave could not be asked about it: {error}"))),
        };
        let shown = match evidence::of_records(&records, amount) {
            None => Shown::Nothing,
            Some(_) if records.iter().all(|record| record.status == PayoutStatus::Reversed) => {
                Shown::TakenBack
            }
            Some(evidence) => return self.book(order, evidence, at).await,
        };
        Ok(match payouts::record_never_paid(&self.pool, order, shown, span(after_seconds), at).await? {
            NeverPaid::Refused { code } => PayoutAnswer::Refused { code },
            NeverPaid::NotProven { why } => unclear(order, why),
            NeverPaid::Succeeded => PayoutAnswer::Succeeded,
        })
    }

    async fn by_reference(&self, order: PayoutOrder, amount: Xof) -> Result<Evidence, ProviderError> {
        let records = self.records(order).await?;
        Ok(evidence::of_records(&records, amount).unwrap_or_else(|| {
            Evidence::none("Wave shows nothing under our reference; that alone is no proof")
        }))
    }

    async fn by_id(&self, order: PayoutOrder, id: &str, amount: Xof) -> Result<Evidence, ProviderError> {
        let span = tracing::info_span!("wave.payout.get", order = order.key());
        let record: Payout = match self.wave.payout(id).instrument(span).await {
            Ok(record) => record,
            Err(ProviderError::Refused { code, .. }) => {
                return Ok(Evidence::none(format!("Wave shows no payout of that id ({code})")));
            }
            Err(error) => return Err(error),
        };
        if record.client_reference.as_deref() != Some(order.key().as_str()) {
            return Ok(Evidence::none("the payout of that id does not have our reference"));
        }
        match evidence::of_record(&record, amount) {
            // That one payout failed is no proof that no other was made.
            Evidence::Refused { .. } => self.by_reference(order, amount).await,
            evidence => Ok(evidence),
        }
    }
}
