//! An API that runs, and one method for each thing that somebody does with it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use chrono::{Days, Utc};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;
use wolo_api::tokens::Bearer;
use wolo_api::{Api, tokens};
use wolo_bootstrap::settings::Layers;
use wolo_bootstrap::{Seal, Settings, Shutdown};
use wolo_database::people::{self, User};
use wolo_database::{Pool, pots};
use wolo_domain::accounts::IdentityProvider::{Apple, Facebook, Google};
use wolo_domain::accounts::Role;
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::notices::{Letter, Says};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{PotRules, PotSettings, Timeline, Visibility};
use wolo_sandbox::temporal::{IndexedType, SearchAttribute};
use wolo_sandbox::wave::{Retry, Wave};
use wolo_sandbox::{World, social, temporal, wave, world};
use wolo_worker::Worker;

use crate::reply::Reply;

/// How long anything may take that is waited for.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// What stands in the address at which the engine's web pages have payloads decrypted.
pub(crate) const WORD_OF_THE_CODEC: &str = "word-of-the-codec";

/// What stands in the address that Orange tells.
pub(crate) const RECEIPTS_OF_ORANGE: &str = "receipts-of-orange";

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// One test's view of the API that all tests share.
pub(crate) struct TestApp {
    pub(crate) settings: Settings,
    pub(crate) base: String,
    http: Client,
    /// As the steps write.
    pub(crate) pool: Pool,
    world: &'static World,
}

/// Everything, started by the first test and ended with the process.
async fn world() -> &'static World {
    let attribute = |(name, kind)| SearchAttribute::new(name, kind);
    World::shared_with(move || world::Options {
        temporal: temporal::Options {
            search_attributes: [
                ("PotId", IndexedType::Keyword),
                ("OwnerId", IndexedType::Keyword),
                ("WoloStatus", IndexedType::Keyword),
                ("DueAt", IndexedType::Datetime),
                ("NeedsHuman", IndexedType::Bool),
            ]
            .map(attribute)
            .to_vec(),
            ..temporal::Options::default()
        },
        wave: wave::Options {
            local_redirects: true,
            webhook_retry: Retry::QUICK,
            ..wave::Options::default()
        },
        ..world::Options::default()
    })
    .await
    .unwrap()
}

/// A part of the vault of this test binary.
pub(crate) fn vault_folder(side: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wolo-api-vault-{}", std::process::id())).join(side)
}

/// The settings of one more API in this world. Tests are one caller and many, and what they make is listed at once: who
/// tries limits or memory asks for them.
pub(crate) fn layers(world: &World) -> Layers {
    let generous =
        ["limits.read", "limits.write", "limits.money", "limits.sign_in", "limits.phone", "limits.visit"]
            .into_iter()
            .fold(Layers::new(), |layers, limit| layers.set(limit, "1000000,1000000"));
    generous
        .set("api.list_cache_seconds", "0")
        .set("vault.documents.address", format!("file://{}", vault_folder("documents").display()))
        .set("vault.keys.address", format!("file://{}", vault_folder("keys").display()))
        // This process is a test and cleans nothing.
        .set("vault.cleaning_program", concat!(env!("CARGO_BIN_EXE_wolo-api"), ",clean-document"))
        .set("database.url", world.postgres.url_as("wolo_api", "wolo"))
        .set("temporal.address", world.temporal.address())
        .set("temporal.ui", world.temporal.ui_url())
        .set("temporal.codec_secret", WORD_OF_THE_CODEC)
        .set("wave.url", world.wave.base_url())
        // What goes wrong there does so on purpose, and not for long.
        .set("wave.pause_seconds", "1")
        .set("social.pause_seconds", "1")
        .set("social.google.client_ids", social::client_id(Google))
        .set("social.google.keys_url", world.social.keys_url(Google))
        .set("social.apple.client_ids", social::client_id(Apple))
        .set("social.apple.keys_url", world.social.keys_url(Apple))
        .set("social.facebook.app_id", social::APP_ID)
        .set("social.facebook.app_secret", social::APP_SECRET)
        .set("social.facebook.keys_url", world.social.keys_url(Facebook))
        .set("social.facebook.graph_url", world.social.graph_url())
        // Whoever carries messages: the worker of these tests serves no messages, but what their carriers tell is heard.
        .set("whatsapp.url", world.whatsapp.base_url())
        .set("whatsapp.access_token", &*world.whatsapp.options().access_token)
        .set("whatsapp.phone_number_id", &*world.whatsapp.options().phone_number_id)
        .set("whatsapp.business_account_id", &*world.whatsapp.options().waba_id)
        .set("whatsapp.webhook_verify_token", &*world.whatsapp.options().verify_token)
        .set("whatsapp.app_secrets", &*world.whatsapp.options().app_secret)
        .set("sendgrid.url", world.sendgrid.base_url())
        .set("sendgrid.api_key", world.sendgrid.api_key())
        .set("sendgrid.from_email", "fete@wolo.example")
        .set("sendgrid.webhook_keys", world.sendgrid.public_key())
        .set("orange.url", world.orange.base_url())
        .set("orange.client_id", &*world.orange.options().client_id)
        .set("orange.client_secret", &*world.orange.options().client_secret)
        .set("orange.receipt_secrets", RECEIPTS_OF_ORANGE)
        .set("twilio.url", world.twilio.base_url())
        .set("twilio.account_sid", &*world.twilio.options().account_sid)
        .set("twilio.auth_token", &*world.twilio.options().auth_token)
        .set("twilio.sender", &*world.twilio.options().service_sid)
        // A password costs little here: what it costs is tried where it matters.
        .set("passwords.memory_kib", "64")
        .set("passwords.iterations", "1")
}

