//! A guardian's consent to what a minor does here, from the name that the minor gives to the day on which they are no minor.
//!
//! The minor names a guardian, who is asked by a link to their own phone, and reminded after two days and after five. They give or
//! refuse by the link; who says nothing for fourteen days has refused. As long as nobody has answered the minor may name somebody else:
//! then the first link is good no more. What was given can be taken back at any moment, and when that is acknowledged the minor's pots
//! are held. The same guardian may come back within fourteen days; after that the pots are given up and every gift goes back. On the
//! day on which the minor comes of age their pots pass to them, and they are told; an operator who corrects a birth date has the process
//! look again when that is. Minor and guardian are told of all that happens.
//!
//! It refuses to ask somebody whose phone is the minor's own or another minor's, to ask too many, to take a yes for another consent
//! or for a text that is not ours, to let anybody but the same guardian come back, and to acknowledge a withdrawal that is not in force.
//!
//! There is one process for a minor. When it has ended the minor may name somebody, and the same name begins anew; so it does for a
//! process that somebody has ended: it finds in the books how far the consent has come.

mod cases;
mod deciding;
mod messages;
mod next;
mod telling;

pub use messages::{
    AboutConsent, AskAnswer, AskGuardian, BeginCase, BeginCaseAnswer, Carried, ConsentInput, ConsentOutcome,
    ConsentState, GiveAnswer, GuardianAgrees, RefuseAnswer, WithdrawAnswer,
};

use chrono::{DateTime, SubsecRound as _, Utc};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};
use wolo_domain::consents::{ConsentEnd, ConsentStage};
use wolo_domain::ids::{ConsentId, UserId};
use wolo_domain::notices::Says;

use crate::steps::consents::{
    Ending, FindConsent, FindConsentStep, GiveUpPots, GiveUpPotsStep, HandOver, HandOverStep, HandingOver,
    Standing,
};
use crate::{attributes, patience, waiting};
use cases::FIRST;
use next::Next;

#[workflow]
pub struct GuardianConsent {
    input: ConsentInput,
    work: Carried,
    /// It is known what is in force.
    found: bool,
    /// Something is being decided. One decision comes after another, so that the process knows which was the last.
    deciding: bool,
    /// The books say something that this process has not read yet.
    look_again: bool,
}

#[workflow_methods]
impl GuardianConsent {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, mut input: ConsentInput) -> Self {
        let carried = input.carried.take();
        let found = carried.is_some();
        let mut work = carried.unwrap_or_default();
        work.link = work.link.or_else(|| input.link.take());
        Self { input, work, found, deciding: false, look_again: false }
    }

    #[run(name = "GuardianConsent")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<ConsentOutcome> {
        Self::find(ctx).await?;
        loop {
            // Whoever has begun the process is answered first.
            waiting::for_handlers(ctx).await?;
            match Self::next(ctx) {
                Next::Tell => Self::tell(ctx).await?,
                Next::OpenTheCase => Self::open_the_case(ctx).await?,
                Next::Remind => Self::remind(ctx),
                Next::LetEnd(end) => Self::let_end(ctx, end).await?,
                Next::GiveUpThePots => Self::give_up_the_pots(ctx).await?,
                Next::LookAtTheAge => Self::look_at_the_age(ctx).await?,
                Next::Wait { until, why } => Self::wait(ctx, until, why).await?,
                Next::Nothing => return Ok(ctx.state(Self::outcome)),
            }
            Self::carry_on_if_long(ctx)?;
        }
    }

    /// The minor names a guardian. Answered when that is written down, or why it cannot be.
    #[update(name = "ask")]
    pub async fn ask(ctx: &mut WorkflowContext<Self>, wish: AskGuardian) -> AskAnswer {
        Self::answered(Self::decide_asking(ctx, wish).await).await
    }

    /// The guardian consents, or comes back. Answered when that is written down and in force.
    #[update(name = "give")]
    pub async fn give(ctx: &mut WorkflowContext<Self>, wish: GuardianAgrees) -> GiveAnswer {
        Self::answered(Self::decide_giving(ctx, wish).await).await
    }

    /// The guardian says no. Answered when that is written down.
    #[update(name = "refuse")]
    pub async fn refuse(ctx: &mut WorkflowContext<Self>, wish: AboutConsent) -> RefuseAnswer {
        Self::answered(Self::decide_refusing(ctx, wish).await).await
    }

    /// The guardian takes their consent back. Answered when it is written down and the minor's pots are held.
    #[update(name = "withdraw")]
    pub async fn withdraw(ctx: &mut WorkflowContext<Self>, wish: AboutConsent) -> WithdrawAnswer {
        Self::answered(Self::decide_withdrawing(ctx, wish).await).await
    }

    /// The last case was rejected, and another is to begin. Answered when it collects documents.
    #[update(name = "begin_case")]
    pub async fn begin_case(ctx: &mut WorkflowContext<Self>, wish: BeginCase) -> BeginCaseAnswer {
        Self::answered(Self::decide_beginning(ctx, wish).await).await
    }

    /// Something has changed in the books: when the minor was born, or that they have an account.
    #[signal(name = "look_again")]
    pub fn look_again(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _hint: RawValue) {
        self.look_again = true;
    }

    #[query(name = "state")]
    pub fn state(&self, _ctx: &WorkflowContextView) -> ConsentState {
        self.work.state.clone()
    }
}

