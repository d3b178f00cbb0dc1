//! Closing an account, from the wish to the day on which nobody can tell whose it was.
//!
//! Somebody wants to go, or an operator closes their account. At once it is signed in nowhere and nothing of it begins; they are
//! told. Their pots that have not closed are given up, so that their gifts go back, and invitations that nobody has answered are
//! taken back; a pot that has closed goes on to its payout, and the process waits for it, looking from time to time. Thirty days
//! after the wish, and not before everything of theirs has ended, whoever they were is erased. Until then an operator restores the
//! account for them; what was given up meanwhile does not come back.
//!
//! It ends erased or restored. It refuses to erase somebody while money of theirs is on its way, and to bring back who was erased.
//!
//! A process that is started for an account that is being closed already (somebody ended the one before) goes on with it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};
use wolo_domain::closures::UnderWay;
use wolo_domain::ids::UserId;
use wolo_domain::notices::{NoticeRules, Says};

use crate::notice_delivery::{NoticeInput, NoticePatience};
use crate::steps::closures::{
    CloseAccount, CloseAccountStep, Closing, ErasePerson, ErasePersonStep, Erasing, GiveUpTheirs,
    GiveUpTheirsStep, RestoreAccount, RestoreAccountStep, Restoring,
};
use crate::steps::notices::{BeginNoticeStep, Message};
use crate::{attributes, patience, waiting};

/// What the process is started with, and carries on with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClosureInput {
    pub user: UserId,
    /// Who wants it: the person's own id, or an operator.
    pub by: String,
    pub reason: String,
    pub patience: ClosurePatience,
    pub notices: NoticeRules,
    pub notice_patience: NoticePatience,
    /// What the runs before this one have done.
    #[serde(default)]
    pub carried: ClosureState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosurePatience {
    /// From the closing to the erasing.
    pub erase_after_days: u32,
    /// Between the first two looks at what is under way; then longer and longer.
    pub recheck_seconds: u64,
    /// No two looks are further apart while something is.
    pub longest_pause_seconds: u64,
    /// A run with more events than this carries its state into a new one.
    pub continue_after_events: u32,
}

/// How far the process has come; the answer to the query `state`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosureState {
    pub closed_at: Option<DateTime<Utc>>,
    /// Not before this.
    pub erases_at: Option<DateTime<Utc>>,
    pub told: bool,
    /// What was under way at the last look; none before the first.
    pub under_way: Option<UnderWay>,
    pub looks: u32,
    pub end: Option<ClosureOutcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosureOutcome {
    Erased,
    Restored,
    /// There was nobody to close an account of.
    NobodyKnown,
}

/// What a wish to close an account comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum ClosingAnswer {
    Closed {
        since: DateTime<Utc>,
        erases_at: DateTime<Utc>,
    },
    /// An operator has just restored it: ask again.
    Restored,
    Erased,
    NobodyKnown,
}

/// An operator restores the account, because whoever it is of has changed their mind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoreWish {
    pub by: String,
    pub reason: String,
}

#[workflow]
pub struct AccountClosure {
    input: ClosureInput,
    state: ClosureState,
}

#[workflow_methods]
impl AccountClosure {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, mut input: ClosureInput) -> Self {
        let state = std::mem::take(&mut input.carried);
        Self { input, state }
    }

    #[run(name = "AccountClosure")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<ClosureOutcome> {
        Self::close(ctx).await?;
        Self::tell(ctx).await?;
        let outcome = loop {
            if let Some(end) = ctx.state(|closure| closure.state.end) {
                break end;
            }
            Self::give_up(ctx).await?;
            Self::erase_if_due(ctx).await?;
            Self::wait(ctx).await?;
            Self::carry_on_if_long(ctx)?;
        };
        waiting::for_handlers(ctx).await?;
        Ok(outcome)
    }

    /// The question of whoever wants it: is it closed now, and until when can it be taken back?
    #[update(name = "confirm_closed")]
    pub async fn confirm_closed(ctx: &mut WorkflowContext<Self>, _wish: ()) -> ClosingAnswer {
        waiting::known(ctx, |closure| match (&closure.state, closure.state.end) {
            (_, Some(ClosureOutcome::Restored)) => Some(ClosingAnswer::Restored),
            (_, Some(ClosureOutcome::Erased)) => Some(ClosingAnswer::Erased),
            (_, Some(ClosureOutcome::NobodyKnown)) => Some(ClosingAnswer::NobodyKnown),
            (ClosureState { closed_at: Some(since), erases_at: Some(erases_at), .. }, _) => {
                Some(ClosingAnswer::Closed { since: *since, erases_at: *erases_at })
            }
            _ => None,
        })
        .await
    }

    /// The account is to be used again. Answered when that is written down.
    #[update(name = "restore")]
    pub async fn restore(ctx: &mut WorkflowContext<Self>, wish: RestoreWish) -> Restoring {
        let user = ctx.state(|closure| closure.input.user);
        let restore = RestoreAccount { user, by: wish.by, reason: wish.reason };
        match ctx.execute_activity(RestoreAccountStep, restore, patience::own_books()).await {
            Ok(restoring) => {
                if restoring == Restoring::Restored {
                    Self::note_the_end(ctx, ClosureOutcome::Restored);
                }
                restoring
            }
            // Only a process that is cancelled gives up, and its end tells whoever asked.
            Err(_) => std::future::pending().await,
        }
    }

    #[query(name = "state")]
    pub fn state(&self, _ctx: &WorkflowContextView) -> ClosureState {
        self.state.clone()
    }
}

