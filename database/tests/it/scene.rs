//! A database of one's own, and the short way to the state that a test begins with.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use tokio::sync::OnceCell;
use uuid::Uuid;
use wolo_database::donations::{Checkout, Donor, NewDonation, Payment, Requesting};
use wolo_database::ledger::{FeeBooking, FeeLine};
use wolo_database::people::{Adding, User};
use wolo_database::pots::{NewPot, Opening, Scheduling};
use wolo_database::{Pool, donations, figures, ledger, people, pots};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{PotRules, PotSettings, Timeline, Visibility};
use wolo_domain::seals::SealingKey;
use wolo_sandbox::Postgres;

const TEMPLATE: &str = "wolo_template";
static TEMPLATE_READY: OnceCell<()> = OnceCell::const_new();
static COUNTER: AtomicU64 = AtomicU64::new(1);
/// Databases of tests that have ended. Hundreds of them are gigabytes, so whoever makes the next one drops them, some at
/// once: Postgres writes everything to disk before it drops one.
static LEFT: Mutex<Vec<String>> = Mutex::new(Vec::new());
const DROPPED_AT_ONCE: usize = 20;

/// A number that nothing else in this test binary has.
pub(crate) fn unique() -> u64 {
    COUNTER.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant in a test")
}

/// The process's time in these tests: far from the machine's, so that confusing the two shows.
pub(crate) fn noon() -> DateTime<Utc> {
    at("2031-03-01T12:00:00Z")
}

/// The database's own time, to the second, as Wave writes times.
pub(crate) fn wave_now() -> DateTime<Utc> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    DateTime::from_timestamp(i64::try_from(now.as_secs()).expect("a time"), 0).expect("a time")
}

/// What certificates are sealed with here.
pub(crate) fn key() -> SealingKey {
    SealingKey::from_seed("test", &[7; 32]).expect("a key")
}

pub(crate) fn xof(francs: i64) -> Xof {
    Xof::new(francs)
}

