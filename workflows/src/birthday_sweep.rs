//! Making the pots of everybody whose birthday comes.
//!
//! A schedule starts this process every morning. It looks for the oldest day that nobody has swept: today, or one on which no
//! worker was there. For that day it finds who celebrates thirty days later and has no pot, page by page, and starts the
//! process of each one's pot; then it notes the day and looks for the next. When there is none it sweeps those days of the window
//! once more for whose birthday somebody has come only since, or wants a pot only since. A person can start it for any day.
//!
//! A pot's name follows from the person and the year, so whatever is swept again makes no second one. People who want no pot
//! get none, and a minor's waits for consent like any other.
//!
//! It refuses to wait for the pots that it starts, and to sweep days whose birthdays are over.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};
use wolo_domain::dakar;
use wolo_domain::ids::UserId;
use wolo_domain::money::Xof;
use wolo_domain::pots::PotRules;

use crate::pot_lifecycle::PotPatience;
use crate::steps::birthdays::{
    FindUnswept, FindUnsweptStep, RecordSweepStep, StartPots, StartPotsStep, SweptDay,
};
use crate::{patience, waiting};

/// People whose pots are started in one step.
const PAGE: u32 = 200;

/// What the pots are made with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BirthdayPots {
    pub rules: PotRules,
    pub patience: PotPatience,
    pub target: Xof,
}

/// What the process is started with, and carries on with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SweepInput {
    /// One day; every day that was missed, and today, where there is none.
    pub day: Option<NaiveDate>,
    pub pots: BirthdayPots,
    /// So many people at a time.
    pub page: u32,
    /// A run with more events than this carries its state into a new one.
    pub continue_after_events: u32,
    /// What the runs before this one have done.
    #[serde(default)]
    pub carried: SweepState,
}

/// How far the process has come; the answer to the query `state`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepState {
    pub swept: Vec<SweptDay>,
    /// The day that is being swept, as far as it has come.
    pub sweeping: Option<SweptDay>,
    /// Whose pot was started last.
    pub last: Option<UserId>,
}

impl SweepInput {
    /// What a sweep begins with.
    pub fn new(day: Option<NaiveDate>, pots: BirthdayPots) -> Self {
        let continue_after_events = pots.patience.continue_after_events;
        Self { day, pots, page: PAGE, continue_after_events, carried: SweepState::default() }
    }
}

#[workflow]
pub struct BirthdaySweep {
    input: SweepInput,
    state: SweepState,
}

#[workflow_methods]
impl BirthdaySweep {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, mut input: SweepInput) -> Self {
        let state = std::mem::take(&mut input.carried);
        Self { input, state }
    }

    #[run(name = "BirthdaySweep")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Vec<SweptDay>> {
        while Self::take_a_day(ctx).await? {
            while Self::start_some(ctx).await? {
                Self::carry_on_if_long(ctx)?;
            }
            Self::note_the_day(ctx).await?;
        }
        Ok(ctx.state(|sweep| sweep.state.swept.clone()))
    }

    #[query(name = "state")]
    pub fn state(&self, _ctx: &WorkflowContextView) -> SweepState {
        self.state.clone()
    }

    /// The day that is to be swept now, if there is one.
    async fn take_a_day(ctx: &mut WorkflowContext<Self>) -> Result<bool, WorkflowTermination> {
        if ctx.state(|sweep| sweep.state.sweeping.is_some()) {
            return Ok(true);
        }
        let ahead = ctx.state(|sweep| sweep.input.pots.rules.opens_days_before);
        let day = match ctx.state(|sweep| (sweep.input.day, sweep.state.swept.is_empty())) {
            (Some(day), true) => Some(day),
            (Some(_), false) => None,
            (None, _) => {
                let swept = ctx.state(|sweep| sweep.state.swept.iter().map(|swept| swept.day).collect());
                let today = dakar::day_of(waiting::now(ctx));
                let find = FindUnswept { today, look_back_days: ahead, swept: Some(swept) };
                ctx.execute_activity(FindUnsweptStep, find, patience::own_books()).await?
            }
        };
        let Some(day) = day else { return Ok(false) };
        let birthday = dakar::days_after(day, ahead);
        let sweeping = SweptDay { day, birthday, celebrants: 0, started: 0 };
        ctx.state_mut(|sweep| sweep.state.sweeping = Some(sweeping));
        Ok(true)
    }

    /// Starts the pots of some, and says whether there may be more.
    async fn start_some(ctx: &mut WorkflowContext<Self>) -> Result<bool, WorkflowTermination> {
        let Some(day) = ctx.state(|sweep| sweep.state.sweeping) else { return Ok(false) };
        let start = ctx.state(|sweep| StartPots {
            birthday: day.birthday,
            pots: sweep.input.pots.clone(),
            after: sweep.state.last,
            limit: sweep.input.page,
            at: waiting::now(ctx),
        });
        let some = ctx.execute_activity(StartPotsStep, start, patience::start_many()).await?;
        ctx.state_mut(|sweep| {
            sweep.state.last = some.last;
            if let Some(day) = &mut sweep.state.sweeping {
                day.celebrants += some.celebrants;
                day.started += some.started;
            }
        });
        Ok(some.last.is_some())
    }

    async fn note_the_day(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let Some(day) = ctx.state(|sweep| sweep.state.sweeping) else { return Ok(()) };
        ctx.execute_activity(RecordSweepStep, day, patience::own_books()).await?;
        ctx.state_mut(|sweep| {
            sweep.state.sweeping = None;
            sweep.state.swept.push(day);
        });
        Ok(())
    }

    fn carry_on_if_long(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let most = ctx.state(|sweep| sweep.input.continue_after_events);
        if ctx.history_length() <= most && !ctx.continue_as_new_suggested() {
            return Ok(());
        }
        let input = ctx.state(|sweep| SweepInput { carried: sweep.state.clone(), ..sweep.input.clone() });
        ctx.continue_as_new(input, ContinueAsNewOptions::default()).map(|never| match never {})
    }
}
