//! One message to one person, from the event that it is about until it has reached them or cannot.
//!
//! It goes out when the person may be disturbed, on the first of their channels that takes it; when a channel fails for good
//! the next one is tried. A provider that takes a message has not delivered it: receipts tell of that, twice, late and in any
//! order. When nobody knows whether it went out, a receipt is waited for before anything is sent again; what is better said
//! twice than never (money, consent, security) is then sent once more, and everything else is left as it is. A message that
//! cannot be brought ends with its reason in words.
//!
//! It refuses to be early, to be sent twice where once is not certain to have failed, and to speak on a channel that somebody
//! has closed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};
use wolo_domain::notices::{Channel, Fate, Kind, NoticeRules, NoticeStage, Timing, Withheld, timing};

use crate::steps::notices::{
    EndNotice, EndNoticeStep, Message, NoticeEnd, PrepareNotice, PrepareNoticeStep, Prepared, SendNotice,
    SendNoticeStep, Sending,
};
use crate::waiting::Woken;
use crate::{attributes, ids, patience, waiting};

/// What a message's process is started with.
#[derive(Clone, Serialize, Deserialize)]
pub struct NoticeInput {
    pub message: Message,
    /// After this it is of no use.
    pub expires: Option<DateTime<Utc>>,
    pub rules: NoticeRules,
    pub patience: NoticePatience,
}

/// How long a message waits to be heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticePatience {
    /// For the receipt of one that was taken.
    pub receipt_seconds: u64,
    /// The same of a code, which somebody is waiting for: after that the next channel is tried as well.
    pub code_receipt_seconds: u64,
    /// For any word of one that may or may not have gone out.
    pub unknown_seconds: u64,
}

impl Default for NoticePatience {
    fn default() -> Self {
        Self { receipt_seconds: 86_400, code_receipt_seconds: 60, unknown_seconds: 600 }
    }
}

/// Where the process stands; the answer to the query `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeStatus {
    /// When it goes out, if that is not yet.
    pub not_before: Option<DateTime<Utc>>,
    /// The attempt that is under way or was the last.
    pub number: u32,
    pub channel: Option<Channel>,
    /// What is known of that attempt.
    pub stage: Option<NoticeStage>,
    /// Why the last channel did not take it.
    pub refused: Option<String>,
}

/// A receipt as the process is told of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ReceiptCame {
    pub number: u32,
    pub fate: Fate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeOutcome {
    /// The person has it.
    Arrived,
    /// A provider has taken it and said nothing more in time.
    Taken,
    /// Nobody knows whether it went out, and it is not worth saying twice.
    Unknown,
    Withheld(Withheld),
    /// No channel could bring it.
    GivenUp,
}

/// What came of one channel.
enum Tried {
    Arrived,
    Taken,
    Unknown,
    Failed,
}

#[workflow]
pub struct NoticeDelivery {
    input: NoticeInput,
    status: NoticeStatus,
}