impl GuardianConsent {
    /// Looks what is in force, in the books: a process before this one may have been ended.
    async fn find(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        if ctx.state(|consent| consent.found) {
            return Ok(());
        }
        let find = FindConsent { minor: Self::minor(ctx) };
        let standing = ctx.execute_activity(FindConsentStep, find, patience::own_books()).await?;
        ctx.state_mut(|consent| {
            consent.found = true;
            if let Some(standing) = standing {
                consent.work.stand(standing);
            }
        });
        Self::show(ctx);
        Ok(())
    }

    /// The process's time as the database keeps it: what is said of an instant now and read of it later is the same.
    fn now(ctx: &WorkflowContext<Self>) -> DateTime<Utc> {
        waiting::now(ctx).trunc_subsecs(6)
    }

    fn next(ctx: &WorkflowContext<Self>) -> Next {
        let now = Self::now(ctx);
        ctx.state(|consent| next::next(&consent.work, &consent.input.rules, consent.look_again, now))
    }

    async fn wait(
        ctx: &mut WorkflowContext<Self>,
        until: Option<DateTime<Utc>>,
        why: &str,
    ) -> Result<(), WorkflowTermination> {
        Self::say(ctx, why, until);
        let stood = ctx.state(|consent| consent.work.state.clone());
        // Whatever is decided meanwhile shows in where the process stands.
        let moved = move |consent: &Self| {
            consent.look_again || !consent.work.to_tell.is_empty() || consent.work.state != stood
        };
        waiting::until(ctx, until, why, moved).await?;
        Ok(())
    }

    /// The guardian has said nothing in time, or has not come back.
    async fn let_end(ctx: &mut WorkflowContext<Self>, end: ConsentEnd) -> Result<(), WorkflowTermination> {
        let Some(consent) = ctx.state(|process| process.work.state.consent) else { return Ok(()) };
        let at = Self::now(ctx);
        // Who had said something else before, and it was not heard, is heard now.
        if let Ending::InForce { stage } = Self::write_end(ctx, consent, end).await? {
            Self::note(ctx, consent, stage, None, at);
        }
        Ok(())
    }

    async fn give_up_the_pots(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let give_up = GiveUpPots { minor: Self::minor(ctx), at: Self::now(ctx) };
        ctx.execute_activity(GiveUpPotsStep, give_up, patience::start_many()).await?;
        Self::give_up_the_case(ctx).await?;
        ctx.state_mut(|process| process.work.pots_to_give_up = false);
        Ok(())
    }

    /// On the day on which the minor comes of age, and when somebody has corrected which day that is.
    async fn look_at_the_age(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        Self::take_turn(ctx).await?;
        ctx.state_mut(|process| process.look_again = false);
        let (minor, at) = (Self::minor(ctx), Self::now(ctx));
        let Some(consent) = ctx.state(|process| process.work.state.consent) else { return Ok(()) };
        let look = HandOver { consent, at };
        let outcome = ctx.execute_activity(HandOverStep, look, patience::own_books()).await?;
        Self::end_turn(ctx);
        match outcome {
            HandingOver::HandedOver { pots } => {
                Self::give_up_the_case(ctx).await?;
                Self::note(ctx, consent, ConsentStage::HandedOver, None, at);
                ctx.state_mut(|process| process.work.tell_of_pots(consent, minor, pots));
            }
            HandingOver::StillMinor { comes_of_age_at, case } => {
                ctx.state_mut(|process| process.work.stay_minor(comes_of_age_at, case));
            }
            HandingOver::Over { stage } => Self::note(ctx, consent, stage, None, at),
        }
        Ok(())
    }

    fn remind(ctx: &WorkflowContext<Self>) {
        let now = Self::now(ctx);
        ctx.state_mut(|process| process.work.ask_again(now));
    }

