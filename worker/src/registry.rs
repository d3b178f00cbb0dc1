//! Which process and which step lives on which queue.
//!
//! It is written once, here, and read twice: to register everything with the engine, and to say what is served. A step
//! stands on every queue where a process calls it; a process calls on its own queue unless it says another.

use std::sync::Arc;

use serde::Serialize;
use temporalio_common::{ActivityDefinition, WorkflowDefinition};
use temporalio_sdk::WorkerOptions;
use temporalio_sdk::activities::ExecutableActivity;
use temporalio_sdk::error::WorkflowRegistrationError;
use temporalio_sdk::workflows::WorkflowImplementation;
use wolo_activities::{
    AccountSteps, AuditSteps, BirthdaySteps, ClosureSteps, ConsentSteps, DiscrepancySteps, DonationSteps,
    HistorySteps, IdentitySteps, InvitationSteps, LedgerSteps, NoticeSteps, PayoutSteps, PointsSteps,
    PotSteps, PunctualitySteps, RefundSteps, RetentionSteps, StatementSteps,
};
use wolo_workflows::account_closure::AccountClosure;
use wolo_workflows::audit_checkpoint::AuditCheckpoint;
use wolo_workflows::birthday_sweep::BirthdaySweep;
use wolo_workflows::donation::Donation;
use wolo_workflows::guardian_consent::GuardianConsent;
use wolo_workflows::history_archive::HistoryArchive;
use wolo_workflows::housekeeping::Housekeeping;
use wolo_workflows::identity_review::IdentityReview;
use wolo_workflows::ledger_check::LedgerCheck;
use wolo_workflows::notice_delivery::NoticeDelivery;
use wolo_workflows::payout::Payout;
use wolo_workflows::pot_lifecycle::PotLifecycle;
use wolo_workflows::punctuality_check::PunctualityCheck;
use wolo_workflows::queues;
use wolo_workflows::reconciliation::PaymentReconciliation;
use wolo_workflows::refund::Refund;
use wolo_workflows::resolution::Resolution;
use wolo_workflows::revocation::Revocation;
use wolo_workflows::sponsorship_invitation::SponsorshipInvitation;

