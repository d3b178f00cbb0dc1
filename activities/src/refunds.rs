//! Giving back: one gift at Wave, and the start of every refund of a pot that is given up.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowStartOptions};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tracing::Instrument as _;
use wolo_database::donations::{self, Refunding, TakingBack};
use wolo_database::{Page, Pool};
use wolo_domain::ids::{DonationId, PotId};
use wolo_providers::ProviderError;
use wolo_providers::wave::Wave;
use wolo_workflows::refund::{Refund, RefundInput, RefundPatience};
use wolo_workflows::steps::refunds::{
    BeginAllRefunds, BeginRefunds, BegunRefunds, GiveBack, GiveBackStep, GivingBack,
};
use wolo_workflows::{attributes, ids, queues};

use crate::alive::{go_on, while_doing};
use crate::failure;

/// Gifts that are read at once.
const PAGE: u32 = 100;

pub struct RefundSteps {
    pool: Pool,
    wave: Wave,
}

/// How far the walk has come.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Walked {
    last: Option<DonationId>,
    begun: u64,
}

impl RefundSteps {
    pub fn new(pool: Pool, wave: Wave) -> Self {
        Self { pool, wave }
    }

    /// The intent, the call, the posting. Wave gives a checkout back once, however often it is asked.
    async fn refund(&self, donation: DonationId) -> Result<GivingBack, ActivityError> {
        let checkout_id = match donations::begin_refund(&self.pool, donation).await? {
            Refunding::Refunded => return Ok(GivingBack::Refunded),
            Refunding::Due { checkout_id, .. } => checkout_id,
        };
        let span = tracing::info_span!("wave.checkout.refund", %donation);
        match self.wave.refund_checkout(&checkout_id).instrument(span).await {
            Ok(()) => {
                donations::record_refund(&self.pool, donation).await?;
                Ok(GivingBack::Refunded)
            }
            Err(ProviderError::Refused { code, status, .. }) => {
                tracing::warn!(%donation, code, status, "Wave does not give a gift back");
                donations::refuse_refund(&self.pool, donation, &code).await?;
                Ok(GivingBack::Refused { code })
            }
            Err(error) => Err(failure::wave(error)),
        }
    }
}

#[activities]
impl RefundSteps {
    #[activity(definition = GiveBackStep)]
    pub async fn give_back(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: GiveBack,
    ) -> Result<GivingBack, ActivityError> {
        while_doing(&ctx, self.refund(input.donation)).await
    }

    #[activity(definition = BeginAllRefunds)]
    pub async fn begin_all(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: BeginRefunds,
    ) -> Result<BegunRefunds, ActivityError> {
        let mut walked: Walked = ctx.heartbeat_details().deserialize()?.unwrap_or_default();
        loop {
            let page = Page { after: walked.last, limit: PAGE };
            let going_back = donations::going_back(&self.pool, input.pot, page).await?;
            if going_back.is_empty() {
                return Ok(BegunRefunds { count: walked.begun });
            }
            for donation in going_back {
                go_on(&ctx)?;
                if donations::take_back(&self.pool, donation).await? == TakingBack::Due {
                    start(&ctx.client(), donation, input.pot, input.patience).await?;
                    walked.begun += 1;
                }
                walked.last = Some(donation);
                ctx.record_heartbeat(walked).await?;
            }
        }
    }
}

/// Starts the process that gives a gift back, and answers whether none ran. One that ended without having given it back,
/// because somebody ended it, is started again.
pub(crate) async fn start(
    client: &Client,
    donation: DonationId,
    pot: PotId,
    patience: RefundPatience,
) -> Result<bool, ActivityError> {
    let options = WorkflowStartOptions::new(queues::MONEY, ids::refund(donation))
        .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
        .search_attributes(attributes::of_refund(pot))
        .build();
    let input = RefundInput { donation, patience, refusals: 0 };
    match client.start_workflow(Refund::run, input, options).await {
        Ok(_) => Ok(true),
        Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The same for a gift whose pot the caller does not know.
pub(crate) async fn start_for(
    client: &Client,
    pool: &Pool,
    donation: DonationId,
    patience: RefundPatience,
) -> Result<bool, ActivityError> {
    match donations::donation(pool, donation).await? {
        Some(gift) => start(client, donation, gift.pot, patience).await,
        None => Ok(false),
    }
}