/// A runtime of its own for what must outlive the tests, each of which has one too.
fn background(settings: Settings) {
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let base = format!("http://{}", listener.local_addr().unwrap());
            let settings = readdressed(settings, &base);
            let worker = Worker::start(&of_the_worker(&settings), Shutdown::new()).await.unwrap();
            let api = Api::bind(settings.clone(), listener).await.unwrap();
            ready.send(settings).unwrap();
            let ((), done) = tokio::join!(api.serve(Shutdown::new()), worker.end());
            done.unwrap();
        });
    });
    let settings = is_ready.recv().unwrap();
    SETTINGS.set(settings).unwrap();
}

/// The same settings for the worker, which writes as another role.
fn of_the_worker(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    let url = settings.database.url.expose_secret().replace("wolo_api@", "wolo_worker@");
    settings.database.url = SecretString::from(url);
    settings.worker.health_listen.set_port(0);
    // Letters stay where the tests read them.
    settings.worker.queues.retain(|queue| queue != "notices");
    settings
}

/// The same settings for an API that turned out to listen there.
pub(crate) fn readdressed(mut settings: Settings, base: &str) -> Settings {
    settings.api.public_url = base.parse().unwrap();
    settings
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let world = world().await;
        let starting = STARTING.lock().await;
        if SETTINGS.get().is_none() {
            let owner = wolo_database::connect(&world.postgres.url("wolo"), 1).await.unwrap();
            wolo_database::migrate(&owner).await.unwrap();
            owner.close().await;
            let settings = layers(world).read().unwrap();
            tokio::task::spawn_blocking(|| background(settings)).await.unwrap();
            let base = SETTINGS.get().unwrap().api.public_url.as_str().trim_end_matches('/');
            world.wave.register_webhook(&format!("{base}/api/payments/webhook"));
        }
        drop(starting);
        Self::on(world, SETTINGS.get().unwrap().clone())
    }

    fn on(world: &'static World, settings: Settings) -> Self {
        let base = settings.api.public_url.as_str().trim_end_matches('/').to_owned();
        let pool = wolo_database::connect_later(&world.postgres.url_as("wolo_worker", "wolo"), 2).unwrap();
        let http = client().build().unwrap();
        Self { settings, base, http, pool, world }
    }

    /// The same API, asked from another address of this machine.
    pub(crate) fn from(&self, address: [u8; 4]) -> Self {
        let mut app = Self::on(self.world, self.settings.clone());
        app.http = client().local_address(IpAddr::from(address)).build().unwrap();
        app
    }

    /// One more API, with other settings, that ends with the test.
    pub(crate) async fn with(&self, change: impl FnOnce(Layers) -> Layers) -> Self {
        self.with_an_end(change).await.0
    }

    /// The same, with what ends it and what waits for its end.
    pub(crate) async fn with_an_end(
        &self,
        change: impl FnOnce(Layers) -> Layers,
    ) -> (Self, Shutdown, JoinHandle<()>) {
        let key = &self.settings.tokens;
        let mut settings = change(layers(self.world)).read().unwrap();
        settings.tokens = key.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = readdressed(settings, &format!("http://{}", listener.local_addr().unwrap()));
        let api = Box::pin(Api::bind(settings.clone(), listener)).await.unwrap();
        let shutdown = Shutdown::new();
        let serving = tokio::spawn(api.serve(shutdown.clone()));
        (Self::on(self.world, settings), shutdown, serving)
    }

    pub(crate) fn world(&self) -> &'static World {
        self.world
    }

    pub(crate) fn wave(&self) -> &'static Wave {
        &self.world.wave
    }

    // People.

    pub(crate) async fn person_born(&self, day: BirthDate) -> UserId {
        let id = UserId::from_uuid(Uuid::now_v7());
        let user = User { id, name: "Awa".to_owned(), birth_date: day, phone: None, email: None };
        people::add_user(&self.pool, &user).await.unwrap();
        id
    }

    /// An adult whose birthday is so many days ahead.
    pub(crate) async fn person(&self, days_ahead: u64) -> UserId {
        self.person_born(born(30, days_ahead)).await
    }

    pub(crate) fn token(&self, user: UserId) -> String {
        self.token_with(user, Bearer::default())
    }

    /// What somebody bears who works here.
    pub(crate) fn staff_token(&self, user: UserId, role: Role) -> String {
        self.token_with(user, Bearer { roles: vec![role], amr: vec!["cli".to_owned()], ..Bearer::default() })
    }

    pub(crate) fn token_with(&self, user: UserId, bearer: Bearer) -> String {
        tokens::mint(&self.settings.tokens, user, bearer, Utc::now(), Duration::from_mins(15)).unwrap()
    }

    // Pots that are there, without a process: enough to be looked at and given to.

    pub(crate) async fn pot(&self, settings: PotSettings) -> (PotId, UserId) {
        let owner = self.person(10).await;
        let now = Utc::now();
        let birthday = dakar::day_of(now) + Days::new(10);
        let rules = PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 };
        let id = PotId::from_uuid(Uuid::now_v7());
        let new =
            pots::NewPot { id, owner, settings, timeline: Timeline::plan(birthday, now, &rules), at: now };
        pots::schedule(&self.pool, &new).await.unwrap();
        (id, owner)
    }

    pub(crate) async fn open_pot(&self, visibility: Visibility) -> (PotId, UserId) {
        let (pot, owner) = self.pot(PotSettings { visibility, ..settings() }).await;
        pots::open(&self.pool, pot, Utc::now()).await.unwrap();
        (pot, owner)
    }

    pub(crate) async fn slug(&self, pot: PotId) -> String {
        pots::pot(&self.pool, pot).await.unwrap().unwrap().slug
    }

    /// A pool as the owner of the tables, who may do what nobody else may.
    pub(crate) fn owner_pool(&self) -> Pool {
        wolo_database::connect_later(&self.world.postgres.url("wolo"), 1).unwrap()
    }

    /// One value that the database crate has no reason to read.
    #[expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]
    pub(crate) async fn read<T>(&self, sql: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let pool = self.owner_pool();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&pool).await.unwrap()
    }

    // Letters.

    /// The letters that wait for somebody, oldest first: a topic and what the letter says.
    pub(crate) async fn letters(&self, to: &str) -> Vec<Letter> {
        let seal = Seal::new(&self.settings.temporal.payload_keys).unwrap();
        let waiting: String = self
            .read(
                "select coalesce(json_agg(json_build_array(business_key, encode(sealed, 'hex'))
                                          order by created_at, outbox_id), '[]')::text
                 from ops.outbox where topic = 'letter' and sealed is not null",
            )
            .await;
        let waiting: Vec<(String, String)> = serde_json::from_str(&waiting).unwrap();
        let open = |(key, sealed): (String, String)| -> Letter {
            let sealed = hex::decode(sealed).unwrap();
            serde_json::from_slice(&seal.open(&key, &sealed).unwrap()).unwrap()
        };
        waiting.into_iter().map(open).filter(|letter| letter.to.reveal() == to).collect()
    }

    /// The last code that was sent to somebody.
    pub(crate) async fn code(&self, to: &str) -> String {
        let letters = self.letters(to).await;
        let code = letters.into_iter().rev().find_map(|letter| match letter.says {
            Says::OneTimeCode { code, .. } => Some(code),
            _ => None,
        });
        code.unwrap_or_else(|| panic!("no code was sent to {to}"))
    }

    // Requests.

    /// A POST of JSON with nothing around it.
    pub(crate) async fn send(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.post(path).json(body)).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).header("x-request-id", "a-test")
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub(crate) async fn make_pot(&self, owner: UserId, key: &str, body: &Value) -> Reply {
        let request = self.post("/api/pots").bearer_auth(self.token(owner)).header("idempotency-key", key);
        Reply::of(request.json(body)).await
    }

    pub(crate) async fn close_pot(&self, user: UserId, pot: &str, key: &str) -> Reply {
        let request = self.post(&format!("/api/pots/{pot}/close"));
        Reply::of(request.bearer_auth(self.token(user)).header("idempotency-key", key)).await
    }

    pub(crate) async fn cancel_pot(&self, user: UserId, pot: &str, key: &str) -> Reply {
        let request = self.post(&format!("/api/pots/{pot}/cancel"));
        Reply::of(request.bearer_auth(self.token(user)).header("idempotency-key", key)).await
    }

    pub(crate) async fn look_at(&self, pot: &str, user: Option<UserId>) -> Reply {
        let request = self.get(&format!("/api/pots/{pot}"));
        Reply::of(match user {
            Some(user) => request.bearer_auth(self.token(user)),
            None => request,
        })
        .await
    }

    pub(crate) async fn give(&self, user: Option<UserId>, key: &str, body: &Value) -> Reply {
        let request = self.post("/api/payments/donate").header("idempotency-key", key).json(body);
        Reply::of(match user {
            Some(user) => request.bearer_auth(self.token(user)),
            None => request,
        })
        .await
    }

    /// A gift that waits for its payment, and Wave's session of it.
    pub(crate) async fn begun(&self, pot: PotId, amount: i64) -> (String, String) {
        let reply = self.give(None, &key(), &json!({ "pot": pot, "amount": amount })).await;
        let donation = reply.expect(201)["donation"].as_str().unwrap().to_owned();
        let session = self.session(&donation);
        (donation, session)
    }

    pub(crate) fn session(&self, donation: &str) -> String {
        self.wave().look(|book| book.sessions_for(donation).last().unwrap().id.clone())
    }

    pub(crate) async fn status(&self, donation: &str) -> Reply {
        Reply::of(self.get(&format!("/api/payments/status/{donation}"))).await
    }

    /// Asks until the gift has come to a stage.
    pub(crate) async fn until_stage(&self, donation: &str, stage: &str) -> Value {
        self.until(async || Some(self.status(donation).await.json()).filter(|gift| gift["stage"] == stage))
            .await
    }

    /// Asks until there is an answer.
    pub(crate) async fn until<T>(&self, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
        let began = std::time::Instant::now();
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            assert!(began.elapsed() < SOON, "waited too long");
            tokio::task::yield_now().await;
        }
    }
}

fn client() -> ClientBuilder {
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none())
}

/// A key that nobody used.
pub(crate) fn key() -> String {
    Uuid::new_v4().to_string()
}

pub(crate) fn settings() -> PotSettings {
    PotSettings { title: "Les 30 ans d'Awa".to_owned(), ..PotSettings::of_birthday("Awa", Xof::new(25_000)) }
}

/// The birth date of who becomes so old in so many days.
pub(crate) fn born(age: i32, days_ahead: u64) -> BirthDate {
    use chrono::Datelike as _;

    let birthday = dakar::day_of(Utc::now()) + Days::new(days_ahead);
    let born = birthday.with_year(birthday.year() - age).unwrap_or(birthday - Days::new(1));
    BirthDate::new(born)
}