/// Lists what a queue has; `false` when there is no such queue.
#[expect(clippy::too_many_lines, reason = "a list, read from top to bottom")]
fn list(queue: &str, to: &mut impl Register) -> bool {
    match queue {
        queues::LIFECYCLE => {
            to.process::<PotLifecycle>();
            to.step(PotSteps::schedule);
            to.step(PotSteps::open);
            to.step(PotSteps::close);
            to.step(PotSteps::settle);
            to.step(PotSteps::cancel);
            to.step(PotSteps::hold);
            to.step(PotSteps::release);
            to.step(PotSteps::read_holds);
            to.step(PotSteps::move_birthday);
            to.step(PotSteps::announce);
            to.step(PointsSteps::convert);
            to.process::<Revocation>();
            to.step(PointsSteps::revoke);
            to.process::<BirthdaySweep>();
            to.step(BirthdaySteps::find_unswept);
            to.step(BirthdaySteps::start_pots);
            to.step(BirthdaySteps::record_sweep);
            to.process::<SponsorshipInvitation>();
            to.step(InvitationSteps::accept);
            to.step(InvitationSteps::end);
            to.step(InvitationSteps::start_pot);
            to.step(InvitationSteps::follow);
            // An invitation has its messages begun by name, because that of the first tells where it stands.
            to.step(NoticeSteps::begin);
            to.process::<AccountClosure>();
            to.step(ClosureSteps::close);
            to.step(ClosureSteps::give_up);
            to.step(ClosureSteps::restore);
            to.step(ClosureSteps::erase);
            to.process::<Housekeeping>();
            to.step(AccountSteps::forget_leftovers);
            to.step(RetentionSteps::keep);
            to.process::<PunctualityCheck>();
            to.step(PunctualitySteps::find_late);
            to.process::<AuditCheckpoint>();
            to.step(AuditSteps::seal_the_end);
            to.process::<HistoryArchive>();
            to.step(HistorySteps::archive);
        }
        queues::MONEY => {
            to.process::<Donation>();
            to.step(DonationSteps::open_checkout);
            to.step(DonationSteps::settle);
            // A closing pot asks for this one here, because it speaks to Wave.
            to.step(DonationSteps::end_checkouts);
            // A comparison asks for this one before it compares.
            to.step(DonationSteps::take_up);
            to.process::<Refund>();
            to.step(RefundSteps::give_back);
            // A pot that is given up asks for this one here, because it takes money out of the pot.
            to.step(RefundSteps::begin_all);
            to.process::<Payout>();
            to.step(PayoutSteps::plan);
            to.step(PayoutSteps::verify_recipient);
            to.step(PayoutSteps::approve);
            to.step(PayoutSteps::send);
            to.step(PayoutSteps::find);
            to.step(PayoutSteps::lose_sight);
            to.step(PayoutSteps::rule_out);
            to.step(PayoutSteps::record_decision);
            to.step(StatementSteps::book_fees);
            // A payout holds and releases its pot itself.
            to.step(PotSteps::hold);
            to.step(PotSteps::release);
            to.process::<PaymentReconciliation>();
            to.step(StatementSteps::find_uncompared);
            to.step(StatementSteps::reconcile);
            to.process::<LedgerCheck>();
            to.step(LedgerSteps::check);
            to.step(LedgerSteps::resume);
            to.process::<Resolution>();
            to.step(DiscrepancySteps::resolve);
        }
        queues::NOTICES => {
            to.process::<NoticeDelivery>();
            to.step(NoticeSteps::prepare);
            to.step(NoticeSteps::send);
            to.step(NoticeSteps::end);
        }
        queues::IDENTITY => {
            to.process::<GuardianConsent>();
            to.step(ConsentSteps::find);
            to.step(ConsentSteps::ask);
            to.step(ConsentSteps::give);
            to.step(ConsentSteps::withdraw);
            to.step(ConsentSteps::end);
            to.step(ConsentSteps::hand_over);
            to.step(ConsentSteps::give_up_pots);
            to.process::<IdentityReview>();
            to.step(IdentitySteps::open_case);
            to.step(IdentitySteps::open_next);
            to.step(IdentitySteps::add_document);
            to.step(IdentitySteps::remove_document);
            to.step(IdentitySteps::submit);
            to.step(IdentitySteps::take);
            to.step(IdentitySteps::look);
            to.step(IdentitySteps::decide);
            to.step(IdentitySteps::escalate);
            to.step(IdentitySteps::end);
            to.step(IdentitySteps::give_up);
            to.step(IdentitySteps::destroy);
            to.step(NoticeSteps::begin);
        }
        _ => return false,
    }
    true
}

/// What reads the list.
trait Register {
    fn process<W>(&mut self)
    where
        W: WorkflowImplementation,
        <W::Run as WorkflowDefinition>::Input: Send;

    fn step<A>(&mut self, step: A)
    where
        A: ActivityDefinition<Input: Send + Sync, Output: Send + Sync> + ExecutableActivity,
        Steps: Doer<A::Implementer>;
}

/// Everybody who does steps.
#[derive(Clone)]
pub(crate) struct Steps {
    pub(crate) accounts: Arc<AccountSteps>,
    pub(crate) audit: Arc<AuditSteps>,
    pub(crate) birthdays: Arc<BirthdaySteps>,
    pub(crate) consents: Arc<ConsentSteps>,
    pub(crate) closures: Arc<ClosureSteps>,
    pub(crate) points: Arc<PointsSteps>,
    pub(crate) pots: Arc<PotSteps>,
    pub(crate) punctuality: Arc<PunctualitySteps>,
    pub(crate) donations: Arc<DonationSteps>,
    pub(crate) histories: Arc<HistorySteps>,
    pub(crate) identities: Arc<IdentitySteps>,
    pub(crate) invitations: Arc<InvitationSteps>,
    pub(crate) refunds: Arc<RefundSteps>,
    pub(crate) retention: Arc<RetentionSteps>,
    pub(crate) payouts: Arc<PayoutSteps>,
    pub(crate) statements: Arc<StatementSteps>,
    pub(crate) ledger: Arc<LedgerSteps>,
    pub(crate) discrepancies: Arc<DiscrepancySteps>,
    pub(crate) notices: Arc<NoticeSteps>,
}

/// Knows the one who does the steps of a kind.
trait Doer<D> {
    fn doer(&self) -> &Arc<D>;
}

impl Doer<AccountSteps> for Steps {
    fn doer(&self) -> &Arc<AccountSteps> {
        &self.accounts
    }
}