/// A migrated database that nobody else uses.
pub(crate) struct Scene {
    pub(crate) pool: Pool,
    name: String,
    postgres: &'static Postgres,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let postgres = Postgres::shared().await.expect("a Postgres");
        TEMPLATE_READY
            .get_or_init(async || {
                postgres.create_database(TEMPLATE, None).await.expect("a template");
                let pool = wolo_database::connect(&postgres.url(TEMPLATE), 1).await.expect("a connection");
                wolo_database::migrate(&pool).await.expect("migrations that apply");
                pool.close().await;
            })
            .await;
        for name in enough_left() {
            postgres.drop_database(&name).await.expect("a database that goes");
        }
        let name = format!("scene_{}", unique());
        postgres.create_database(&name, Some(TEMPLATE)).await.expect("a copy of the template");
        // Most tests run as the worker does, so that a missing grant shows.
        let pool =
            wolo_database::connect(&postgres.url_as("wolo_worker", &name), 8).await.expect("a connection");
        Self { pool, name, postgres }
    }

    /// A pool as another role; `wolo` owns everything.
    pub(crate) async fn pool_as(&self, role: &str) -> Pool {
        self.pool_of(8, role).await
    }

    pub(crate) async fn pool_of(&self, connections: u32, role: &str) -> Pool {
        let url = self.postgres.url_as(role, &self.name);
        wolo_database::connect(&url, connections).await.expect("a connection")
    }

    /// One value that the crate has no reason to read.
    #[expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]
    pub(crate) async fn read<T>(&self, sql: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let pool = self.pool_as("wolo").await;
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&pool).await.expect("a value")
    }

    /// Changes what the crate would never change, as the owner.
    pub(crate) async fn force(&self, sql: &str) {
        let pool = self.pool_as("wolo").await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool).await.expect("a change");
    }

    /// A guardian has consented for a minor, and who they are is approved.
    pub(crate) async fn answer_for(&self, minor: UserId) {
        let id = minor.uuid();
        self.force(&format!(
            "insert into minors.consents (
                 consent_id, minor_id, guardian_name, guardian_is, language, token_hash, stage, since, requested_at
             )
                 values ('{id}', '{id}', 'Fatou', 'mother', 'fr', sha256('{id}'), 'given', now(), now());
             insert into minors.guardians (consent_id, phone) values ('{id}', '+221771112233');
             insert into minors.cases (
                 case_id, subject_id, consent_id, approvals_needed, opened_at, stage, round, since, submitted_at,
                 decided_at, approved_birth_date, destroy_at
             )
                 select user_id, user_id, user_id, 2, now(), 'approved', 1, now(), now(), now(), birth_date, now()
                 from people.users where user_id = '{id}';"
        ))
        .await;
    }

    pub(crate) async fn person_born(&self, day: &str) -> User {
        let user = User {
            id: UserId::from_uuid(Uuid::from_u128(u128::from(unique()))),
            name: "Awa".to_owned(),
            birth_date: BirthDate::new(day.parse().expect("a day")),
            phone: Some(format!("+22177{:07}", unique()).parse().expect("a phone")),
            email: None,
        };
        assert_eq!(people::add_user(&self.pool, &user).await.expect("a person"), Adding::Added);
        user
    }

    pub(crate) async fn person(&self) -> User {
        self.person_born("1990-03-20").await
    }

    pub(crate) async fn scheduled(&self) -> PotId {
        self.scheduled_with(settings()).await
    }

    pub(crate) async fn scheduled_with(&self, settings: PotSettings) -> PotId {
        let new = new_pot(&self.person().await, settings);
        let done = pots::schedule(&self.pool, &new).await.expect("a pot");
        assert_eq!(done, Scheduling::Scheduled { holds: vec![], found: None });
        new.id
    }

    pub(crate) async fn open(&self) -> PotId {
        self.open_with(settings()).await
    }

    pub(crate) async fn open_with(&self, settings: PotSettings) -> PotId {
        let pot = self.scheduled_with(settings).await;
        assert_eq!(pots::open(&self.pool, pot, noon()).await.expect("an open pot"), Opening::Opened);
        pot
    }

    pub(crate) async fn requested(&self, pot: PotId, francs: i64) -> DonationId {
        let new = gift(pot, francs);
        let done = donations::request(&self.pool, &new).await.expect("a gift");
        assert_eq!(done, Requesting::New);
        new.id
    }

    pub(crate) async fn confirmed(&self, pot: PotId, francs: i64) -> DonationId {
        let donation = self.requested(pot, francs).await;
        let stage = donations::confirm(&self.pool, donation, &payment(donation, francs), 0).await;
        assert_eq!(stage.expect("a confirmed gift"), DonationStage::Confirmed);
        donation
    }

    pub(crate) async fn fee(&self, donation: DonationId, francs: i64) -> FeeBooking {
        let wave_id = wave_id(donation);
        let line = FeeLine {
            wave_transaction_id: &wave_id,
            checkout_id: None,
            client_reference: Some(&donation.to_string()),
            fee: xof(francs),
        };
        ledger::book_donation_fee(&self.pool, line).await.expect("a fee")
    }

    /// Somebody who has brought friends: so many points of theirs have matured.
    pub(crate) async fn sponsor(&self, points: i32) -> UserId {
        let sponsor = self.person().await.id;
        let (invitation, award) = (Uuid::now_v7(), Uuid::now_v7());
        self.force(&format!(
            "insert into sponsorship.invitations (
                 invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at
             )
             values ('{invitation}', '{0}', 'Awa', 'friend@example.sn', 'friend', sha256('{invitation}'), '{invitation}', now() + '7 days');
             insert into sponsorship.awards (award_id, user_id, name, rule, invitation_id, points, awarded_at, matures_at)
             values ('{award}', '{0}', 'Awa', 'invitation_accepted', '{invitation}', {points}, now(), now());
             insert into sponsorship.award_steps (award_id, stage, reason) values ('{award}', 'matured', 'time')",
            sponsor.uuid()
        ))
        .await;
        sponsor
    }

    /// A closed pot with one gift of 5,000 whose fee of 50 is known.
    pub(crate) async fn closed_with_money(&self) -> PotId {
        let pot = self.open().await;
        let donation = self.confirmed(pot, 5_000).await;
        assert_eq!(self.fee(donation, 50).await, FeeBooking::Booked);
        pots::close(&self.pool, pot, noon()).await.expect("a closed pot");
        pot
    }

    pub(crate) async fn owner_of(&self, pot: PotId) -> UserId {
        pots::pot(&self.pool, pot).await.expect("a look").expect("a pot").owner
    }

    /// Any gift of a pot that has one.
    pub(crate) async fn a_gift_of(&self, pot: PotId) -> DonationId {
        let id = format!("select donation_id from money.donations where pot_id = '{}' limit 1", pot.uuid());
        DonationId::from_uuid(self.read(&id).await)
    }

    pub(crate) async fn balance(&self, account: Account) -> i64 {
        ledger::balance(&self.pool, account).await.expect("a balance").francs()
    }

    pub(crate) async fn events(&self, topic: &str) -> i64 {
        self.read(&format!("select count(*) from ops.outbox where topic = '{topic}'")).await
    }

    /// How many statements wait for a lock here.
    pub(crate) async fn waiting(&self) -> i64 {
        self.read(
            "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'",
        )
        .await
    }

    /// The books are in order, and the figures say what they say.
    pub(crate) async fn judge(&self) {
        assert_eq!(ledger::check(&self.pool).await.expect("a verdict"), []);
        assert_eq!(figures::differences(&self.pool).await.expect("a comparison"), []);
    }
}

