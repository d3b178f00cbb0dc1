//! The whole house, once per test binary: a real Postgres, a real Temporal server, the Wave emulator, a worker and
//! an API that receives Wave's webhooks. Tests share it, each with its own people and pots.

use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use uuid::Uuid;
use wolo_activities::words::{Purpose, RegisteredButton};
use wolo_bootstrap::settings::Layers;
use wolo_bootstrap::{Settings, Shutdown, telemetry};
use wolo_control::time::Forwarded;
use wolo_control::{AskError, Control};
use wolo_database::Pool;
use wolo_domain::certificates::{Trust, Verified, verify};
use wolo_domain::dakar;
use wolo_domain::donations::{DonationRules, DonationStage};
use wolo_domain::ids::{DonationId, PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::people::{BirthDate, Phone};
use wolo_domain::pots::{PotRules, PotSettings, PotStage, Timeline};
use wolo_domain::seals::{NamedKey, SealingKey};
use wolo_sandbox::World;
use wolo_sandbox::emulator::Place;
use wolo_sandbox::phones;
use wolo_sandbox::temporal::SearchAttribute;
use wolo_sandbox::wave::{DeliveryState, Endpoint, Fault, FaultRule, Retry, WebhookFault, WebhookFaultRule};
use wolo_sandbox::whatsapp::{Category, OtpType, Template, TemplateButton};
use wolo_workflows::donation::Donation;
use wolo_workflows::donation::DonationInput;
use wolo_workflows::ids;
use wolo_workflows::payout::PayoutPatience;
use wolo_workflows::pot_lifecycle::{PotMade, PotPatience, PotPlan};
use wolo_workflows::refund::RefundPatience;
use wolo_workflows::steps::donations::{CheckoutOutcome, DonationRequest, Donor};

/// Nothing in the house takes longer than this unless it is broken.
pub(crate) const LONG: Duration = Duration::from_secs(40);

/// Lives as long as the test binary, so that connections outlive single tests.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts")
});

static HOUSE: OnceCell<House> = OnceCell::const_new();

pub(crate) struct House {
    pub(crate) world: &'static World,
    pub(crate) settings: Settings,
    pub(crate) pool: Pool,
    pub(crate) control: Control,
}

/// Runs a story that brings its own house.
pub(crate) fn alone<F: Future<Output = ()>>(story: F) {
    RUNTIME.block_on(story);
}

