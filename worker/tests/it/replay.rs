//! The gate that every change of a process must pass: recorded histories are followed by today's code.
//!
//! The SDK's replayer reports only a command that differs from the history. A process that panics, a payload that
//! cannot be read and a type that nobody registered pass it unseen, so a guard watches every completion beside it;
//! and each of these faults is shown to be caught.

use std::sync::{Arc, Mutex};

use temporalio_client::WorkflowHistory;
use temporalio_common::data_converters::RawValue;
use temporalio_common::protos::coresdk::workflow_completion::WorkflowActivationCompletion;
use temporalio_common::protos::coresdk::workflow_completion::workflow_activation_completion::Status;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::interceptors::WorkerInterceptor;
use temporalio_sdk::workflow_replayer::{
    WorkflowReplayer, WorkflowReplayerOptions, WorkflowReplayerOptionsBuilder,
};
use temporalio_sdk::{WorkflowContext, WorkflowContextView, WorkflowResult};
use wolo_bootstrap::settings::Layers;
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
use wolo_workflows::reconciliation::PaymentReconciliation;
use wolo_workflows::refund::Refund;
use wolo_workflows::resolution::Resolution;
use wolo_workflows::revocation::Revocation;
use wolo_workflows::sponsorship_invitation::SponsorshipInvitation;

use crate::histories::folder;

#[derive(Clone, Default)]
struct Guard(Arc<Mutex<Vec<String>>>);

#[async_trait::async_trait(?Send)]
impl WorkerInterceptor for Guard {
    async fn on_workflow_activation_completion(&self, completion: &WorkflowActivationCompletion) {
        if let Some(Status::Failed(failed)) = &completion.status {
            let message = failed.failure.as_ref().map_or_else(String::new, |failure| failure.message.clone());
            self.0.lock().expect("no test panics here").push(message);
        }
    }
}

/// Every ending that has been recorded.
const ENDINGS: [&str; 104] = [
    "audit-checkpoint",
    "birthday-sweep",
    "birthday-sweep-carried-on",
    "birthday-sweep-missed",
    "closure-erased",
    "closure-nobody-known",
    "closure-restored",
    "closure-waited-for-a-pot",
    "consent-another-case-by-hand",
    "consent-asked-too-late",
    "consent-begun-again",
    "consent-carried-on",
    "consent-gave-up-pots-when-taken-up",
    "consent-handed-over",
    "consent-lapsed",
    "consent-not-a-minors",
    "consent-of-age-after-all",
    "consent-refused",
    "consent-superseded",
    "consent-taken-up",
    "consent-with-another-case",
    "consent-withdrawn-and-ended",
    "consent-withdrawn-and-returned",
    "donation-confirmed",
    "donation-expired",
    "donation-failed-then-paid",
    "donation-found-by-asking",
    "donation-heard-of-late",
    "donation-paid-in-the-last-second",
    "donation-refunded",
    "donation-refused",
    "donation-suspended",
    "donation-taken-up-again",
    "donation-webhook-before-reply",
    "donation-webhook-twice",
    "history-archive",
    "history-archive-carried-on",
    "housekeeping",
    "identity-approved",
    "identity-given-up",
    "identity-more-needed",
    "identity-nothing-came",
    "identity-rejected",
    "invitation-accepted",
    "invitation-cancelled",
    "invitation-carried-on",
    "invitation-declined",
    "invitation-lapsed",
    "invitation-phone-proved-later",
    "invitation-pot-given-up",
    "ledger-check-broken",
    "ledger-check-resumed",
    "notice-arrived",
    "notice-by-the-next-channel",
    "notice-code-by-two-channels",
    "notice-given-up",
    "notice-muted",
    "notice-said-once-more",
    "notice-unknown",
    "notice-unknown-then-arrived",
    "notice-waited-for-the-morning",
    "notice-without-a-channel",
    "payout-approved-anew",
    "payout-approved-by-two",
    "payout-carried-on",
    "payout-found",
    "payout-never-paid",
    "payout-nothing-to-pay",
    "payout-paid",
    "payout-recipient-accepted",
    "payout-refused-then-paid",
    "payout-stopped-by-a-moderator",
    "payout-taken-up-again",
    "payout-unknown-then-found",
    "payout-waited-for-float",
    "points-revoked",
    "pot-birthday-over",
    "pot-cancelled",
    "pot-cancelled-with-gifts",
    "pot-cancelling-taken-up",
    "pot-carried-on",
    "pot-closed-early",
    "pot-followed-consent",
    "pot-given-up-before-its-payout",
    "pot-given-up-when-it-closes",
    "pot-given-up-when-it-settles",
    "pot-held-and-released",
    "pot-moved",
    "pot-moved-by-itself",
    "pot-never-opened",
    "pot-not-a-minors",
    "pot-not-given-up-while-it-pays-out",
    "pot-not-scheduled",
    "pot-paid-out",
    "pot-settled-empty",
    "pot-taken-up-again",
    "pot-told-that-it-is-given-up",
    "pot-with-credit",
    "punctuality",
    "reconciliation",
    "reconciliation-missed",
    "refund-given-back",
    "refund-refused-then-given-back",
    "resolution",
];

type Options = WorkflowReplayerOptionsBuilder;

