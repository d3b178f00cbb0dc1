//! A database and a Wave wallet of one's own, and the short way to the state that a test begins with.

use std::time::Duration;

use chrono::{DateTime, Utc};
use temporalio_client::Client;
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::activities::{ActivityError, ExecutableActivity};
use temporalio_sdk::testing::{ActivityEnvironment, ActivityEnvironmentError, TestActivityInfoOptions};
use tokio::sync::{OnceCell, watch};
use uuid::Uuid;
use wolo_activities::{
    AccountSteps, BirthdaySteps, ConsentSteps, DiscrepancySteps, DonationSteps, HistorySteps,
    InvitationSteps, LedgerSteps, NoticeSteps, PayoutSteps, PointsSteps, PotSteps, PunctualitySteps,
    RefundSteps, StatementSteps, notices,
};
use wolo_database::{Pool, donations, figures, ledger, people, pots};
use wolo_domain::donations::{DonationRules, DonationStage};
use wolo_domain::ids::{DonationId, PayoutId, PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{PotRules, PotSettings, Timeline, Visibility};
use wolo_domain::seals::SealingKey;
use wolo_providers::http::Timeouts;
use wolo_providers::wave::{Wave, WaveAccess};
use wolo_sandbox::World;
use wolo_sandbox::phones;
use wolo_sandbox::temporal::SearchAttribute;
use wolo_sandbox::wave::{self as emulator, Endpoint, Fault, FaultRule, RetryAfter};
use wolo_workflows::steps::donations::{
    Checkout, CheckoutOutcome, DonationRequest, Donor, SettleDonation, Settlement,
};
use wolo_workflows::steps::pots::PotMoment;
use wolo_workflows::steps::statements::BookFees;

/// Nothing takes longer unless it is broken.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// So many seconds an order may be sent again with its key.
pub(crate) const SAME_KEY: u64 = 20 * 3_600;

const TEMPLATE: &str = "wolo_template";
static TEMPLATE_READY: OnceCell<()> = OnceCell::const_new();

/// The process's time in these tests: far from the machine's, so that confusing the two shows.
pub(crate) fn noon() -> DateTime<Utc> {
    "2031-03-01T12:00:00Z".parse().expect("an instant")
}

pub(crate) struct Scene {
    pub(crate) world: &'static World,
    pub(crate) wave: emulator::Wave,
    pub(crate) pool: Pool,
    pub(crate) client: Wave,
    temporal: Option<Client>,
    database: String,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(emulator::Options { opening_balance: 1_000_000, ..emulator::Options::default() }).await
    }

    /// The world of all scenes: the engine knows the attributes that processes are started with.
    fn world() -> wolo_sandbox::world::Options {
        let mut options = wolo_sandbox::world::Options::default();
        options.temporal.search_attributes = wolo_workflows::attributes::ALL
            .map(|(name, kind)| SearchAttribute::new(name, kind.parse().expect("a type")))
            .to_vec();
        options
    }

    pub(crate) async fn with(options: emulator::Options) -> Self {
        let world = World::shared_with(Self::world).await.expect("the world comes up");
        let postgres = &world.postgres;
        TEMPLATE_READY
            .get_or_init(async || {
                postgres.create_database(TEMPLATE, None).await.expect("a template");
                let pool = wolo_database::connect(&postgres.url(TEMPLATE), 1).await.expect("a connection");
                wolo_database::migrate(&pool).await.expect("migrations that apply");
                pool.close().await;
            })
            .await;
        let name = format!("scene_{}", Uuid::now_v7().simple());
        postgres.create_database(&name, Some(TEMPLATE)).await.expect("a copy of the template");
        // As the worker connects, so that a missing grant shows.
        let pool = wolo_database::connect(&postgres.url_as("wolo_worker", &name), 5).await.expect("a pool");
        let wave = emulator::Wave::start(options).await.expect("an emulator");
        let access = WaveAccess {
            base_url: wave.base_url().parse().expect("an address"),
            api_key: wave.api_key().into(),
            signing_secret: None,
            timeouts: Timeouts::total(LONG),
            at_once: 64,
            pause: Duration::from_secs(1),
        };
        let client = Wave::new(access).expect("a client");
        Self { world, wave, pool, client, temporal: None, database: name }
    }

    /// The scene's database, as another of its roles.
    pub(crate) async fn pool_as(&self, role: &str) -> Pool {
        let url = self.world.postgres.url_as(role, &self.database);
        wolo_database::connect(&url, 2).await.expect("a pool")
    }

    /// The same scene, its database reached anew.
    pub(crate) async fn reopened(self) -> Self {
        let url = self.world.postgres.url_as("wolo_worker", &self.database);
        let pool = wolo_database::connect(&url, 5).await.expect("a pool");
        Self { pool, ..self }
    }

    /// Connects the deeds to the engine, for those that speak to processes.
    pub(crate) async fn connected(self) -> Self {
        self.connected_to("default").await
    }

    /// Connects them to a part of the engine that does not exist: no process is there, and none can be started.
    pub(crate) async fn connected_to_nothing(self) -> Self {
        self.connected_to("nowhere").await
    }

    async fn connected_to(mut self, namespace: &str) -> Self {
        let address = self.world.temporal.address();
        let options =
            temporalio_client::ConnectionOptions::new(address.parse::<url::Url>().expect("an address"))
                .build();
        let connection = temporalio_client::Connection::connect(options).await.expect("Temporal answers");
        let options = temporalio_client::ClientOptions::new(namespace).build();
        self.temporal = Some(Client::new(connection, options).expect("a client"));
        self
    }

    pub(crate) fn temporal(&self) -> &Client {
        self.temporal.as_ref().expect("a scene that is connected")
    }

    /// Where deeds are done; `attempt` counts from 1.
    pub(crate) fn attempt(&self, attempt: u32) -> ActivityEnvironment {
        self.attempt_after(attempt, None::<()>).0
    }

    /// The same, taking over from an attempt that told how far it was; and what this one tells.
    pub(crate) fn attempt_after<H>(
        &self,
        attempt: u32,
        told: Option<H>,
    ) -> (ActivityEnvironment, watch::Receiver<usize>)
    where
        H: temporalio_common::data_converters::TemporalSerializable + 'static,
    {
        let (pool, wave) = (self.pool.clone(), self.client.clone());
        let public_url: url::Url = "https://wolo.example/".parse().expect("an address");
        let donations = DonationSteps::new(pool.clone(), wave.clone(), public_url.clone());
        let (count, heartbeats) = watch::channel(0);
        let mut environment = ActivityEnvironment::builder_with_default()
            .register_activities(AccountSteps::new(pool.clone()))
            .register_activities(PointsSteps::new(pool.clone()))
            .register_activities(PotSteps::new(pool.clone(), Some(sealing_key())))
            .register_activities(DonationSteps::new(pool.clone(), wave.clone(), public_url.clone()))
            .register_activities(RefundSteps::new(pool.clone(), wave.clone()))
            .register_activities(PayoutSteps::new(pool.clone(), wave.clone()))
            .register_activities(LedgerSteps::new(pool.clone()))
            .register_activities(DiscrepancySteps::new(pool.clone()))
            .register_activities(BirthdaySteps::new(pool.clone()))
            .register_activities(HistorySteps::new(pool.clone()))
            .register_activities(ConsentSteps::new(pool.clone()))
            .register_activities(InvitationSteps::new(pool.clone()))
            .register_activities(NoticeSteps::new(
                pool.clone(),
                notices::Carriers::default(),
                notices::words::Words::new().expect("words"),
                public_url.clone(),
            ))
            .register_activities(PunctualitySteps::new(pool.clone()))
            .register_activities(StatementSteps::new(pool, wave, std::sync::Arc::new(donations)))
            .on_heartbeat(move |_| count.send_modify(|count| *count += 1));
        if let Some(told) = told {
            environment = environment.heartbeat_details(told).expect("a heartbeat");
        }
        let info = TestActivityInfoOptions::builder().attempt(attempt).build();
        (environment.info(info).maybe_client(self.temporal.clone()).build(), heartbeats)
    }

    /// Does a deed for the first time, or in another process.
    pub(crate) async fn does<A: ExecutableActivity>(&self, step: A, input: A::Input) -> A::Output {
        self.attempt(1).run(step, input).await.expect("the deed is done")
    }

    /// Does a deed that fails.
    pub(crate) async fn fails<A>(&self, step: A, input: A::Input) -> Failed
    where
        A: ExecutableActivity<Output: std::fmt::Debug>,
    {
        failure(self.attempt(1).run(step, input).await)
    }

    /// The next call of an endpoint misbehaves.
    pub(crate) fn bend(&self, endpoint: Endpoint, fault: Fault) {
        self.wave.fault(FaultRule::once(endpoint, fault));
    }

    pub(crate) async fn person_whose_phone_ends_with(&self, digits: Option<u32>) -> UserId {
        let id = UserId::from_uuid(Uuid::now_v7());
        let phone = digits.map(|digits| phones::unused_ending_with(digits).parse().expect("a phone"));
        let user = people::User {
            id,
            name: "Awa".to_owned(),
            birth_date: BirthDate::new("1990-03-20".parse().expect("a day")),
            phone,
            email: None,
        };
        people::add_user(&self.pool, &user).await.expect("a person");
        id
    }

    pub(crate) fn new_pot(owner: UserId) -> pots::NewPot {
        let rules = PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 };
        let timeline = Timeline::plan("2031-03-20".parse().expect("a day"), noon(), &rules);
        let settings = PotSettings {
            title: "Les 40 ans d'Awa".to_owned(),
            description: String::new(),
            target: Xof::new(25_000),
            visibility: Visibility::Public,
            show_donor_names: true,
            show_amounts: true,
            allow_anonymous: true,
            allow_messages: true,
            surprise: false,
        };
        pots::NewPot { id: PotId::for_birthday(owner, 2031), owner, settings, timeline, at: noon() }
    }

    pub(crate) async fn open_pot_of(&self, owner: UserId) -> PotId {
        let new = Self::new_pot(owner);
        pots::schedule(&self.pool, &new).await.expect("a pot");
        pots::open(&self.pool, new.id, noon()).await.expect("an open pot");
        new.id
    }

    pub(crate) async fn open_pot(&self) -> PotId {
        self.open_pot_of(self.person_whose_phone_ends_with(Some(1)).await).await
    }

    /// Asks for a gift; the answer is Wave's page and its id.
    pub(crate) async fn asked(&self, pot: PotId, francs: i64) -> (DonationId, Checkout, String) {
        let request = gift(pot, francs);
        let donation = request.donation;
        let outcome = self.does(DonationSteps::open_checkout, request).await;
        let CheckoutOutcome::Opened(checkout) = outcome else { panic!("{outcome:?}") };
        let session = checkout.wave_launch_url.rsplit('/').next().expect("an id").to_owned();
        (donation, checkout, session)
    }

    pub(crate) async fn given(&self, pot: PotId, francs: i64) -> DonationId {
        let (donation, _, session) = self.asked(pot, francs).await;
        self.wave.pay(&session, None).expect("Wave takes it");
        assert_eq!(self.settles(donation).await, Settlement::Confirmed);
        donation
    }

    pub(crate) async fn settles(&self, donation: DonationId) -> Settlement {
        self.does(DonationSteps::settle, settle(donation)).await
    }

    /// A closed pot with one gift, whose fee is known.
    pub(crate) async fn closed_pot_with(&self, francs: i64) -> PotId {
        let pot = self.open_pot().await;
        self.fill_and_close(pot, francs).await;
        pot
    }

    async fn fill_and_close(&self, pot: PotId, francs: i64) {
        self.given(pot, francs).await;
        self.does(PotSteps::close, PotMoment { pot, at: noon() }).await;
        let day = self.wave.now().date_naive();
        self.does(StatementSteps::book_fees, BookFees { day }).await;
    }

    /// A closed pot with 9,900 francs to pay out, and its first order.
    pub(crate) async fn payable(&self, digits: Option<u32>) -> (PotId, PayoutOrder) {
        let owner = self.person_whose_phone_ends_with(digits).await;
        let pot = self.open_pot_of(owner).await;
        self.fill_and_close(pot, 10_000).await;
        let rules = PayoutRules::default();
        let plan = wolo_database::payouts::plan(&self.pool, pot, rules, noon()).await.expect("a plan");
        let order = PayoutOrder::first(PayoutId::of_pot(pot));
        let (amount, missing_approvals) = (Xof::new(9_900), 0);
        let ready = wolo_database::payouts::Plan::Ready { order, amount, missing_approvals, begun: false };
        assert_eq!(plan, ready);
        (pot, order)
    }

    pub(crate) async fn stage_of(&self, donation: DonationId) -> DonationStage {
        donations::donation(&self.pool, donation).await.expect("an answer").expect("a gift").stage
    }

    pub(crate) async fn balance(&self, account: Account) -> i64 {
        ledger::balance(&self.pool, account).await.expect("a balance").francs()
    }

    /// The books are in order, and the figures say what they say.
    pub(crate) async fn judge(&self) {
        assert_eq!(ledger::check(&self.pool).await.expect("a verdict"), []);
        assert_eq!(figures::differences(&self.pool).await.expect("a comparison"), []);
    }
}

