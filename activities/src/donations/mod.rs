//! Gifts: a page at Wave to pay on, and the truth about it.
//!
//! Wave has no key against double pages, so a second attempt looks before it makes one. Two open pages of one gift could
//! both be paid; whichever is not the gift's is ended.

mod checkouts;
mod ending;
mod settling;
mod taking_up;

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use url::Url;
use wolo_database::Pool;
use wolo_domain::ids::DonationId;
use wolo_providers::wave::Wave;
use wolo_workflows::steps::donations::{
    CheckoutOutcome, DonationRequest, EndCheckouts, EndCheckoutsStep, EndedCheckouts, OpenDonationCheckout,
    SettleDonation, SettleDonationStep, Settlement, TakeUp, TakeUpStep, TakenUp,
};

pub struct DonationSteps {
    pool: Pool,
    wave: Wave,
    /// Under which people reach us; Wave sends their browser there afterwards.
    public_url: Url,
}

/// The process speaks of a gift that nobody has written down.
#[derive(Debug, thiserror::Error)]
#[error("there is no donation {0}")]
struct NoSuchDonation(DonationId);

impl DonationSteps {
    pub fn new(pool: Pool, wave: Wave, public_url: Url) -> Self {
        Self { pool, wave, public_url }
    }

    /// Where Wave sends the giver's browser, paid or not: a page that asks us, because arriving proves nothing.
    fn return_address(&self, donation: DonationId) -> Url {
        let mut url = self.public_url.clone();
        // An http(s) address always has path segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "payments", "status", &donation.to_string()]);
        }
        url
    }
}

#[activities]
impl DonationSteps {
    #[activity(definition = OpenDonationCheckout)]
    pub async fn open_checkout(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: DonationRequest,
    ) -> Result<CheckoutOutcome, ActivityError> {
        let tried_before = ctx.info().attempt > 1;
        self.page_for(input, tried_before).await
    }

    #[activity(definition = SettleDonationStep)]
    pub async fn settle(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: SettleDonation,
    ) -> Result<Settlement, ActivityError> {
        self.settle_by_the_evidence(input).await
    }

    #[activity(definition = EndCheckoutsStep)]
    pub async fn end_checkouts(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: EndCheckouts,
    ) -> Result<EndedCheckouts, ActivityError> {
        self.end_all(&ctx, input).await
    }

    #[activity(definition = TakeUpStep)]
    pub async fn take_up(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: TakeUp,
    ) -> Result<TakenUp, ActivityError> {
        self.take_up_all(&ctx, input).await
    }
}