/// Every process that WOLO has, as today's code is.
fn todays_code(options: Options) -> Options {
    options
        .register_workflow::<Donation>()
        .and_then(Options::register_workflow::<AccountClosure>)
        .and_then(Options::register_workflow::<AuditCheckpoint>)
        .and_then(Options::register_workflow::<BirthdaySweep>)
        .and_then(Options::register_workflow::<SponsorshipInvitation>)
        .and_then(Options::register_workflow::<GuardianConsent>)
        .and_then(Options::register_workflow::<HistoryArchive>)
        .and_then(Options::register_workflow::<Housekeeping>)
        .and_then(Options::register_workflow::<IdentityReview>)
        .and_then(Options::register_workflow::<NoticeDelivery>)
        .and_then(Options::register_workflow::<PotLifecycle>)
        .and_then(Options::register_workflow::<Payout>)
        .and_then(Options::register_workflow::<PunctualityCheck>)
        .and_then(Options::register_workflow::<Refund>)
        .and_then(Options::register_workflow::<PaymentReconciliation>)
        .and_then(Options::register_workflow::<LedgerCheck>)
        .and_then(Options::register_workflow::<Resolution>)
        .and_then(Options::register_workflow::<Revocation>)
        .expect("each is registered once")
}

/// What is wrong with the code in the eyes of a history; nothing, if it follows.
async fn complaints(history: &[u8], code: impl FnOnce(Options) -> Options) -> Vec<String> {
    let settings = Layers::new().read().expect("the defaults are sound");
    let converter =
        wolo_bootstrap::codec::data_converter(&settings.temporal.payload_keys).expect("the keys are sound");
    let guard = Guard::default();
    let options = code(WorkflowReplayerOptions::new().worker_interceptor(guard.clone()));
    let replayer =
        WorkflowReplayer::new(options.data_converter(converter).build()).expect("the replayer starts");
    let history = WorkflowHistory::from_json(history).expect("a recorded history");
    let mut complaints: Vec<String> =
        replayer.replay_workflow(history).await.err().map(|error| error.to_string()).into_iter().collect();
    complaints.append(&mut guard.0.lock().expect("no test panics here"));
    complaints
}

/// That a fault is caught is not enough: it must be this one.
fn complains_of(complaints: &[String], words: &str) {
    assert!(complaints.iter().any(|complaint| complaint.contains(words)), "{complaints:?}");
}

fn history(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.json"))).expect("the history was recorded")
}

/// A history with one text in place of another, which must have been there.
fn altered(name: &str, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(history(name)).expect("JSON is UTF-8");
    assert!(text.contains(from), "{name} does not contain {from}");
    text.replace(from, to).into_bytes()
}

#[tokio::test]
async fn todays_code_follows_every_recorded_history() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .expect("histories were recorded")
        .filter_map(|entry| entry.expect("an entry").path().file_stem()?.to_str().map(str::to_owned))
        .collect();
    found.sort();
    assert_eq!(found, ENDINGS, "one history for each ending that a test keeps");
    for name in ENDINGS {
        let complaints = complaints(&history(name), todays_code).await;
        assert!(complaints.is_empty(), "{name}: {complaints:?}");
    }
}

#[tokio::test]
async fn a_step_that_the_code_would_not_ask_for_is_caught() {
    let wrong = altered("donation-confirmed", "donations.settle", "donations.forget");
    complains_of(&complaints(&wrong, todays_code).await, "scheduled event 'donations.forget' does not match");
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_caught() {
    // Another key id than any that is known.
    let known = serde_json::to_string(b"development".as_slice()).expect("bytes are JSON");
    let text = String::from_utf8(history("donation-confirmed")).expect("JSON is UTF-8");
    let (from, to) = if text.contains(&known) {
        (known, serde_json::to_string(b"stranger...".as_slice()).expect("bytes are JSON"))
    } else {
        // Bytes are written in base64.
        ("ZGV2ZWxvcG1lbnQ=".to_owned(), "c3RyYW5nZXIuLi4=".to_owned())
    };
    let wrong = altered("donation-confirmed", &from, &to);
    complains_of(&complaints(&wrong, todays_code).await, "a key that this process does not have");
}

#[tokio::test]
async fn a_type_that_nobody_registered_is_caught() {
    let only_pots = |options: Options| options.register_workflow::<PotLifecycle>().expect("registered once");
    complains_of(
        &complaints(&history("donation-confirmed"), only_pots).await,
        "Workflow type Donation not found",
    );
}

/// A process of the same name that is broken.
#[workflow]
struct Panicking;

#[workflow_methods]
impl Panicking {
    #[init]
    fn new(_ctx: &WorkflowContextView, _input: RawValue) -> Self {
        Self
    }

    #[run(name = "Donation")]
    #[expect(clippy::unused_async, reason = "a run is async, even one that ends at once")]
    async fn run(_ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        panic!("a fault of the code")
    }
}

#[tokio::test]
async fn a_process_that_panics_is_caught() {
    let panicking = |options: Options| options.register_workflow::<Panicking>().expect("registered once");
    complains_of(
        &complaints(&history("donation-confirmed"), panicking).await,
        "panicked: a fault of the code",
    );
}