pub(crate) fn gift(pot: PotId, francs: i64) -> DonationRequest {
    DonationRequest {
        donation: DonationId::from_uuid(Uuid::now_v7()),
        pot,
        amount: Xof::new(francs),
        donor: Donor { name: Some("Fatou".to_owned()), ..Donor::default() },
        rules: DonationRules { smallest: Xof::new(100), largest: Xof::new(1_000_000) },
    }
}

/// What certificates are sealed with here.
pub(crate) fn sealing_key() -> SealingKey {
    SealingKey::from_seed("test", &[7; 32]).expect("a key")
}

pub(crate) fn settle(donation: DonationId) -> SettleDonation {
    SettleDonation { donation, failed_attempts: 0 }
}

/// How a deed failed, as far as the engine looks at it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) kind: Option<String>,
    pub(crate) for_good: bool,
    pub(crate) again_after: Option<Duration>,
}

impl Failed {
    pub(crate) fn again(kind: &str) -> Self {
        Self { kind: Some(kind.to_owned()), for_good: false, again_after: None }
    }

    pub(crate) fn again_after(kind: &str, seconds: u64) -> Self {
        Self { again_after: Some(Duration::from_secs(seconds)), ..Self::again(kind) }
    }

    pub(crate) fn for_good(kind: &str) -> Self {
        Self { for_good: true, ..Self::again(kind) }
    }
}

