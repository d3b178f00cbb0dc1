//! Looking into who somebody is, from the first document to the destruction of the last.
//!
//! A case collects documents: of somebody of age their own, of a minor theirs and their guardian's. Whoever sends them adds
//! them, takes them back, and submits them when they are complete; they are told that they have arrived. A reviewer takes the case.
//! Each look at a document is written down before it happens, and who decides has looked at all of them and names the hashes
//! of what they saw: when others have come since, it is no decision. One reviewer rejects, or asks for more; a minor's case
//! takes two different ones to be approved. When more is needed, the case collects again, and what comes then is a new round,
//! in which earlier looks and approvals do not count. Whoever sent the documents is told each time, in their language.
//!
//! After 48 hours without a decision those who review are told, and again after as many. Where nobody sends anything for
//! thirty days, nothing more is waited for. Consent or the account may end meanwhile; then the case is given up. Some time after
//! its decision (thirty days when approved, seven when rejected, at once when given up) all documents are destroyed with their
//! keys, and the process ends.
//!
//! It refuses to decide by itself, to hold a document or a word of one, and to let anybody look once a case is decided.
//!
//! One whose process was ended by somebody is begun again with the same input: where the case stands it learns from its row.

mod messages;
mod telling;
mod turns;

use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};
use wolo_domain::identities::{
    Adding, CaseEnd, CaseStage, Deciding, Decision, Document, Ending, Looking, Removing, Standing,
    Submitting, Taking, TakingBy,
};
use wolo_domain::ids::CaseId;

use crate::steps::identities::{
    AddCaseDocument, AddDocumentStep, DecideCase, DecideCaseStep, DestroyDocuments, DestroyDocumentsStep,
    EndCase, EndCaseStep, EscalateCase, EscalateCaseStep, LookAtDocument, LookAtDocumentStep, OpenCase,
    OpenCaseStep, RemoveCaseDocument, RemoveDocumentStep, SubmitCase, SubmitCaseStep, TakeCase, TakeCaseStep,
};
use crate::{attributes, patience, waiting};

pub use messages::{IdentityInput, IdentityOutcome, IdentityState, Look, Removal, Told};

#[workflow]
pub struct IdentityReview {
    input: IdentityInput,
    state: IdentityState,
    /// A step about the case is under way; the next waits for its end.
    busy: bool,
}

