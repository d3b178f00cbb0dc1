//! Messages to people: how somebody can be reached, and the handing over of one message to one provider.

mod beginning;
mod carriers;
mod handing;
pub mod words;

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use url::Url;
use wolo_database::Pool;
use wolo_database::notices::{self, End, Notice, Reach};
use wolo_domain::contacts::Contact;
use wolo_domain::notices::Channel;
use wolo_providers::BreakerState;
use wolo_workflows::notice_delivery::NoticeInput;
use wolo_workflows::steps::notices::{
    BeginNoticeStep, EndNotice, EndNoticeStep, Message, NoticeEnd, PrepareNotice, PrepareNoticeStep,
    Prepared, SendNotice, SendNoticeStep, Sending,
};

use crate::alive::while_doing;
pub use beginning::begin;
pub use carriers::{Carriers, Paced};
use words::Words;

pub struct NoticeSteps {
    pool: Pool,
    carriers: Carriers,
    words: Words,
    /// Where links that we make ourselves lead.
    public_url: Url,
}

impl NoticeSteps {
    pub fn new(pool: Pool, carriers: Carriers, words: Words, public_url: Url) -> Self {
        Self { pool, carriers, words, public_url }
    }

    /// The name of each provider of messages, and whether calls to it are let through.
    pub fn breakers(&self) -> impl Iterator<Item = (&'static str, BreakerState)> {
        self.carriers.breakers()
    }

    /// Those channels, in the person's own order, on which there is an address, a provider and no objection. Whoever has no
    /// account cannot mute what may be muted: their STOP on one channel of a phone is one on all of them.
    fn ways(&self, message: &Message, reach: &Reach) -> Vec<Channel> {
        const OF_A_PHONE: [Channel; 2] = [Channel::WhatsApp, Channel::Sms];
        let may_be_muted = message.user.is_none() && !message.says.kind().category().must_be_heard();
        let stopped = may_be_muted && OF_A_PHONE.iter().any(|channel| reach.opted_out.contains(channel));
        let is_closed = |channel: &Channel| {
            reach.opted_out.contains(channel) || (stopped && OF_A_PHONE.contains(channel))
        };
        let mut ways = reach.channels.clone().unwrap_or_else(|| Channel::ALL.to_vec());
        ways.retain(|channel| {
            let is_there = match channel {
                Channel::WhatsApp | Channel::Sms => reach.phone.is_some(),
                Channel::Email => reach.email.is_some(),
                Channel::Push => !reach.devices.is_empty(),
            };
            is_there && self.carriers.carry(*channel) && !is_closed(channel)
        });
        ways
    }
}

#[activities]
impl NoticeSteps {
    #[activity(definition = PrepareNoticeStep)]
    pub async fn prepare(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: PrepareNotice,
    ) -> Result<Prepared, ActivityError> {
        let PrepareNotice { message, process, at } = input;
        // Only a mail to somebody without an account is opted out of by its address.
        let mail_to = match &message.to {
            Some(Contact::Email(email)) if message.user.is_none() => Some(email),
            _ => None,
        };
        let category = message.says.kind().category();
        let notice = Notice {
            id: message.notice,
            process: &process,
            event: &message.event,
            person: &message.person,
            kind: message.says.kind(),
            user: message.user,
            pot: message.pot,
            mail_to: mail_to.filter(|_| !category.must_be_heard()),
        };
        notices::add(&self.pool, notice).await?;
        let reach =
            notices::reach(&self.pool, message.user, &message.contacts(), &message.person, at).await?;
        let ways = self.ways(&message, &reach);
        Ok(Prepared { ways, muted: reach.muted.contains(&category), today: reach.today })
    }

    #[activity(definition = SendNoticeStep)]
    pub async fn send(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: SendNotice,
    ) -> Result<Sending, ActivityError> {
        while_doing(&ctx, self.hand_over(input)).await
    }

    #[activity(definition = BeginNoticeStep)]
    pub async fn begin(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: NoticeInput,
    ) -> Result<(), ActivityError> {
        begin(&ctx.client(), input).await?;
        Ok(())
    }

    #[activity(definition = EndNoticeStep)]
    pub async fn end(self: Arc<Self>, _ctx: ActivityContext, input: EndNotice) -> Result<(), ActivityError> {
        let end = match &input.why {
            NoticeEnd::Withheld(why) => End::Withheld(*why),
            NoticeEnd::GivenUp(why) => End::GivenUp(why),
        };
        Ok(notices::end(&self.pool, input.notice, end).await?)
    }
}