impl Doer<AuditSteps> for Steps {
    fn doer(&self) -> &Arc<AuditSteps> {
        &self.audit
    }
}

impl Doer<BirthdaySteps> for Steps {
    fn doer(&self) -> &Arc<BirthdaySteps> {
        &self.birthdays
    }
}

impl Doer<ConsentSteps> for Steps {
    fn doer(&self) -> &Arc<ConsentSteps> {
        &self.consents
    }
}

impl Doer<ClosureSteps> for Steps {
    fn doer(&self) -> &Arc<ClosureSteps> {
        &self.closures
    }
}

impl Doer<RetentionSteps> for Steps {
    fn doer(&self) -> &Arc<RetentionSteps> {
        &self.retention
    }
}

impl Doer<PointsSteps> for Steps {
    fn doer(&self) -> &Arc<PointsSteps> {
        &self.points
    }
}

impl Doer<PotSteps> for Steps {
    fn doer(&self) -> &Arc<PotSteps> {
        &self.pots
    }
}

impl Doer<PunctualitySteps> for Steps {
    fn doer(&self) -> &Arc<PunctualitySteps> {
        &self.punctuality
    }
}

impl Doer<DonationSteps> for Steps {
    fn doer(&self) -> &Arc<DonationSteps> {
        &self.donations
    }
}

impl Doer<HistorySteps> for Steps {
    fn doer(&self) -> &Arc<HistorySteps> {
        &self.histories
    }
}

impl Doer<IdentitySteps> for Steps {
    fn doer(&self) -> &Arc<IdentitySteps> {
        &self.identities
    }
}

impl Doer<InvitationSteps> for Steps {
    fn doer(&self) -> &Arc<InvitationSteps> {
        &self.invitations
    }
}

impl Doer<RefundSteps> for Steps {
    fn doer(&self) -> &Arc<RefundSteps> {
        &self.refunds
    }
}

impl Doer<PayoutSteps> for Steps {
    fn doer(&self) -> &Arc<PayoutSteps> {
        &self.payouts
    }
}

impl Doer<StatementSteps> for Steps {
    fn doer(&self) -> &Arc<StatementSteps> {
        &self.statements
    }
}

impl Doer<LedgerSteps> for Steps {
    fn doer(&self) -> &Arc<LedgerSteps> {
        &self.ledger
    }
}

impl Doer<DiscrepancySteps> for Steps {
    fn doer(&self) -> &Arc<DiscrepancySteps> {
        &self.discrepancies
    }
}

impl Doer<NoticeSteps> for Steps {
    fn doer(&self) -> &Arc<NoticeSteps> {
        &self.notices
    }
}

/// What a queue serves, by the names that histories know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Served {
    pub processes: Vec<String>,
    pub steps: Vec<String>,
}

impl Register for Served {
    fn process<W>(&mut self)
    where
        W: WorkflowImplementation,
    {
        self.processes.push(W::name().to_owned());
    }

    fn step<A>(&mut self, step: A)
    where
        A: ActivityDefinition + ExecutableActivity,
    {
        self.steps.push(ActivityDefinition::name(&step).to_owned());
    }
}

/// What a queue serves; `None` when there is no such queue.
pub fn served(queue: &str) -> Option<Served> {
    let mut served = Served::default();
    list(queue, &mut served).then_some(served)
}

struct Registration<'a> {
    steps: &'a Steps,
    options: &'a mut WorkerOptions,
    outcome: Result<(), WorkflowRegistrationError>,
}

impl Register for Registration<'_> {
    fn process<W>(&mut self)
    where
        W: WorkflowImplementation,
        <W::Run as WorkflowDefinition>::Input: Send,
    {
        if self.outcome.is_ok() {
            self.outcome = self.options.register_workflow::<W>().map(drop);
        }
    }

    fn step<A>(&mut self, _step: A)
    where
        A: ActivityDefinition<Input: Send + Sync, Output: Send + Sync> + ExecutableActivity,
        Steps: Doer<A::Implementer>,
    {
        self.options.register_activity::<A>(Arc::clone(self.steps.doer()));
    }
}

/// Registers what the options' queue serves.
pub(crate) fn register(options: &mut WorkerOptions, steps: &Steps) -> Result<(), WorkflowRegistrationError> {
    let queue = options.task_queue.clone();
    let mut registration = Registration { steps, options, outcome: Ok(()) };
    list(&queue, &mut registration);
    registration.outcome
}
