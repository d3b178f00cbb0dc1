//! The cases of a consent, in which identities are looked into: one when it is given, and another when the last was rejected and somebody
//! wants one, or when what it approved holds no more.

use chrono::{DateTime, Utc};
use temporalio_workflow::{WorkflowContext, WorkflowTermination};
use wolo_domain::contacts::Contact;
use wolo_domain::identities::{Reason, in_words};
use wolo_domain::ids::CaseId;
use wolo_domain::notices::Says;

use super::{BeginCase, BeginCaseAnswer, Carried, ConsentInput, GuardianConsent};
use crate::identity_review::{IdentityInput, IdentityState, Told};
use crate::steps::identities::{
    GiveUpCases, GiveUpCasesStep, NextCase, OpenCase, OpenCaseStep, OpenNextCase, OpenNextCaseStep,
};
use crate::{patience, waiting};

/// A consent's first case.
pub(super) const FIRST: u32 = 1;

impl GuardianConsent {
    /// The minor and the guardian are to be who they say, before a pot may open. Nothing is asked of them before the guardian consents.
    pub(super) async fn open_the_case(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let begin = ctx.state(|process| process.work.case_to_open(&process.input));
        let is_opened = begin.is_some();
        if let Some(begin) = begin {
            let open = OpenCase { begin: Box::new(begin), at: waiting::now(ctx) };
            ctx.execute_activity(OpenCaseStep, open, patience::own_books()).await?;
        }
        ctx.state_mut(|process| process.work.state.case_opened = Some(is_opened));
        Ok(())
    }

    /// Nobody has to be looked at any more.
    pub(super) async fn give_up_the_case(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        if ctx.state(|process| process.work.state.case_opened) != Some(true) {
            return Ok(());
        }
        let give_up = GiveUpCases { subject: Self::minor(ctx), at: waiting::now(ctx) };
        ctx.execute_activity(GiveUpCasesStep, give_up, patience::start_many()).await?;
        Ok(())
    }

    /// One decision comes after another, so the case that is opened here is the one that counts.
    pub(super) async fn decide_beginning(
        ctx: &mut WorkflowContext<Self>,
        wish: BeginCase,
    ) -> Result<BeginCaseAnswer, WorkflowTermination> {
        Self::take_turn(ctx).await?;
        let BeginCase { consent, link, by_hand } = wish;
        let begin = ctx.state_mut(|process| {
            process.work.link = process.work.link.take().or(link);
            process.work.case_to_open(&process.input).filter(|begin| begin.consent == Some(consent))
        });
        let Some(begin) = begin else {
            Self::end_turn(ctx);
            return Ok(BeginCaseAnswer::OtherConsent);
        };
        let (is_by_hand, at) = (by_hand.is_some(), Self::now(ctx));
        let open = OpenNextCase { begin: Box::new(begin), consent, by_hand, at };
        let next = ctx.execute_activity(OpenNextCaseStep, open, patience::own_books()).await?;
        Self::end_turn(ctx);
        let of = |number| CaseId::of_consent(consent, number);
        Ok(match next {
            NextCase::Opened { number, reasons } => {
                ctx.state_mut(|process| {
                    process.work.has_opened(number);
                    if is_by_hand {
                        process.work.tell_of_new_case(of(number), &reasons);
                    }
                });
                BeginCaseAnswer::Begun { case: of(number) }
            }
            NextCase::Stands { number, case, stage } => {
                ctx.state_mut(|process| process.work.has_opened(number));
                BeginCaseAnswer::Stands { case, stage }
            }
            NextCase::TooMany { until } => BeginCaseAnswer::TooMany { until },
            NextCase::NotGiven { stage } => BeginCaseAnswer::NotGiven { stage },
            NextCase::OtherConsent => BeginCaseAnswer::OtherConsent,
        })
    }
}

impl Carried {
    /// What the process of the case begins with. None for a process that does not know the guardian, which knows no consent either.
    fn case_to_open(&self, input: &ConsentInput) -> Option<IdentityInput> {
        let (consent, guardian) = (self.state.consent?, self.guardian.as_ref()?);
        Some(IdentityInput {
            case: CaseId::of_consent(consent, self.state.case_number.unwrap_or(FIRST)),
            subject: input.minor,
            consent: Some(consent),
            name: self.minor_name.clone(),
            told: Told {
                user: None,
                to: Some(Contact::Phone(guardian.phone.clone())),
                language: guardian.language,
            },
            link: self.link.clone().unwrap_or_default(),
            rules: input.identities,
            notices: input.notices,
            notice_patience: input.notice_patience,
            continue_after_events: input.continue_after_events,
            carried: IdentityState::default(),
        })
    }

    /// A case that was rejected, or that approved another birth date, makes way for another.
    pub(super) fn stay_minor(&mut self, comes_of_age_at: DateTime<Utc>, case: u32) {
        self.state.comes_of_age_at = Some(comes_of_age_at);
        if case != self.state.case_number.unwrap_or(FIRST) {
            self.state.case_number = Some(case);
            self.state.case_opened = None;
        }
    }

    /// That case is written down, and has its process.
    fn has_opened(&mut self, number: u32) {
        self.state.case_number = (number != FIRST).then_some(number);
        self.state.case_opened = Some(true);
    }

    /// Whoever has not asked for the new case does not know of it. What the one before lacked, this one needs.
    fn tell_of_new_case(&mut self, case: CaseId, reasons: &[Reason]) {
        let (Some(link), Some(guardian)) = (self.link.clone(), &self.guardian) else { return };
        let reason = in_words(reasons, guardian.language);
        let says = Says::IdentityMoreNeeded { name: self.minor_name.clone(), reason, link };
        self.tell_the_guardian(format!("identity-again-{case}"), says);
    }
}