#[workflow_methods]
impl IdentityReview {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, mut input: IdentityInput) -> Self {
        let state = std::mem::take(&mut input.carried);
        Self { input, state, busy: false }
    }

    #[run(name = "IdentityReview")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<IdentityOutcome> {
        Self::open(ctx).await?;
        loop {
            Self::tell_where_it_stands(ctx).await?;
            let standing = Self::standing(ctx);
            match standing.stage {
                _ if standing.destroyed => break,
                stage if stage.collects() => Self::wait_for_documents(ctx, standing).await?,
                stage if stage.is_decided() => Self::keep_and_destroy(ctx, standing).await?,
                _ => Self::wait_for_a_decision(ctx, standing).await?,
            }
            Self::carry_on_if_long(ctx)?;
        }
        waiting::for_handlers(ctx).await?;
        Ok(ctx.state(Self::outcome))
    }

    /// A document has been put into the vault. Answered when it is written down.
    #[update(name = "add_document")]
    pub async fn add_document(ctx: &mut WorkflowContext<Self>, document: Document) -> Adding {
        Self::take_turn(ctx).await;
        let most = ctx.state(|review| review.input.rules.most_documents);
        let add = AddCaseDocument { case: Self::case(ctx), document, most, at: waiting::now(ctx) };
        let done = ctx.execute_activity(AddDocumentStep, add, patience::own_books()).await;
        Self::answer(ctx, done).await
    }

    /// Whoever sent a document takes it back. Answered when it is destroyed.
    #[update(name = "remove_document")]
    pub async fn remove_document(ctx: &mut WorkflowContext<Self>, removal: Removal) -> Removing {
        Self::take_turn(ctx).await;
        let (case, document) = (Self::case(ctx), removal.document);
        let remove = RemoveCaseDocument { case, document, at: waiting::now(ctx) };
        let done = ctx.execute_activity(RemoveDocumentStep, remove, patience::the_vault()).await;
        Self::answer(ctx, done).await
    }

    /// The documents are complete, as whoever sent them thinks. Answered when that is written down.
    #[update(name = "submit")]
    pub async fn submit(ctx: &mut WorkflowContext<Self>) -> Submitting {
        Self::take_turn(ctx).await;
        let (case, standing) = (Self::case(ctx), Self::standing(ctx));
        // Said twice it is the same.
        let round = if standing.stage.collects() { standing.round + 1 } else { standing.round };
        let submit = SubmitCase { case, round, at: waiting::now(ctx) };
        let done = ctx.execute_activity(SubmitCaseStep, submit, patience::own_books()).await;
        Self::answer(ctx, done).await
    }

    /// A reviewer takes the case, or is given it. Answered when that is written down.
    #[update(name = "take")]
    pub async fn take(ctx: &mut WorkflowContext<Self>, by: TakingBy) -> Taking {
        Self::take_turn(ctx).await;
        let take = TakeCase { case: Self::case(ctx), by };
        let done = ctx.execute_activity(TakeCaseStep, take, patience::own_books()).await;
        Self::answer(ctx, done).await
    }

    /// A reviewer wants to see a document. Answered when it is written down; nothing of it is shown before.
    #[update(name = "look")]
    pub async fn look(ctx: &mut WorkflowContext<Self>, look: Look) -> Looking {
        Self::take_turn(ctx).await;
        let Look { document, reviewer, reason } = look;
        let (case, look, at) = (Self::case(ctx), ctx.uuid4(), waiting::now(ctx));
        let look = LookAtDocument { case, look, document, reviewer, reason, at };
        let done = ctx.execute_activity(LookAtDocumentStep, look, patience::own_books()).await;
        Self::answer(ctx, done).await
    }

    /// A reviewer decides about what they have seen. Answered when that is written down.
    #[update(name = "decide")]
    pub async fn decide(ctx: &mut WorkflowContext<Self>, decision: Decision) -> Deciding {
        Self::take_turn(ctx).await;
        let rules = ctx.state(|review| review.input.rules);
        let decide = DecideCase { case: Self::case(ctx), decision, rules, at: waiting::now(ctx) };
        let done = ctx.execute_activity(DecideCaseStep, decide, patience::own_books()).await;
        Self::answer(ctx, done).await
    }

    /// Consent or the account has ended. Answered when nobody can look or decide any more; the documents are destroyed at once.
    #[update(name = "give_up")]
    pub async fn give_up(ctx: &mut WorkflowContext<Self>) -> Ending {
        Self::take_turn(ctx).await;
        let rules = ctx.state(|review| review.input.rules);
        let end = EndCase { case: Self::case(ctx), end: CaseEnd::GivenUp, rules, at: waiting::now(ctx) };
        let done = ctx.execute_activity(EndCaseStep, end, patience::own_books()).await;
        Self::answer(ctx, done).await
    }

    #[query(name = "state")]
    pub fn state(&self, _ctx: &WorkflowContextView) -> IdentityState {
        self.state.clone()
    }
}

impl IdentityReview {
    async fn open(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        if ctx.state(|review| review.state.opened) {
            return Ok(());
        }
        // Whoever adds a document meanwhile waits until there is a case.
        Self::wait_for_turn(ctx).await?;
        let begin = Box::new(ctx.state(|review| review.input.clone()));
        let open = OpenCase { begin, at: waiting::now(ctx) };
        let standing = ctx.execute_activity(OpenCaseStep, open, patience::own_books()).await?;
        ctx.state_mut(|review| review.state.opened = true);
        Self::end_turn(ctx, Some(standing));
        Ok(())
    }