/// What keeps a call from having an effect at Wave, and the failure that a step makes of it.
pub(crate) fn faults_before_wave_acts() -> [(Fault, Failed); 4] {
    use wolo_activities::failure::{WAVE_THROTTLED, WAVE_UNREACHABLE};
    let seven = Some(RetryAfter::Seconds(7));
    [
        (Fault::TooManyRequests { retry_after: seven }, Failed::again_after(WAVE_THROTTLED, 7)),
        (Fault::TooManyRequests { retry_after: None }, Failed::again(WAVE_THROTTLED)),
        (Fault::ErrorBefore { status: 503 }, Failed::again(WAVE_UNREACHABLE)),
        (Fault::LostRequest, Failed::again(WAVE_UNREACHABLE)),
    ]
}

pub(crate) fn failure<T: std::fmt::Debug>(done: Result<T, ActivityEnvironmentError>) -> Failed {
    match done.expect_err("the deed fails") {
        ActivityEnvironmentError::Activity(ActivityError::Application(failure)) => read(&failure),
        other => panic!("{other:?}"),
    }
}

fn read(failure: &ApplicationFailure) -> Failed {
    let words = format!("{failure} {failure:?}");
    assert!(!words.contains("+221") && !words.contains("Awa") && !words.contains("Fatou"), "{words}");
    Failed {
        kind: failure.type_name().map(str::to_owned),
        for_good: failure.is_non_retryable(),
        again_after: failure.next_retry_delay(),
    }
}