/// Runs one test's story in the shared house.
pub(crate) fn live<F: Future<Output = ()>>(story: impl FnOnce(&'static House) -> F) {
    RUNTIME.block_on(async {
        let house = Box::pin(HOUSE.get_or_init(House::build)).await;
        story(house).await;
    });
}

/// A gift that waits for its payment at Wave.
pub(crate) struct Asked {
    pub(crate) donation: DonationId,
    /// Wave's id of the page.
    pub(crate) session: String,
}

impl House {
    async fn build() -> Self {
        // Quiet, unless somebody wants to know: WOLO_LOG=info cargo test …
        if std::env::var_os(telemetry::FILTER_VARIABLE).is_some() {
            telemetry::start(telemetry::Format::Human).expect("nobody else logs here");
        }
        let house =
            Self::without_worker(World::shared_with(Self::world).await.expect("the world comes up")).await;
        let worker =
            wolo_worker::Worker::start(&house.settings, Shutdown::new()).await.expect("the worker starts");
        tokio::spawn(worker.end());
        house.is_looked_at_by_nobody_else().await;
        house
    }

    /// What a schedule does at its hour could help a story along that is about how it goes without.
    async fn is_looked_at_by_nobody_else(&self) {
        for schedule in [
            ids::RECONCILE_TODAY,
            ids::RECONCILE_YESTERDAY,
            ids::LEDGER_CHECK,
            ids::PUNCTUALITY_CHECK,
            ids::HISTORY_ARCHIVE,
        ] {
            let schedule = self.control.client().get_schedule_handle(schedule);
            let paused = schedule.pause(Some("tests start it themselves"), Default::default()).await;
            paused.expect("the schedule is there");
        }
    }

    pub(crate) fn world() -> wolo_sandbox::world::Options {
        let mut options = wolo_sandbox::world::Options::default();
        options.wave.opening_balance = 1_000_000;
        options.wave.webhook_retry = Retry::QUICK;
        options.wave.local_redirects = true;
        // Each receipt comes by itself, so that one that a test loses takes nobody else's along.
        options.whatsapp.place = Place::quick();
        options.orange.place = Place::quick();
        // A test may ask for a pot before its worker is up.
        options.temporal.search_attributes = wolo_workflows::attributes::ALL
            .map(|(name, kind)| SearchAttribute::new(name, kind.parse().expect("a type")))
            .to_vec();
        options
    }

    /// Everything but somebody who does the work.
    pub(crate) async fn without_worker(world: &'static World) -> Self {
        let settings = Layers::new()
            .set("database.url", world.postgres.url("wolo"))
            .set("temporal.address", world.temporal.address())
            .set("wave.url", world.wave.base_url())
            // Tests share this Wave, and what goes wrong there does so on purpose.
            .set("wave.pause_seconds", "1")
            .set("channels.pause_seconds", "1")
            .set("whatsapp.url", format!("{}/v25.0", world.whatsapp.base_url()))
            .set("whatsapp.access_token", world.whatsapp.options().access_token.clone())
            .set("whatsapp.phone_number_id", world.whatsapp.options().phone_number_id.clone())
            .set("whatsapp.business_account_id", world.whatsapp.options().waba_id.clone())
            .set("whatsapp.webhook_verify_token", world.whatsapp.options().verify_token.clone())
            .set("whatsapp.app_secrets", world.whatsapp.options().app_secret.clone())
            .set("orange.url", world.orange.base_url())
            .set("orange.client_id", world.orange.options().client_id.clone())
            .set("orange.client_secret", world.orange.options().client_secret.clone())
            .set("orange.sender", world.orange.options().sender.clone())
            .set("orange.receipt_secrets", "receipts")
            .set("notices.quiet_from_hour", "0")
            .set("notices.quiet_until_hour", "0")
            .set("vault.documents.address", Self::folder("documents"))
            .set("vault.keys.address", Self::folder("keys"))
            .set("api.listen", "127.0.0.1:0")
            .set("worker.health_listen", "127.0.0.1:0")
            .read()
            .expect("the settings are sound");
        let pool = wolo_database::connect(&world.postgres.url("wolo"), 10).await.expect("Postgres answers");
        wolo_database::migrate(&pool).await.expect("the schema is made");
        let client = wolo_bootstrap::temporal::connect(&settings.temporal).await.expect("Temporal answers");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let api = wolo_api::Api::bind(settings.clone(), listener).await.expect("the API listens");
        world.wave.register_webhook(&format!("http://{}/api/payments/webhook", api.address()));
        let receipts = format!("http://{}/api/notifications/receipts", api.address());
        world.whatsapp.register_webhook(&format!("{receipts}/whatsapp"));
        world.orange.register_webhook(&format!("{receipts}/orange/receipts"));
        Self::teach_whatsapp(world);
        tokio::spawn(api.serve(Shutdown::new()));
        Self { world, settings, pool, control: Control::new(client) }
    }

    /// A part of the vault of this test binary.
    fn folder(side: &str) -> String {
        let folder = std::env::temp_dir().join(format!("wolo-vault-{}", std::process::id())).join(side);
        format!("file://{}", folder.display())
    }

    /// WhatsApp sends only what it has looked through.
    fn teach_whatsapp(world: &World) {
        let words = wolo_activities::words::Words::new().expect("the words are right");
        let site = "http://localhost:3000".parse().expect("an address");
        for one in words.registry(&site).expect("the samples are right") {
            let category = match one.purpose {
                Purpose::Utility => Category::Utility,
                Purpose::Marketing => Category::Marketing,
                Purpose::Authentication => Category::Authentication,
            };
            let mut template = Template::new(&one.name, one.language.as_str(), category, &one.body);
            template.buttons.extend(one.button.map(|button| match button {
                RegisteredButton::Open { label: text, url, example } => {
                    TemplateButton::Url { text, url, example: vec![example] }
                }
                RegisteredButton::Copy { label: text } => {
                    TemplateButton::Otp { otp_type: OtpType::CopyCode, text }
                }
            }));
            world.whatsapp.keep_template(template);
        }
    }

    /// Wave's statement of a day that is over has been compared, and nothing was found.
    pub(crate) async fn compared(&self, day: NaiveDate) {
        let run =
            wolo_database::reconciliation::Run::begun(Uuid::now_v7().to_string(), day, true, Utc::now());
        wolo_database::reconciliation::record_run(&self.pool, &run).await.expect("a run");
    }

    /// A grown-up with a phone of their own.
    pub(crate) async fn person(&self) -> UserId {
        self.person_born("1988-05-17", 1).await
    }

    /// Somebody whose phone number ends with these digits; some endings mean something to the Wave emulator.
    pub(crate) async fn person_born(&self, birth_date: &str, phone_ends_with: u32) -> UserId {
        let id = UserId::from_uuid(Uuid::now_v7());
        let phone = phones::unused_ending_with(phone_ends_with);
        let user = wolo_database::people::User {
            id,
            name: "Awa".to_owned(),
            birth_date: BirthDate::new(birth_date.parse().expect("a day")),
            phone: Some(phone.parse::<Phone>().expect("a number")),
            email: None,
        };
        wolo_database::people::add_user(&self.pool, &user).await.expect("a person is added");
        id
    }

    /// A guardian has consented for a minor, and who they are is approved. Answers the pots that may go on.
    #[expect(clippy::disallowed_methods, reason = "a test writes what the crate never would")]
    pub(crate) async fn answer_for(&self, minor: UserId, at: DateTime<Utc>) -> Vec<PotId> {
        let mut tx = self.pool.begin().await.expect("Postgres answers");
        for answered in [
            "insert into minors.consents (
                 consent_id, minor_id, guardian_name, guardian_is, language, token_hash, stage, since, requested_at
             )
             select user_id, user_id, 'Awa', 'mother', 'fr', sha256(uuid_send(user_id)), 'given', now(), now()
             from people.users where user_id = $1",
            "insert into minors.guardians (consent_id, phone)
             select user_id, '+22178' || right(phone, 7) from people.users where user_id = $1",
            "insert into minors.cases (
                 case_id, subject_id, consent_id, approvals_needed, opened_at, stage, round, since, submitted_at,
                 decided_at, approved_birth_date, destroy_at
             )
             select user_id, user_id, user_id, 2, now(), 'approved', 1, now(), now(), now(), birth_date, now()
             from people.users where user_id = $1",
        ] {
            sqlx::query(answered).bind(minor.uuid()).execute(&mut *tx).await.expect("it is written");
        }
        let pots = wolo_database::clearance::follow(&mut tx, minor, at).await.expect("an answer");
        tx.commit().await.expect("it stays");
        pots
    }

    /// What a pot is started with, for its owner's birthday, which is so many days ahead from now on.
    pub(crate) async fn plan(&self, owner: UserId, days_ahead: i64) -> PotPlan {
        let plan = Self::planned(owner, days_ahead);
        self.born_for(owner, plan.timeline.birthday).await;
        plan
    }

    /// Has somebody been born on this day of the year that they were born in.
    #[expect(clippy::disallowed_methods, reason = "a test writes what the crate never would")]
    pub(crate) async fn born_for(&self, person: UserId, birthday: NaiveDate) {
        let born = "update people.users
                    set birth_date = $2 - make_interval(years => (extract(year from $2) - extract(year from birth_date))::integer)
                    where user_id = $1";
        sqlx::query(born)
            .bind(person.uuid())
            .bind(birthday)
            .execute(&self.pool)
            .await
            .expect("a day of birth");
    }

    /// The same of anybody.
    pub(crate) fn planned(owner: UserId, days_ahead: i64) -> PotPlan {
        let rules = PotRules::default();
        let birthday: NaiveDate = dakar::day_of(Utc::now()) + TimeDelta::days(days_ahead);
        PotPlan {
            pot: PotId::for_birthday(owner, chrono::Datelike::year(&birthday)),
            owner,
            request: "test".to_owned(),
            settings: PotSettings {
                title: "Awa a trente ans".to_owned(),
                ..PotSettings::of_birthday("Awa", Xof::new(25_000))
            },
            timeline: Timeline::plan(birthday, Utc::now(), &rules),
            rules,
            patience: PotPatience {
                payout: PayoutPatience {
                    recheck_seconds: 300,
                    longest_pause_seconds: 3_600,
                    retry_seconds: 60,
                    unknown_after_seconds: 900,
                    float_retry_seconds: 900,
                    same_key_seconds: 20 * 3_600,
                    never_paid_after_seconds: 72 * 3_600,
                    continue_after_events: 2_000,
                },
                payout_rules: PayoutRules::default(),
                refund: RefundPatience::default(),
                continue_after_events: 2_000,
            },
            carried: None,
        }
    }

    pub(crate) async fn schedule(&self, plan: PotPlan) -> PotId {
        let pot = plan.pot;
        assert_eq!(self.control.schedule_pot(plan, LONG).await.expect("the pot is made"), PotMade::Scheduled);
        pot
    }

    /// A pot that is open already: its birthday is less than thirty days away.
    pub(crate) async fn open_pot(&self) -> PotId {
        let owner = self.person().await;
        self.open_pot_of(owner).await
    }

    pub(crate) async fn open_pot_of(&self, owner: UserId) -> PotId {
        let pot = self.schedule(self.plan(owner, 20).await).await;
        self.stage_is(pot, PotStage::Open).await;
        pot
    }

    pub(crate) fn gift(&self, pot: PotId, francs: i64) -> DonationInput {
        DonationInput {
            request: DonationRequest {
                donation: DonationId::from_uuid(Uuid::now_v7()),
                pot,
                amount: Xof::new(francs),
                donor: Donor { name: Some("Fatou".to_owned()), ..Donor::default() },
                rules: DonationRules { smallest: Xof::new(100), largest: Xof::new(1_000_000) },
            },
            grace_seconds: 120,
            longest_pause_seconds: 3_600,
            refund: RefundPatience::default(),
        }
    }

    /// Asks for a gift; its giver now stands before Wave's page.
    pub(crate) async fn ask(&self, pot: PotId, francs: i64) -> Asked {
        self.ask_for(self.gift(pot, francs)).await
    }

    pub(crate) async fn ask_for(&self, gift: DonationInput) -> Asked {
        let donation = gift.request.donation;
        match self.control.open_checkout(gift, LONG).await.expect("the gift is answered") {
            CheckoutOutcome::Opened(checkout) => {
                let session = checkout.wave_launch_url.rsplit('/').next().expect("an id").to_owned();
                Asked { donation, session }
            }
            CheckoutOutcome::Refused { refusal } => panic!("the gift was refused: {refusal}"),
        }
    }

    /// A gift from the asking to the books.
    pub(crate) async fn give(&self, pot: PotId, francs: i64) -> Asked {
        let asked = self.ask(pot, francs).await;
        self.pay(&asked);
        self.donation_is(asked.donation, DonationStage::Confirmed).await;
        asked
    }

    pub(crate) fn pay(&self, asked: &Asked) {
        self.world.wave.pay(&asked.session, None).expect("Wave takes the payment");
    }

    /// Ends the page at Wave, as half an hour would.
    pub(crate) async fn end_the_page(&self, asked: &Asked) {
        let answer = self.post_to_wave(&format!("/v1/checkout/sessions/{}/expire", asked.session)).await;
        assert!(answer.is_success(), "{answer}");
    }

    /// Bends the calls to Wave that mention something, and no other test's.
    pub(crate) fn bend(&self, endpoint: Endpoint, about: impl Into<String>, times: u32, fault: Fault) {
        self.world.wave.fault(FaultRule::always(endpoint, fault).times(times).about(about));
    }

    pub(crate) fn bend_webhooks(&self, asked: &Asked, fault: WebhookFault) {
        let about = Some(asked.donation.to_string());
        self.world.wave.webhook_fault(WebhookFaultRule { about, ..WebhookFaultRule::always(fault) });
    }

    /// Moves a pot's process forward and lets it do what falls due.
    pub(crate) async fn forward(&self, workflow_id: &str, by: TimeDelta) {
        let by = by.to_std().expect("forward");
        let forwarded = self.control.forward(workflow_id, by).await.expect("time moves");
        assert_ne!(forwarded, Forwarded::StillOnTheWay, "{workflow_id} waits for something else than time");
    }

    /// The same without waiting for the arrival, which may need more than time.
    pub(crate) fn set_off(&self, workflow_id: &str, by: TimeDelta) {
        let (control, id) = (self.control.clone(), workflow_id.to_owned());
        let by = by.to_std().expect("forward");
        tokio::spawn(async move { control.forward(&id, by).await });
    }

    /// To the end of the birthday, the payout, and beyond.
    pub(crate) async fn forward_to_the_end(&self, pot: PotId) {
        self.forward(&wolo_workflows::ids::pot_lifecycle(pot), TimeDelta::days(60)).await;
    }

    pub(crate) async fn stage_is(&self, pot: PotId, stage: PotStage) {
        until(&format!("{pot} is {stage}"), async || {
            let pot = wolo_database::pots::pot(&self.pool, pot).await.expect("Postgres answers")?;
            (pot.stage == stage).then_some(())
        })
        .await;
    }

    pub(crate) async fn donation_is(&self, donation: DonationId, stage: DonationStage) {
        until(&format!("{donation} is {stage}"), async || {
            let donation =
                wolo_database::donations::donation(&self.pool, donation).await.expect("Postgres answers")?;
            (donation.stage == stage).then_some(())
        })
        .await;
    }

    pub(crate) async fn balance(&self, account: Account) -> i64 {
        wolo_database::ledger::balance(&self.pool, account).await.expect("Postgres answers").francs()
    }

    /// What was given to a pot, before Wave's fees: those come into the books with any pot's payout.
    pub(crate) async fn given(&self, pot: PotId) -> i64 {
        let pot = wolo_database::pots::pot(&self.pool, pot).await.expect("Postgres answers");
        pot.expect("the pot").totals.given.francs()
    }

    /// The books are right as a whole, whatever the other tests are doing.
    pub(crate) async fn books_are_right(&self) {
        let violations = wolo_database::ledger::check(&self.pool).await.expect("Postgres answers");
        assert!(violations.is_empty(), "{violations:?}");
        let differences = wolo_database::figures::differences(&self.pool).await.expect("Postgres answers");
        assert!(differences.is_empty(), "the figures are not the ledger's: {differences:?}");
    }

    /// What the certificate of a settled pot says, held against the key that this house seals with.
    pub(crate) async fn certified(&self, pot: PotId) -> Verified {
        let document =
            wolo_database::certificates::document(&self.pool, pot).await.expect("Postgres answers");
        let document = document.expect("a settled pot has a certificate");
        verify(document.as_bytes(), &Trust::Keys(self.keys())).expect("a certificate that is whole")
    }

    /// Whose seals are believed here.
    pub(crate) fn keys(&self) -> Vec<NamedKey> {
        let sealing = self.settings.certificates.sealing.as_ref().expect("a house that seals");
        let der = secrecy::ExposeSecret::expose_secret(&sealing.key);
        let key = SealingKey::from_pkcs8(&sealing.key_id, der).expect("a key").public();
        vec![NamedKey { id: Some(sealing.key_id.clone()), key }]
    }

    /// Wave has told of something about this reference and we have answered that we heard.
    pub(crate) async fn webhook_is_taken(&self, reference: &str) {
        let taken = |book: &wolo_sandbox::wave::Book| {
            book.deliveries()
                .iter()
                .filter(|delivery| delivery.state == DeliveryState::Delivered)
                .filter_map(|delivery| book.event(&delivery.event_id))
                .any(|event| event.body.contains(reference))
                .then_some(())
        };
        self.world.wave.wait_for(taken, LONG).await.expect("the webhook arrives");
    }

    /// Speaks to Wave as somebody else who holds our key would.
    pub(crate) async fn post_to_wave(&self, path: &str) -> reqwest::StatusCode {
        let wave = &self.world.wave;
        let http =
            wolo_providers::http::client(wolo_providers::http::Timeouts::total(LONG)).expect("a client");
        let post = http.post(format!("{}{path}", wave.base_url())).bearer_auth(wave.api_key());
        post.send().await.expect("Wave answers").status()
    }

    /// Which run of a process is the current one.
    pub(crate) async fn run_of(&self, workflow_id: &str) -> String {
        let handle = self.control.client().get_workflow_handle::<Donation>(workflow_id);
        handle.describe(Default::default()).await.expect("the engine remembers it").run_id().to_owned()
    }

    /// As an operator may, in the engine's UI.
    pub(crate) async fn terminate(&self, workflow_id: &str) {
        let handle = self.control.client().get_workflow_handle::<Donation>(workflow_id);
        handle.terminate(Default::default()).await.expect("it was running");
    }

    pub(crate) async fn events_of(&self, workflow_id: &str) -> Vec<Attributes> {
        let handle = self.control.client().get_workflow_handle::<Donation>(workflow_id);
        let history = handle.fetch_history(Default::default());
        let events = history.into_events().await.expect("the engine remembers it");
        events.into_iter().filter_map(|event| event.attributes).collect()
    }

    /// The steps that a process has asked for, in order.
    pub(crate) async fn steps_of(&self, workflow_id: &str) -> Vec<String> {
        let events = self.events_of(workflow_id).await;
        let name = |event| match event {
            Attributes::ActivityTaskScheduledEventAttributes(step) => {
                step.activity_type.map(|kind| kind.name)
            }
            _ => None,
        };
        events.into_iter().filter_map(name).collect()
    }

    pub(crate) async fn signals_of(&self, workflow_id: &str) -> usize {
        let is_signal =
            |event: &Attributes| matches!(event, Attributes::WorkflowExecutionSignaledEventAttributes(_));
        self.events_of(workflow_id).await.iter().filter(|event| is_signal(event)).count()
    }

    /// How many decisions a process has been asked for and has taken up.
    pub(crate) async fn updates_of(&self, workflow_id: &str) -> usize {
        let is_update = |event: &Attributes| {
            matches!(event, Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(_))
        };
        self.events_of(workflow_id).await.iter().filter(|event| is_update(event)).count()
    }

    /// What a process came to.
    pub(crate) async fn outcome<W>(&self, workflow_id: String) -> W::Output
    where
        W: temporalio_common::HasWorkflowDefinition,
        W::Output: temporalio_common::data_converters::TemporalDeserializable + Send,
    {
        let handle = self.control.client().get_workflow_handle::<W>(workflow_id.clone());
        let outcome = tokio::time::timeout(LONG, handle.get_result(Default::default())).await;
        outcome.unwrap_or_else(|_| panic!("{workflow_id} does not end")).expect("the process ends well")
    }
}

/// Waits for a fact. It is looked for again and again, because whoever brings it about tells nobody.
pub(crate) async fn until<T>(fact: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    tokio::time::timeout(LONG, found).await.unwrap_or_else(|_| panic!("it did not come about that {fact}"))
}

/// The engine remembers nothing of it, or says that it has ended.
pub(crate) fn has_ended<T>(answer: &Result<T, AskError>) -> bool {
    matches!(answer, Err(AskError::NotFound | AskError::Ended))
}
