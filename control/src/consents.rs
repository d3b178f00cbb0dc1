//! Asking about a guardian's consent.
//!
//! Every question begins the process where none runs: a guardian who takes their consent back is heard also when somebody has ended the
//! process. Asking again is safe.

use std::collections::HashSet;
use std::time::Duration;

use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{
    WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions, WorkflowSignalOptions,
    WorkflowUpdateWithStartOptions,
};
use temporalio_common::data_converters::RawValue;
use wolo_domain::ids::UserId;
use wolo_workflows::guardian_consent::GuardianConsent;
use wolo_workflows::{attributes, ids, queues};

/// What a consent's process is asked with, and answers.
pub use wolo_workflows::guardian_consent::{
    AboutConsent, AskAnswer, AskGuardian, BeginCase, BeginCaseAnswer, Carried, ConsentInput, ConsentState,
    GiveAnswer, GuardianAgrees, RefuseAnswer, WithdrawAnswer,
};

use crate::{AskError, Control, TakingUp, again};

/// Asks the process of a minor's consent, which begins if there is none.
macro_rules! ask {
    ($control:expr, $input:expr, $update:ident, $wish:expr, $patience:expr) => {{
        let options = begun_by(&$input);
        let (run, update) = (GuardianConsent::run, GuardianConsent::$update);
        let asked = $control.client.execute_update_with_start_workflow(run, $input, update, $wish, options);
        Ok(tokio::time::timeout($patience, asked).await.map_err(|_| AskError::NotYet)??)
    }};
}

impl Control {
    /// Has a guardian asked whom a minor has named, and waits until that is written down. Whoever is asked with the same name of the
    /// request is asked once.
    pub async fn ask_guardian(
        &self,
        input: ConsentInput,
        wish: AskGuardian,
        patience: Duration,
    ) -> Result<AskAnswer, AskError> {
        ask!(self, input, ask, wish, patience)
    }

    /// A guardian says yes, for the first time or once more. Answered when it is in force.
    pub async fn give_consent(
        &self,
        input: ConsentInput,
        wish: GuardianAgrees,
        patience: Duration,
    ) -> Result<GiveAnswer, AskError> {
        ask!(self, input, give, wish, patience)
    }

    /// A guardian says no.
    pub async fn refuse_consent(
        &self,
        input: ConsentInput,
        wish: AboutConsent,
        patience: Duration,
    ) -> Result<RefuseAnswer, AskError> {
        ask!(self, input, refuse, wish, patience)
    }

    /// A guardian takes their consent back. Answered when the minor's pots are held.
    pub async fn withdraw_consent(
        &self,
        input: ConsentInput,
        wish: AboutConsent,
        patience: Duration,
    ) -> Result<WithdrawAnswer, AskError> {
        ask!(self, input, withdraw, wish, patience)
    }

    /// Has the next case of a consent begun, and waits until it collects documents. Asked again it is the same case.
    pub async fn begin_case(
        &self,
        input: ConsentInput,
        wish: BeginCase,
        patience: Duration,
    ) -> Result<BeginCaseAnswer, AskError> {
        ask!(self, input, begin_case, wish, patience)
    }

    /// Starts the process of a minor's consent again, because somebody ended it. It finds in the books how far the consent has come.
    /// Where one runs, nothing happens.
    pub async fn take_up_consent(&self, input: ConsentInput) -> Result<TakingUp, AskError> {
        let minor = input.minor;
        let mut options = again(queues::IDENTITY, ids::consent(minor), WorkflowIdConflictPolicy::Fail);
        options.search_attributes = Some(attributes::of_consent(minor));
        match self.client.start_workflow(GuardianConsent::run, input, options).await {
            Ok(_) => Ok(TakingUp::Started),
            Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(TakingUp::Running),
            Err(error) => Err(error.into()),
        }
    }

    /// The minors of whose consents the process runs, as far as the engine's index has heard: it may lag behind by a moment.
    pub async fn running_consents(&self) -> Result<HashSet<UserId>, AskError> {
        self.running("GuardianConsent", "consent/").await
    }

    /// Whether the consent of a minor has a process now that has not ended.
    pub async fn consent_runs(&self, minor: UserId) -> Result<bool, AskError> {
        self.runs::<GuardianConsent>(ids::consent(minor)).await
    }

    /// Tells that somebody's birth date was corrected. Where there is no process [`AskError::NotFound`] says so, and nothing is lost:
    /// the next one looks itself.
    pub async fn tell_of_birth_date(&self, minor: UserId) -> Result<(), AskError> {
        let handle = self.client.get_workflow_handle::<GuardianConsent>(ids::consent(minor));
        let options = WorkflowSignalOptions::default();
        Ok(handle.signal(GuardianConsent::look_again, RawValue::empty(), options).await?)
    }

    /// A minor's consent as its process sees it; also after its end, as long as the engine remembers it.
    pub async fn consent_state(&self, minor: UserId) -> Result<ConsentState, AskError> {
        let handle = self.client.get_workflow_handle::<GuardianConsent>(ids::consent(minor));
        Ok(handle.query(GuardianConsent::state, (), WorkflowQueryOptions::default()).await?)
    }
}

/// Of one minor there is one process at a time, and another when that has ended.
fn begun_by(input: &ConsentInput) -> WorkflowUpdateWithStartOptions {
    WorkflowUpdateWithStartOptions::new(
        queues::IDENTITY,
        ids::consent(input.minor),
        WorkflowIdConflictPolicy::UseExisting,
    )
    .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
    .search_attributes(attributes::of_consent(input.minor))
    .build()
}
