//! What the minor and the guardian are told. A guardian has no account: they are known by the consent.

use chrono::{DateTime, TimeDelta, Utc};
use temporalio_workflow::{WorkflowContext, WorkflowTermination};
use wolo_domain::contacts::Contact;
use wolo_domain::ids::{ConsentId, UserId};
use wolo_domain::notices::{Kind, Says};

use super::{Carried, GuardianConsent};
use crate::notice_delivery::NoticeInput;
use crate::patience;
use crate::steps::consents::HandedPot;
use crate::steps::notices::{BeginNoticeStep, Message};

impl GuardianConsent {
    /// Tells what has waited longest to be told.
    pub(super) async fn tell(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let notice = ctx.state(|consent| {
            let message = consent.work.to_tell.first().cloned()?;
            let asks = matches!(message.says.kind(), Kind::ConsentRequest | Kind::ConsentReminder);
            Some(NoticeInput {
                message,
                // Nobody is asked for an answer that comes too late.
                expires: consent.work.state.answer_by.filter(|_| asks),
                rules: consent.input.notices,
                patience: consent.input.notice_patience,
            })
        });
        let Some(notice) = notice else { return Ok(()) };
        let told = notice.message.notice;
        ctx.execute_activity(BeginNoticeStep, notice, patience::own_books()).await?;
        // Whoever was named meanwhile has taken away what the one before was to be told.
        ctx.state_mut(|consent| consent.work.to_tell.retain(|message| message.notice != told));
        Ok(())
    }
}

impl Carried {
    /// The guardian is to be asked. Whoever was to be asked before is asked no more.
    pub(super) fn ask(&mut self, at: DateTime<Utc>) {
        self.to_tell
            .retain(|message| !matches!(message.says.kind(), Kind::ConsentRequest | Kind::ConsentReminder));
        let (name, days) = (self.minor_name.clone(), self.days_left(at));
        let Some(link) = self.link.clone() else { return };
        self.tell_the_guardian("consent-request".to_owned(), Says::ConsentRequest { name, link, days });
    }

    pub(super) fn ask_again(&mut self, at: DateTime<Utc>) {
        let number = self.state.reminders_sent;
        self.state.reminders_sent += 1;
        let (name, days) = (self.minor_name.clone(), self.days_left(at));
        let Some(link) = self.link.clone() else { return };
        let says = Says::ConsentReminder { name, link, days };
        self.tell_the_guardian(format!("consent-reminder-{number}"), says);
    }

    /// Both are to be told of what happened at some time.
    pub(super) fn tell_both(&mut self, what: &str, at: DateTime<Utc>, minor: UserId, says: Says) {
        let event = format!("{what}-{}", at.timestamp_millis());
        self.tell_the_guardian(event.clone(), says.clone());
        let Some(consent) = self.state.consent else { return };
        self.tell_the_minor(format!("{event}-{consent}"), minor, says);
    }

    /// Each pot is its owner's own from now on.
    pub(super) fn tell_of_pots(&mut self, consent: ConsentId, minor: UserId, pots: Vec<HandedPot>) {
        for HandedPot { pot, title } in pots {
            let says = Says::HandedOver { name: self.minor_name.clone(), pot: title };
            self.tell_the_minor(format!("handed-over-{consent}-{pot}"), minor, says);
        }
    }

    pub(super) fn tell_the_guardian(&mut self, event: String, says: Says) {
        let (Some(consent), Some(guardian)) = (self.state.consent, self.guardian.clone()) else { return };
        self.to_tell.push(Message {
            to: Some(Contact::Phone(guardian.phone)),
            or_email: guardian.email,
            language: guardian.language,
            ..Message::new(event, consent.to_string(), says)
        });
    }

    fn tell_the_minor(&mut self, event: String, minor: UserId, says: Says) {
        self.to_tell.push(Message { user: Some(minor), ..Message::new(event, minor.to_string(), says) });
    }

    /// A day that has begun counts.
    fn days_left(&self, at: DateTime<Utc>) -> u32 {
        let left = self.state.answer_by.map_or(TimeDelta::zero(), |by| by - at);
        u32::try_from((left + TimeDelta::hours(23)).num_days()).unwrap_or_default()
    }
}
