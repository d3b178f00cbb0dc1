//! What whoever sent the documents is told: that they have come, and what was decided. Once for each stage of each round.

use temporalio_workflow::{WorkflowContext, WorkflowTermination};
use wolo_domain::identities::{CaseStage, Reason, Standing, in_words};
use wolo_domain::notices::Says;

use super::{IdentityInput, IdentityReview};
use crate::notice_delivery::NoticeInput;
use crate::patience;
use crate::steps::notices::{BeginNoticeStep, Message};

impl IdentityReview {
    pub(super) async fn tell_where_it_stands(
        ctx: &mut WorkflowContext<Self>,
    ) -> Result<(), WorkflowTermination> {
        let (input, standing, told_of) =
            ctx.state(|review| (review.input.clone(), review.state.standing.clone(), review.state.told_of));
        // Who has taken it is nobody's concern outside.
        let stage = match standing.stage {
            CaseStage::InReview => CaseStage::Submitted,
            stage => stage,
        };
        let told = Some((stage, standing.round));
        if told == told_of {
            return Ok(());
        }
        if let Some(says) = says(&input, stage, &standing) {
            let notice = notice(input, stage, standing.round, says);
            ctx.execute_activity(BeginNoticeStep, notice, patience::own_books()).await?;
        }
        ctx.state_mut(|review| review.state.told_of = told);
        Ok(())
    }
}

fn says(input: &IdentityInput, stage: CaseStage, standing: &Standing) -> Option<Says> {
    let name = input.name.clone();
    let reason = || in_words(&standing.reasons, input.told.language);
    match stage {
        // Whoever gave consent, or wants to be known, is on the page that asks for documents.
        CaseStage::Opened => None,
        CaseStage::Submitted | CaseStage::InReview => Some(Says::IdentityReceived { name }),
        CaseStage::Approved => Some(Says::IdentityApproved { name }),
        // They have ended it themselves, or are told of the end of what it was for.
        CaseStage::Rejected if standing.reasons == [Reason::GivenUp] => None,
        CaseStage::Rejected => Some(Says::IdentityRejected { name, reason: reason() }),
        CaseStage::MoreNeeded => {
            Some(Says::IdentityMoreNeeded { name, reason: reason(), link: input.link.clone() })
        }
    }
}

fn notice(input: IdentityInput, stage: CaseStage, round: u32, says: Says) -> NoticeInput {
    let IdentityInput { case, subject, consent, told, notices, notice_patience, .. } = input;
    let person = consent.map_or_else(|| subject.to_string(), |consent| consent.to_string());
    let event = format!("identity-{stage}-{round}-{case}");
    let message = Message {
        user: told.user,
        to: told.to,
        language: told.language,
        ..Message::new(event, person, says)
    };
    NoticeInput { message, expires: None, rules: notices, patience: notice_patience }
}