#[workflow_methods]
impl NoticeDelivery {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: NoticeInput) -> Self {
        Self { input, status: NoticeStatus::default() }
    }

    #[run(name = "NoticeDelivery")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<NoticeOutcome> {
        let outcome = match Self::wait_for_the_time(ctx).await? {
            Ok(ways) => Self::try_each(ctx, ways).await?,
            Err(why) => Self::withhold(ctx, why).await?,
        };
        waiting::for_handlers(ctx).await?;
        Ok(outcome)
    }

    /// A provider has told what became of an attempt. What cannot be read is not heard.
    #[signal(name = "receipt_came")]
    pub fn receipt_came(&mut self, _ctx: &mut SyncWorkflowContext<Self>, receipt: RawValue) {
        let told =
            receipt.payloads.into_iter().next().and_then(|told| serde_json::from_slice(&told.data).ok());
        if let Some(ReceiptCame { number, fate }) = told
            // Of an earlier attempt one thing still counts: that the person has it.
            && (number == self.status.number || NoticeStage::Queued.hear(fate).has_arrived())
        {
            let stage = self.status.stage.unwrap_or(NoticeStage::Queued);
            self.status.stage = Some(stage.hear(fate));
        }
    }

    #[query(name = "status")]
    pub fn status(&self, _ctx: &WorkflowContextView) -> NoticeStatus {
        self.status.clone()
    }

    /// What it was started with: whoever wants the same said again has it from here, for it is kept nowhere else.
    #[query(name = "input")]
    pub fn input(&self, _ctx: &WorkflowContextView) -> NoticeInput {
        self.input.clone()
    }

    /// Looks how the person can be reached, and when; and looks again when that time has come, for things change.
    async fn wait_for_the_time(
        ctx: &mut WorkflowContext<Self>,
    ) -> Result<Result<Vec<Channel>, Withheld>, WorkflowTermination> {
        loop {
            let Prepared { ways, muted, today } = Self::prepare(ctx).await?;
            let (kind, expires, rules) =
                ctx.state(|notice| (notice.kind(), notice.input.expires, notice.input.rules));
            match timing(kind, muted, today, waiting::now(ctx), expires, rules) {
                Timing::Never(why) => return Ok(Err(why)),
                Timing::Now if ways.is_empty() => return Ok(Err(Withheld::NoChannel)),
                Timing::Now => return Ok(Ok(ways)),
                Timing::At(moment) => Self::sleep_until(ctx, moment).await?,
            }
        }
    }

    async fn prepare(ctx: &mut WorkflowContext<Self>) -> Result<Prepared, WorkflowTermination> {
        let message = ctx.state(|notice| notice.input.message.clone());
        let process = ids::notice(&message.event, &message.person);
        let prepare = PrepareNotice { message, process, at: waiting::now(ctx) };
        Ok(ctx.execute_activity(PrepareNoticeStep, prepare, patience::own_books()).await?)
    }

    async fn sleep_until(
        ctx: &mut WorkflowContext<Self>,
        moment: DateTime<Utc>,
    ) -> Result<(), WorkflowTermination> {
        ctx.state_mut(|notice| notice.status.not_before = Some(moment));
        ctx.upsert_search_attributes([attributes::STATUS.value_set("waits_for_the_day".to_owned())]);
        waiting::until(ctx, Some(moment), "a time at which the person may be disturbed", |_| false).await?;
        ctx.state_mut(|notice| notice.status.not_before = None);
        Ok(())
    }

    /// One channel after the other, until one has brought it.
    async fn try_each(
        ctx: &mut WorkflowContext<Self>,
        ways: Vec<Channel>,
    ) -> Result<NoticeOutcome, WorkflowTermination> {
        let mut taken = false;
        for channel in ways {
            let mut tried = Self::try_one(ctx, channel).await?;
            if matches!(tried, Tried::Unknown) && ctx.state(Self::is_worth_saying_twice) {
                tried = Self::try_one(ctx, channel).await?;
            }
            match tried {
                Tried::Arrived => return Ok(NoticeOutcome::Arrived),
                Tried::Unknown if !ctx.state(Self::somebody_waits_for_it) => {
                    return Ok(NoticeOutcome::Unknown);
                }
                Tried::Taken if !ctx.state(Self::somebody_waits_for_it) => return Ok(NoticeOutcome::Taken),
                // Somebody waits for this one: what has not been seen to arrive is tried on the next channel too.
                Tried::Taken | Tried::Unknown => taken = true,
                Tried::Failed => {}
            }
        }
        if taken { Ok(NoticeOutcome::Taken) } else { Self::give_up(ctx).await }
    }

    /// Sends it once on a channel, and waits to hear of it.
    async fn try_one(
        ctx: &mut WorkflowContext<Self>,
        channel: Channel,
    ) -> Result<Tried, WorkflowTermination> {
        let number = ctx.state_mut(|notice| notice.begin_attempt(channel));
        let message = ctx.state(|notice| notice.input.message.clone());
        let send = SendNotice { message, number, channel };
        let sending = ctx.execute_activity(SendNoticeStep, send, patience::send_a_message()).await?;
        match sending {
            Sending::Accepted => Self::wait_for_a_receipt(ctx).await,
            Sending::Unknown => Self::wait_for_any_word(ctx).await,
            Sending::Refused { code } => {
                ctx.state_mut(|notice| notice.status.refused = Some(code));
                Ok(Tried::Failed)
            }
            Sending::NoWay => Ok(Tried::Failed),
        }
    }

    async fn wait_for_a_receipt(ctx: &mut WorkflowContext<Self>) -> Result<Tried, WorkflowTermination> {
        let seconds = ctx.state(|notice| {
            let patience = notice.input.patience;
            if notice.somebody_waits_for_it() {
                patience.code_receipt_seconds
            } else {
                patience.receipt_seconds
            }
        });
        let ended = |notice: &Self| notice.status.stage.is_some_and(|stage| stage >= NoticeStage::Failed);
        Self::hear(ctx, seconds, "the provider to tell that it has arrived", ended).await?;
        Ok(match ctx.state(|notice| notice.status.stage) {
            Some(stage) if stage.has_arrived() => Tried::Arrived,
            Some(NoticeStage::Failed) => {
                ctx.state_mut(|notice| notice.status.refused = Some("undelivered".to_owned()));
                Tried::Failed
            }
            _ => Tried::Taken,
        })
    }

    /// Whoever hears anything at all knows that it went out.
    async fn wait_for_any_word(ctx: &mut WorkflowContext<Self>) -> Result<Tried, WorkflowTermination> {
        let seconds = ctx.state(|notice| {
            let patience = notice.input.patience;
            if notice.somebody_waits_for_it() {
                patience.code_receipt_seconds
            } else {
                patience.unknown_seconds
            }
        });
        let any = |notice: &Self| notice.status.stage.is_some();
        match Self::hear(ctx, seconds, "a word about a message that may have gone out", any).await? {
            Woken::Called => Self::wait_for_a_receipt(ctx).await,
            Woken::Due => Ok(Tried::Unknown),
        }
    }

    async fn hear(
        ctx: &mut WorkflowContext<Self>,
        seconds: u64,
        why: &str,
        heard: impl Fn(&Self) -> bool,
    ) -> Result<Woken, WorkflowTermination> {
        let due = waiting::now(ctx) + Duration::from_secs(seconds);
        waiting::until(ctx, Some(due), why, heard).await
    }

    async fn withhold(
        ctx: &mut WorkflowContext<Self>,
        why: Withheld,
    ) -> Result<NoticeOutcome, WorkflowTermination> {
        Self::end(ctx, NoticeEnd::Withheld(why)).await?;
        Ok(NoticeOutcome::Withheld(why))
    }

    async fn give_up(ctx: &mut WorkflowContext<Self>) -> Result<NoticeOutcome, WorkflowTermination> {
        let why = ctx.state(|notice| notice.status.refused.clone());
        Self::end(ctx, NoticeEnd::GivenUp(why.unwrap_or_else(|| "no_channel".to_owned()))).await?;
        Ok(NoticeOutcome::GivenUp)
    }

    async fn end(ctx: &mut WorkflowContext<Self>, why: NoticeEnd) -> Result<(), WorkflowTermination> {
        let end = EndNotice { notice: ctx.state(|notice| notice.input.message.notice), why };
        Ok(ctx.execute_activity(EndNoticeStep, end, patience::own_books()).await?)
    }
}

impl NoticeDelivery {
    fn kind(&self) -> Kind {
        self.input.message.says.kind()
    }

    fn begin_attempt(&mut self, channel: Channel) -> u32 {
        self.status.number += 1;
        self.status.channel = Some(channel);
        self.status.stage = None;
        self.status.number
    }

    /// A code: it is on no channel twice, and on the next one soon.
    fn somebody_waits_for_it(&self) -> bool {
        self.kind().at_most_once()
    }

    fn is_worth_saying_twice(&self) -> bool {
        self.kind().category().must_be_heard() && !self.kind().at_most_once()
    }
}