fn enough_left() -> Vec<String> {
    let mut left = LEFT.lock().expect("nobody failed while they held this");
    if left.len() < DROPPED_AT_ONCE { vec![] } else { std::mem::take(&mut *left) }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // A test that failed has said what there is to say.
        if let Ok(mut left) = LEFT.lock() {
            left.push(std::mem::take(&mut self.name));
        }
    }
}

pub(crate) fn settings() -> PotSettings {
    PotSettings {
        title: "Les 40 ans d'Awa".to_owned(),
        description: String::new(),
        target: xof(25_000),
        visibility: Visibility::Public,
        show_donor_names: true,
        show_amounts: true,
        allow_anonymous: true,
        allow_messages: true,
        surprise: false,
    }
}

pub(crate) fn new_pot(owner: &User, settings: PotSettings) -> NewPot {
    let rules = PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 };
    let timeline = Timeline::plan("2031-03-20".parse().expect("a day"), noon(), &rules);
    NewPot { id: PotId::for_birthday(owner.id, 2031), owner: owner.id, settings, timeline, at: noon() }
}

pub(crate) fn gift(pot: PotId, francs: i64) -> NewDonation {
    let id = DonationId::from_uuid(Uuid::from_u128(u128::from(unique())));
    NewDonation { id, pot, amount: xof(francs), donor: Donor::default() }
}

pub(crate) fn wave_id(donation: DonationId) -> String {
    format!("T_{donation}")
}

/// Wave's proof that this was paid, now.
pub(crate) fn payment(donation: DonationId, francs: i64) -> Payment {
    Payment {
        wave_transaction_id: wave_id(donation),
        amount: xof(francs),
        currency: "XOF".to_owned(),
        at: wave_now(),
    }
}

pub(crate) fn checkout(donation: DonationId) -> Checkout {
    let opened_at = wave_now();
    Checkout {
        id: format!("cos-{donation}"),
        wave_launch_url: format!("https://pay.wave.example/c/cos-{donation}"),
        opened_at,
        expires_at: opened_at + TimeDelta::minutes(30),
    }
}

/// How often something is done that can be done more often: as many times as this variable says.
pub(crate) fn times(variable: &str, usually: u32) -> u32 {
    std::env::var_os(variable).and_then(|times| times.to_str()?.parse().ok()).unwrap_or(usually)
}
