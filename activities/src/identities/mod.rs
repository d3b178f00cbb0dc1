//! What is done about an identity case: its row, its process, and in the end its documents.

mod beginning;
mod destroying;
mod giving_up;

use std::sync::Arc;

use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use uuid::Uuid;
use wolo_database::Pool;
use wolo_database::audit::Doer;
use wolo_database::identities::{self, Decided, NewCase, NewNext};
use wolo_domain::identities::{
    Adding, Answered, Deciding, Ending, Looking, Removing, Standing, Submitting, Taking,
};
use wolo_domain::ids::CaseId;
use wolo_providers::vault::Vault;
use wolo_workflows::identity_review::IdentityInput;
use wolo_workflows::steps::identities::{
    AddCaseDocument, AddDocumentStep, DecideCase, DecideCaseStep, DestroyDocuments, DestroyDocumentsStep,
    EndCase, EndCaseStep, EscalateCase, EscalateCaseStep, GiveUpCases, GiveUpCasesStep, LookAtDocument,
    LookAtDocumentStep, NextCase, OpenCase, OpenCaseStep, OpenNextCase, OpenNextCaseStep, RemoveCaseDocument,
    RemoveDocumentStep, SubmitCase, SubmitCaseStep, TakeCase, TakeCaseStep,
};

use crate::clearance::tell_the_pots;

pub(crate) use giving_up::give_up as give_up_cases;

pub struct IdentitySteps {
    pool: Pool,
    /// Absent where nothing is destroyed.
    vault: Option<Arc<Vault>>,
}

impl IdentitySteps {
    pub fn new(pool: Pool, vault: Option<Arc<Vault>>) -> Self {
        Self { pool, vault }
    }
}

#[activities]
impl IdentitySteps {
    #[activity(definition = OpenCaseStep)]
    pub async fn open_case(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: OpenCase,
    ) -> Result<Standing, ActivityError> {
        let OpenCase { begin, at } = input;
        let new = NewCase {
            id: begin.case,
            subject: begin.subject,
            consent: begin.consent,
            approvals_needed: begin.rules.approvals(begin.consent.is_some()),
            at,
        };
        let standing = identities::open(&self.pool, &new).await?;
        // The row of one that is over needs no process.
        if !standing.destroyed {
            beginning::begin(&ctx.client(), *begin).await?;
        }
        Ok(standing)
    }

    #[activity(definition = OpenNextCaseStep)]
    pub async fn open_next(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: OpenNextCase,
    ) -> Result<NextCase, ActivityError> {
        let OpenNextCase { begin, consent, by_hand, at } = input;
        let new = NewNext { consent, subject: begin.subject, rules: begin.rules, at };
        let by_hand = by_hand.as_ref().map(|wish| Doer::new(&wish.by, &wish.reason));
        let next = match identities::open_next(&self.pool, &new, by_hand).await? {
            identities::NextCase::Opened { number, reasons } => NextCase::Opened { number, reasons },
            identities::NextCase::Stands { number, case, stage } => NextCase::Stands { number, case, stage },
            identities::NextCase::TooMany { until } => NextCase::TooMany { until },
            identities::NextCase::NotGiven { stage } => NextCase::NotGiven { stage },
            identities::NextCase::OtherConsent => NextCase::OtherConsent,
        };
        let case = match &next {
            NextCase::Opened { number, .. } => Some(CaseId::of_consent(consent, *number)),
            // Somebody may have ended its process.
            NextCase::Stands { case, stage, .. } if !stage.is_decided() => Some(*case),
            _ => None,
        };
        if let Some(case) = case {
            let begin = IdentityInput { case, ..*begin };
            beginning::begin(&ctx.client(), begin).await?;
        }
        Ok(next)
    }

    #[activity(definition = AddDocumentStep)]
    pub async fn add_document(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: AddCaseDocument,
    ) -> Result<Answered<Adding>, ActivityError> {
        let AddCaseDocument { case, document, most, at } = input;
        Ok(identities::add(&self.pool, case, &document, most, at).await?)
    }

    #[activity(definition = RemoveDocumentStep)]
    pub async fn remove_document(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: RemoveCaseDocument,
    ) -> Result<Answered<Removing>, ActivityError> {
        let RemoveCaseDocument { case, document, at } = input;
        let answered = identities::remove(&self.pool, case, document, at).await?;
        if answered.answer == Removing::Removed {
            self.destroy_all(case, at, |kept| kept.removed).await?;
        }
        Ok(answered)
    }

    #[activity(definition = SubmitCaseStep)]
    pub async fn submit(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: SubmitCase,
    ) -> Result<Answered<Submitting>, ActivityError> {
        let SubmitCase { case, round, at } = input;
        Ok(identities::submit(&self.pool, case, round, at).await?)
    }

    #[activity(definition = TakeCaseStep)]
    pub async fn take(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: TakeCase,
    ) -> Result<Answered<Taking>, ActivityError> {
        let TakeCase { case, by } = input;
        Ok(identities::take(&self.pool, case, &by).await?)
    }

    #[activity(definition = LookAtDocumentStep)]
    pub async fn look(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: LookAtDocument,
    ) -> Result<Looking, ActivityError> {
        let LookAtDocument { case, look, document, reviewer, reason, at } = input;
        let look = Uuid::parse_str(&look).map_err(ApplicationFailure::non_retryable)?;
        let by = (reviewer, reason.as_str());
        Ok(identities::look(&self.pool, case, look, document, by, at).await?)
    }

    #[activity(definition = DecideCaseStep)]
    pub async fn decide(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: DecideCase,
    ) -> Result<Answered<Deciding>, ActivityError> {
        let DecideCase { case, decision, rules, at } = input;
        let Decided { answered, pots } = identities::decide(&self.pool, case, &decision, rules, at).await?;
        tell_the_pots(&ctx.client(), &pots).await?;
        Ok(answered)
    }

    #[activity(definition = EscalateCaseStep)]
    pub async fn escalate(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: EscalateCase,
    ) -> Result<Standing, ActivityError> {
        let EscalateCase { case, round, number, at } = input;
        Ok(identities::escalate(&self.pool, case, round, number, at).await?)
    }

    #[activity(definition = EndCaseStep)]
    pub async fn end(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: EndCase,
    ) -> Result<Answered<Ending>, ActivityError> {
        let EndCase { case, end, rules, at } = input;
        Ok(identities::end(&self.pool, case, end, rules.destroys_after(end, at), at).await?)
    }

    #[activity(definition = GiveUpCasesStep)]
    pub async fn give_up(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: GiveUpCases,
    ) -> Result<(), ActivityError> {
        let cases = identities::with_documents(&self.pool, input.subject).await?;
        give_up_cases(&self.pool, &ctx.client(), cases, input.at).await
    }

    #[activity(definition = DestroyDocumentsStep)]
    pub async fn destroy(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: DestroyDocuments,
    ) -> Result<Standing, ActivityError> {
        let DestroyDocuments { case, at } = input;
        self.destroy_all(case, at, |_| true).await?;
        let standing = identities::all_destroyed(&self.pool, case, at).await?;
        self.destroy_what_nobody_knows_of(case, at).await?;
        Ok(standing)
    }
}