    /// Somebody is asked from now on, and whoever was before is not.
    fn note_request(ctx: &WorkflowContext<Self>, standing: Standing, link: String, at: DateTime<Utc>) {
        ctx.state_mut(|process| {
            let work = &mut process.work;
            work.stand(standing);
            work.link = Some(link);
            work.ask(at);
        });
        Self::show(ctx);
    }

    /// Where the consent that is in force has come to stand, if that is news. People are told.
    fn note(
        ctx: &WorkflowContext<Self>,
        consent: ConsentId,
        stage: ConsentStage,
        answer_by: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) {
        let minor = Self::minor(ctx);
        let is_news = ctx.state_mut(|process| process.work.note(consent, stage, answer_by, minor, at));
        if is_news {
            Self::show(ctx);
        }
    }

    /// Says what the process waits for, in words and as a time to sort by.
    fn say(ctx: &WorkflowContext<Self>, waits_for: &str, until: Option<DateTime<Utc>>) {
        ctx.state_mut(|process| {
            process.work.state.waits_for = waits_for.to_owned();
            process.work.state.waits_until = until;
        });
        ctx.set_current_details(format!("waits for {waits_for}"));
        let due = until.map_or(attributes::no_day(), |until| std::time::SystemTime::from(until).into());
        ctx.upsert_search_attributes([attributes::DUE_AT.value_set(due)]);
    }

    /// Says where the consent stands, where operators look for it.
    fn show(ctx: &WorkflowContext<Self>) {
        if let Some(stage) = ctx.state(|process| process.work.state.stage) {
            ctx.upsert_search_attributes([attributes::STATUS.value_set(stage.to_string())]);
        }
    }

    fn carry_on_if_long(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let most = ctx.state(|process| process.input.continue_after_events);
        let is_long = ctx.history_length() > most || ctx.continue_as_new_suggested();
        // Whoever waits for an answer is answered by the run that they asked; a signal that nobody has heeded yet is heeded first.
        if !is_long || !ctx.all_handlers_finished() || ctx.state(|process| process.look_again) {
            return Ok(());
        }
        let input = ctx
            .state(|process| ConsentInput { carried: Some(process.work.clone()), ..process.input.clone() });
        ctx.continue_as_new(input, ContinueAsNewOptions::default()).map(|never| match never {})
    }

    fn minor(ctx: &WorkflowContext<Self>) -> UserId {
        ctx.state(|process| process.input.minor)
    }

    fn outcome(&self) -> ConsentOutcome {
        ConsentOutcome { stage: self.work.state.stage }
    }
}

impl Carried {
    /// What is in force is another consent from now on.
    fn stand(&mut self, standing: Standing) {
        let is_flagged = self.state.flagged && self.state.consent == Some(standing.consent);
        self.state = ConsentState {
            consent: Some(standing.consent),
            stage: Some(standing.stage),
            answer_by: standing.answer_by,
            comes_of_age_at: Some(standing.comes_of_age_at),
            flagged: is_flagged,
            case_number: (standing.case != FIRST).then_some(standing.case),
            // What was given had a case, which is to end with it.
            case_opened: (standing.stage == ConsentStage::Withdrawn).then_some(true),
            ..ConsentState::default()
        };
        self.guardian = Some(standing.guardian);
        self.minor_name = standing.minor_name;
        self.requested_at = Some(standing.requested_at);
    }

    /// The guardian of this request is waited for, and was perhaps never asked.
    fn lacks_the_link(&self, standing: &Standing) -> bool {
        standing.stage == ConsentStage::Requested && self.link.is_none()
    }

    /// Whether it is news that a consent stands so. Of one that has made way for another nobody hears.
    fn note(
        &mut self,
        consent: ConsentId,
        stage: ConsentStage,
        answer_by: Option<DateTime<Utc>>,
        minor: UserId,
        at: DateTime<Utc>,
    ) -> bool {
        if self.state.consent != Some(consent) || self.state.stage == Some(stage) {
            return false;
        }
        self.state.stage = Some(stage);
        self.state.answer_by = answer_by;
        let name = self.minor_name.clone();
        match stage {
            ConsentStage::Given => self.tell_both("consent-given", at, minor, Says::ConsentGranted { name }),
            ConsentStage::Withdrawn => {
                self.tell_both("consent-withdrawn", at, minor, Says::ConsentWithdrawn { name });
            }
            ConsentStage::Refused | ConsentStage::Lapsed => {
                self.tell_both("consent-refused", at, minor, Says::ConsentRefused { name });
            }
            // Of the pots that are given up their givers and their owner are told by the pots.
            ConsentStage::Ended => self.pots_to_give_up = true,
            ConsentStage::Requested | ConsentStage::Superseded | ConsentStage::HandedOver => {}
        }
        true
    }
}