    /// Until something comes, or nothing has for too long.
    async fn wait_for_documents(
        ctx: &mut WorkflowContext<Self>,
        standing: Standing,
    ) -> Result<(), WorkflowTermination> {
        let due = ctx.state(|review| review.input.rules.lets_go_at(standing.since));
        if Self::wait_for_news(ctx, due, "documents", &standing).await? {
            return Ok(());
        }
        Self::wait_for_turn(ctx).await?;
        // Something may have come while others had their turn.
        if Self::standing(ctx) != standing {
            Self::end_turn(ctx, None);
            return Ok(());
        }
        let rules = ctx.state(|review| review.input.rules);
        let end = EndCase { case: Self::case(ctx), end: CaseEnd::NothingCame, rules, at: waiting::now(ctx) };
        let done = ctx.execute_activity(EndCaseStep, end, patience::own_books()).await?;
        Self::end_turn(ctx, Some(done.standing));
        Ok(())
    }

    /// Until something is decided, or those who review are told that nothing is.
    async fn wait_for_a_decision(
        ctx: &mut WorkflowContext<Self>,
        standing: Standing,
    ) -> Result<(), WorkflowTermination> {
        let Standing { since, round, escalations, .. } = standing;
        let due = ctx.state(|review| review.input.rules.escalates_at(since, escalations));
        if Self::wait_for_news(ctx, due, "a decision", &standing).await? {
            return Ok(());
        }
        Self::wait_for_turn(ctx).await?;
        let (case, number) = (Self::case(ctx), escalations + 1);
        let escalate = EscalateCase { case, round, number, at: waiting::now(ctx) };
        let standing = ctx.execute_activity(EscalateCaseStep, escalate, patience::own_books()).await?;
        Self::end_turn(ctx, Some(standing));
        Ok(())
    }

    /// Until the time of the documents is over, or the case is given up; then they go.
    async fn keep_and_destroy(
        ctx: &mut WorkflowContext<Self>,
        standing: Standing,
    ) -> Result<(), WorkflowTermination> {
        // A case that is decided says until when.
        let due = standing.destroy_at.unwrap_or(standing.since);
        if Self::wait_for_news(ctx, due, "the destruction of its documents", &standing).await? {
            return Ok(());
        }
        Self::wait_for_turn(ctx).await?;
        let destroy = DestroyDocuments { case: Self::case(ctx), at: waiting::now(ctx) };
        let standing = ctx.execute_activity(DestroyDocumentsStep, destroy, patience::the_vault()).await?;
        Self::end_turn(ctx, Some(standing));
        Ok(())
    }

    fn case(ctx: &WorkflowContext<Self>) -> CaseId {
        ctx.state(|review| review.input.case)
    }

    fn standing(ctx: &WorkflowContext<Self>) -> Standing {
        ctx.state(|review| review.state.standing.clone())
    }

    fn outcome(&self) -> IdentityOutcome {
        match self.state.standing.stage {
            CaseStage::Approved => IdentityOutcome::Approved,
            _ => IdentityOutcome::Rejected { reasons: self.state.standing.reasons.clone() },
        }
    }

    fn carry_on_if_long(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let most = ctx.state(|review| review.input.continue_after_events);
        let is_long = ctx.history_length() > most || ctx.continue_as_new_suggested();
        // Whoever waits for an answer is answered by the run that they asked.
        if !is_long || !ctx.all_handlers_finished() {
            return Ok(());
        }
        let input =
            ctx.state(|review| IdentityInput { carried: review.state.clone(), ..review.input.clone() });
        ctx.continue_as_new(input, ContinueAsNewOptions::default()).map(|never| match never {})
    }

    /// Says where the process stands, where operators look for it.
    fn stand(ctx: &WorkflowContext<Self>, standing: &Standing) {
        let escalated = standing.stage.is_under_review() && standing.escalations > 0;
        ctx.upsert_search_attributes([
            attributes::STATUS.value_set(standing.stage.to_string()),
            attributes::NEEDS_HUMAN.value_set(escalated),
        ]);
    }
}
