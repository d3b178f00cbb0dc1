//! The decisions about a consent, one after another: each is written by a step, and what that answers is noted and told.

use temporalio_workflow::{WorkflowContext, WorkflowTermination};
use wolo_domain::consents::{ConsentEnd, ConsentStage};
use wolo_domain::ids::ConsentId;

use super::{
    AboutConsent, AskAnswer, AskGuardian, GiveAnswer, GuardianAgrees, GuardianConsent, RefuseAnswer,
    WithdrawAnswer,
};
use crate::steps::consents::{
    AskConsent, AskConsentStep, Asking, EndConsent, EndConsentStep, Ending, GiveConsent, GiveConsentStep,
    Giving, WithdrawConsent, WithdrawConsentStep, Withdrawing,
};
use crate::{patience, waiting};

impl GuardianConsent {
    pub(super) async fn decide_asking(
        ctx: &mut WorkflowContext<Self>,
        wish: AskGuardian,
    ) -> Result<AskAnswer, WorkflowTermination> {
        Self::take_turn(ctx).await?;
        let AskGuardian { consent, guardian, token, link } = wish;
        let rules = ctx.state(|consent| consent.input.rules.clone());
        let (minor, at) = (Self::minor(ctx), Self::now(ctx));
        let ask = AskConsent { consent, minor, guardian, token, rules, at };
        let asking = ctx.execute_activity(AskConsentStep, ask, patience::own_books()).await?;
        Self::end_turn(ctx);
        Ok(match asking {
            Asking::Asked { standing } => {
                let answer_by = standing.answer_by;
                Self::note_request(ctx, standing, link, at);
                AskAnswer::Asked { answer_by }
            }
            Asking::AlreadyAsked { standing } => {
                // The process that was asked may have ended before it had told anybody.
                if ctx.state(|process| process.work.lacks_the_link(&standing)) {
                    Self::note_request(ctx, standing, link, at);
                }
                AskAnswer::AlreadyAsked
            }
            Asking::AlreadyGiven => AskAnswer::AlreadyGiven,
            Asking::TooMany { until } => AskAnswer::TooMany { until },
            Asking::NotAMinor => AskAnswer::NotAMinor,
            Asking::GuardianIsMinor => AskAnswer::GuardianIsMinor,
            Asking::OwnPhone => AskAnswer::OwnPhone,
            Asking::OwnMailbox => AskAnswer::OwnMailbox,
            Asking::PersonUnknown => AskAnswer::PersonUnknown,
            Asking::Unfit => AskAnswer::Unfit,
        })
    }

    pub(super) async fn decide_giving(
        ctx: &mut WorkflowContext<Self>,
        wish: GuardianAgrees,
    ) -> Result<GiveAnswer, WorkflowTermination> {
        Self::take_turn(ctx).await?;
        let GuardianAgrees { consent, agreement, born, link } = wish;
        let (minor, at) = (Self::minor(ctx), Self::now(ctx));
        let give = GiveConsent { minor, consent, agreement, born, at };
        let giving = ctx.execute_activity(GiveConsentStep, give, patience::own_books()).await?;
        Self::end_turn(ctx);
        Ok(match giving {
            Giving::Given { minors_of_guardian } => {
                ctx.state_mut(|process| {
                    process.work.link = link.or_else(|| process.work.link.take());
                    process.work.state.flagged = process.input.rules.is_flagged(minors_of_guardian);
                });
                Self::note(ctx, consent, ConsentStage::Given, None, at);
                GiveAnswer::Given
            }
            Giving::AlreadyGiven { same } => {
                // It may have been given while nobody was there to note it.
                Self::note(ctx, consent, ConsentStage::Given, None, at);
                GiveAnswer::AlreadyGiven { same }
            }
            Giving::Over { stage } => GiveAnswer::Over { stage },
            Giving::GuardianIsMinor => GiveAnswer::GuardianIsMinor,
            Giving::OtherConsent => GiveAnswer::OtherConsent,
            Giving::UnknownText => GiveAnswer::UnknownText,
            Giving::TooLittle => GiveAnswer::TooLittle,
        })
    }

    pub(super) async fn decide_refusing(
        ctx: &mut WorkflowContext<Self>,
        wish: AboutConsent,
    ) -> Result<RefuseAnswer, WorkflowTermination> {
        Ok(match Self::write_end(ctx, wish.consent, ConsentEnd::Refused).await? {
            Ending::Over { stage: ConsentStage::Refused } => RefuseAnswer::Refused,
            Ending::Over { stage } | Ending::InForce { stage } => RefuseAnswer::NotRequested { stage },
            Ending::OtherConsent => RefuseAnswer::OtherConsent,
        })
    }

    pub(super) async fn decide_withdrawing(
        ctx: &mut WorkflowContext<Self>,
        wish: AboutConsent,
    ) -> Result<WithdrawAnswer, WorkflowTermination> {
        Self::take_turn(ctx).await?;
        let AboutConsent { consent } = wish;
        let rules = ctx.state(|process| process.input.rules.clone());
        let (minor, at) = (Self::minor(ctx), Self::now(ctx));
        let withdraw = WithdrawConsent { minor, consent, rules, at };
        let withdrawing = ctx.execute_activity(WithdrawConsentStep, withdraw, patience::own_books()).await?;
        Self::end_turn(ctx);
        Ok(match withdrawing {
            Withdrawing::Withdrawn { return_by } => {
                Self::note(ctx, consent, ConsentStage::Withdrawn, Some(return_by), at);
                WithdrawAnswer::Withdrawn { return_by }
            }
            Withdrawing::NotGiven { stage } => WithdrawAnswer::NotGiven { stage },
            Withdrawing::OtherConsent => WithdrawAnswer::OtherConsent,
        })
    }

    pub(super) async fn write_end(
        ctx: &mut WorkflowContext<Self>,
        consent: ConsentId,
        end: ConsentEnd,
    ) -> Result<Ending, WorkflowTermination> {
        Self::take_turn(ctx).await?;
        let (minor, at) = (Self::minor(ctx), Self::now(ctx));
        let write = EndConsent { minor, consent, end, at };
        let ending = ctx.execute_activity(EndConsentStep, write, patience::own_books()).await?;
        Self::end_turn(ctx);
        if let Ending::Over { stage } = ending {
            Self::note(ctx, consent, stage, None, at);
        }
        Ok(ending)
    }

    /// Lets whoever decides something end, and keeps everybody else waiting until [`Self::end_turn`].
    pub(super) async fn take_turn(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        waiting::until_known(ctx, |process| (process.found && !process.deciding).then_some(())).await?;
        ctx.state_mut(|process| process.deciding = true);
        Ok(())
    }

    pub(super) fn end_turn(ctx: &WorkflowContext<Self>) {
        ctx.state_mut(|process| process.deciding = false);
    }

    /// Only a process that is cancelled gives up, and its end tells whoever asked.
    pub(super) async fn answered<T>(decided: Result<T, WorkflowTermination>) -> T {
        match decided {
            Ok(answer) => answer,
            Err(_) => std::future::pending().await,
        }
    }
}