impl AccountClosure {
    async fn close(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        if ctx.state(|closure| closure.state.closed_at.is_some() || closure.state.end.is_some()) {
            return Ok(());
        }
        let at = waiting::now(ctx);
        let close = ctx.state(|closure| CloseAccount {
            user: closure.input.user,
            by: closure.input.by.clone(),
            reason: closure.input.reason.clone(),
            at,
        });
        match ctx.execute_activity(CloseAccountStep, close, patience::own_books()).await? {
            Closing::Closed { since } => {
                ctx.state_mut(|closure| {
                    let days = TimeDelta::days(closure.input.patience.erase_after_days.into());
                    closure.state.closed_at = Some(since);
                    closure.state.erases_at = Some(since + days);
                });
                Self::stand(ctx, "closed");
            }
            Closing::Erased => Self::note_the_end(ctx, ClosureOutcome::Erased),
            Closing::NobodyKnown => Self::note_the_end(ctx, ClosureOutcome::NobodyKnown),
        }
        Ok(())
    }

    /// Once for each closing: another one, after a restoring, is another event.
    async fn tell(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let Some(closed_at) = ctx.state(|closure| closure.state.closed_at) else { return Ok(()) };
        if ctx.state(|closure| closure.state.told || closure.state.end.is_some()) {
            return Ok(());
        }
        let notice = ctx.state(|closure| {
            let user = closure.input.user;
            let event = format!("account-closed-{}", closed_at.timestamp_millis());
            let message =
                Message { user: Some(user), ..Message::new(event, user.to_string(), Says::AccountClosed) };
            let (rules, patience) = (closure.input.notices, closure.input.notice_patience);
            NoticeInput { message, expires: closure.state.erases_at, rules, patience }
        });
        ctx.execute_activity(BeginNoticeStep, notice, patience::own_books()).await?;
        ctx.state_mut(|closure| closure.state.told = true);
        Ok(())
    }

    /// Asks for the end of what can be given up, and notes what is under way.
    async fn give_up(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let at = waiting::now(ctx);
        let give_up = ctx.state(|closure| GiveUpTheirs {
            user: closure.input.user,
            by: closure.input.by.clone(),
            reason: closure.input.reason.clone(),
            at,
        });
        let under_way = ctx.execute_activity(GiveUpTheirsStep, give_up, patience::start_many()).await?;
        Self::note_under_way(ctx, under_way);
        Ok(())
    }

    async fn erase_if_due(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let at = waiting::now(ctx);
        let is_due = ctx.state(|closure| {
            let nothing = closure.state.under_way.is_some_and(|under_way| under_way.is_nothing());
            nothing && closure.state.end.is_none() && closure.state.erases_at.is_some_and(|due| due <= at)
        });
        if !is_due {
            return Ok(());
        }
        let erase = ctx.state(|closure| ErasePerson {
            user: closure.input.user,
            by: closure.input.by.clone(),
            reason: closure.input.reason.clone(),
            at,
        });
        match ctx.execute_activity(ErasePersonStep, erase, patience::own_books()).await? {
            Erasing::Erased => Self::note_the_end(ctx, ClosureOutcome::Erased),
            // Something has begun meanwhile; the next look ends it.
            Erasing::Waits { under_way } => Self::note_under_way(ctx, under_way),
            Erasing::Restored => Self::note_the_end(ctx, ClosureOutcome::Restored),
            Erasing::NobodyKnown => Self::note_the_end(ctx, ClosureOutcome::NobodyKnown),
        }
        Ok(())
    }

    /// For the day, or for another look while something is under way.
    async fn wait(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let now = waiting::now(ctx);
        let (due, why) = ctx.state_mut(|closure| {
            let under_way = closure.state.under_way.unwrap_or_default();
            if under_way.is_nothing() {
                closure.state.looks = 0;
                return (closure.state.erases_at.unwrap_or(now), "the day of erasing");
            }
            let patience = closure.input.patience;
            let pause = waiting::longer(
                patience.recheck_seconds,
                closure.state.looks,
                patience.longest_pause_seconds,
            );
            closure.state.looks = closure.state.looks.saturating_add(1);
            (now + pause, "what is under way to end")
        });
        waiting::until(ctx, Some(due), why, |closure| closure.state.end.is_some()).await?;
        Ok(())
    }

    fn carry_on_if_long(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let (most, ended) =
            ctx.state(|closure| (closure.input.patience.continue_after_events, closure.state.end.is_some()));
        let is_long = ctx.history_length() > most || ctx.continue_as_new_suggested();
        // Whoever waits for an answer is answered by the run that they asked.
        if ended || !is_long || !ctx.all_handlers_finished() {
            return Ok(());
        }
        let input =
            ctx.state(|closure| ClosureInput { carried: closure.state.clone(), ..closure.input.clone() });
        ctx.continue_as_new(input, ContinueAsNewOptions::default()).map(|never| match never {})
    }

    fn note_under_way(ctx: &WorkflowContext<Self>, under_way: UnderWay) {
        ctx.state_mut(|closure| closure.state.under_way = Some(under_way));
        if ctx.state(|closure| closure.state.end.is_none()) {
            Self::stand(ctx, if under_way.is_nothing() { "closed" } else { "waits_for_the_end" });
            ctx.set_current_details(under_way.in_words());
        }
    }

    fn note_the_end(ctx: &WorkflowContext<Self>, end: ClosureOutcome) {
        ctx.state_mut(|closure| closure.state.end = Some(end));
        ctx.set_current_details(String::new());
        Self::stand(
            ctx,
            match end {
                ClosureOutcome::Erased => "erased",
                ClosureOutcome::Restored => "restored",
                ClosureOutcome::NobodyKnown => "nobody_known",
            },
        );
    }

    /// Says where the process stands, where operators look for it.
    fn stand(ctx: &WorkflowContext<Self>, status: &str) {
        ctx.upsert_search_attributes([attributes::STATUS.value_set(status.to_owned())]);
    }
}
