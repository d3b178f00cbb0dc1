//! The worker itself: what it serves, how it tells of its health, and how it ends. In a world of its own, because here
//! workers come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{Datelike as _, Utc};
use serde_json::Value;
use temporalio_common::ActivityDefinition;
use uuid::Uuid;
use wolo_bootstrap::settings::{Layers, SettingsError};
use wolo_bootstrap::{Settings, Shutdown};
use wolo_control::Control;
use wolo_control::donations::{CheckoutOutcome, DonationInput, DonationRequest, Donor};
use wolo_database::Pool;
use wolo_domain::dakar;
use wolo_domain::donations::DonationRules;
use wolo_domain::ids::{DonationId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{PotRules, PotSettings, Timeline};
use wolo_sandbox::World;
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule, Release};
use wolo_worker::{Error, Worker, served};
use wolo_workflows::{queues, steps};

const LONG: Duration = Duration::from_secs(40);

struct Surroundings {
    world: World,
    pool: Pool,
    control: Control,
}

impl Surroundings {
    async fn build() -> Self {
        let mut options = wolo_sandbox::world::Options::default();
        options.wave.local_redirects = true;
        let world = World::start(options).await.expect("the world comes up");
        let settings = settings(&world).read().expect("the settings are sound");
        let pool = wolo_database::connect(&world.postgres.url("wolo"), 5).await.expect("Postgres answers");
        wolo_database::migrate(&pool).await.expect("the schema is made");
        comes_too_early(&settings, &pool).await;
        let client = wolo_bootstrap::temporal::connect(&settings.temporal).await.expect("Temporal answers");
        Self { world, pool, control: Control::new(client) }
    }

    async fn worker(&self, set: &[(&str, &str)]) -> (Worker, Shutdown) {
        let layers = set.iter().fold(settings(&self.world), |layers, (key, value)| layers.set(*key, *value));
        let shutdown = Shutdown::new();
        let worker = Worker::start(&layers.read().expect("sound settings"), shutdown.clone()).await;
        (worker.expect("the worker starts"), shutdown)
    }

    /// A pot that takes gifts, without the process that would have opened it.
    async fn open_pot(&self) -> PotId {
        let owner = UserId::from_uuid(Uuid::now_v7());
        let birthday = dakar::day_of(Utc::now()) + chrono::TimeDelta::days(20);
        // Both are leap years' ages: the birthday may be 29 February.
        let born = birthday.with_year(birthday.year() - 40).expect("a day");
        let person = wolo_database::people::User {
            id: owner,
            name: "Awa".to_owned(),
            birth_date: BirthDate::new(born),
            phone: None,
            email: None,
        };
        wolo_database::people::add_user(&self.pool, &person).await.expect("a person is added");
        let rules = PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 };
        let pot = PotId::for_birthday(owner, birthday.year());
        let new = wolo_database::pots::NewPot {
            id: pot,
            owner,
            settings: PotSettings {
                title: "Awa".to_owned(),
                ..PotSettings::of_birthday("Awa", Xof::new(25_000))
            },
            timeline: Timeline::plan(birthday, Utc::now(), &rules),
            at: Utc::now(),
        };
        wolo_database::pots::schedule(&self.pool, &new).await.expect("the pot is made");
        wolo_database::pots::open(&self.pool, pot, Utc::now()).await.expect("the pot opens");
        pot
    }

    fn stalls(&self) {
        let rule = FaultRule::once(Endpoint::CheckoutCreate, Fault::StalledReply);
        self.world.wave.fault(rule);
    }
}

/// A release that was built with one migration more than the database has waits for it, before it begins anything.
#[expect(clippy::disallowed_methods, reason = "a test makes a database that no release leaves")]
async fn comes_too_early(settings: &Settings, owner: &Pool) {
    let last = |applied: bool| {
        let sql = "update _sqlx_migrations set success = $1
                   where version = (select max(version) from _sqlx_migrations)";
        sqlx::query(sql).bind(applied).execute(owner)
    };
    last(false).await.expect("an update");
    let early = Worker::start(settings, Shutdown::new()).await.map(drop);
    assert!(matches!(early, Err(Error::NotMigrated)), "{early:?}");
    last(true).await.expect("an update");
}

fn settings(world: &World) -> Layers {
    Layers::new()
        .set("database.url", world.postgres.url_as("wolo_worker", "wolo"))
        .set("temporal.address", world.temporal.address())
        .set("wave.url", world.wave.base_url())
        .set("worker.health_listen", "127.0.0.1:0")
}

fn gift(pot: PotId) -> DonationInput {
    DonationInput {
        request: DonationRequest {
            donation: DonationId::from_uuid(Uuid::now_v7()),
            pot,
            amount: Xof::new(5_000),
            donor: Donor::default(),
            rules: DonationRules { smallest: Xof::new(100), largest: Xof::new(1_000_000) },
        },
        grace_seconds: 120,
        longest_pause_seconds: 3_600,
        refund: wolo_workflows::refund::RefundPatience::default(),
    }
}

/// The status and the body of a question about health; `None` when nobody answers.
async fn ask(worker: std::net::SocketAddr, path: &str) -> Option<(u16, Value)> {
    let answer = reqwest::get(format!("http://{worker}{path}")).await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.json().await.expect("an answer in JSON")))
}

/// Begins to ask and never ends, until the other side has had enough.
async fn half_a_question(worker: std::net::SocketAddr) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut halting = tokio::net::TcpStream::connect(worker).await.expect("a connection");
    halting.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n").await.expect("half a head");
    let mut rest = Vec::new();
    // Closed or torn; either way nothing more comes.
    let _ = halting.read_to_end(&mut rest).await;
}

fn names(services: &Value) -> Vec<&str> {
    let queues = services["queues"].as_array().expect("a list");
    queues.iter().map(|queue| queue["queue"].as_str().expect("a name")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_serves_tells_of_its_health_and_ends_when_its_steps_have_ended() {
    let here = Box::pin(Surroundings::build()).await;
    let (worker, shutdown) = here.worker(&[]).await;
    let health = worker.health_address();
    let halting = tokio::spawn(half_a_question(health));
    assert_eq!(ask(health, "/health").await.expect("an answer").0, 200);
    let (status, ready) = ask(health, "/ready").await.expect("an answer");
    assert_eq!((status, &ready["ready"]), (200, &Value::Bool(true)), "{ready}");
    let (_, services) = ask(health, "/services").await.expect("an answer");
    assert_eq!(names(&services), [queues::LIFECYCLE, queues::MONEY, queues::NOTICES, queues::IDENTITY]);
    assert!(services["queues"][1]["steps"].as_array().expect("a list").contains(&"payouts.send".into()));

    figures_stand_beside_its_health(health).await;
    // Nobody holds a connection by saying nothing more, while the worker goes on.
    tokio::time::timeout(LONG, halting).await.expect("the connection is closed").expect("no panic");
    // A step is under way at Wave when the end begins.
    let pot = here.open_pot().await;
    here.stalls();
    let gift = gift(pot);
    let donation = gift.request.donation;
    let asking = {
        let (control, gift) = (here.control.clone(), gift.clone());
        tokio::spawn(async move { control.open_checkout(gift, LONG).await })
    };
    here.world.wave.wait_for_stalled(1, LONG).await.expect("the step is under way");
    shutdown.begin();
    let began = Instant::now();
    let ending = tokio::spawn(worker.end());
    let (status, ready) = ask(health, "/ready").await.expect("it still tells of its health");
    assert_eq!((status, &ready["why_not"][0]), (503, &Value::from("stopping")));
    let unready = reqwest::get(format!("http://{health}/ready")).await.expect("an answer");
    assert_eq!(unready.headers()["retry-after"], "3");
    assert_eq!(ask(health, "/health").await.expect("an answer").0, 200);
    here.world.wave.release_stalled(Release::Answer);
    ending.await.expect("no panic").expect("an orderly end");
    assert!(began.elapsed() < Duration::from_secs(15));
    let row = wolo_database::donations::donation(&here.pool, donation).await.expect("an answer");
    let page = row.and_then(|row| row.checkout).expect("the step was done to its end");

    // Another worker takes over where this one was; it serves one queue only.
    let (second, shutdown) = here.worker(&[("worker.queues", "money")]).await;
    let answer = asking.await.expect("no panic").expect("the giver is answered");
    let CheckoutOutcome::Opened(checkout) = answer else { panic!("{answer:?}") };
    assert_eq!(checkout.wave_launch_url, page.wave_launch_url);
    assert_eq!(here.world.wave.calls(Endpoint::CheckoutCreate), 1, "no page was made twice");
    let (_, services) = ask(second.health_address(), "/services").await.expect("an answer");
    assert_eq!(names(&services), [queues::MONEY]);
    shutdown.begin();
    second.end().await.expect("an orderly end");

    // What cannot be ended in time is left to the engine, and said.
    let (third, shutdown) = here.worker(&[("worker.shutdown_grace_seconds", "1")]).await;
    here.stalls();
    let late = {
        let control = here.control.clone();
        let gift = self::gift(pot);
        tokio::spawn(async move { control.open_checkout(gift, LONG).await })
    };
    here.world.wave.wait_for_stalled(1, LONG).await.expect("the step is under way");
    shutdown.begin();
    let began = Instant::now();
    let error = third.end().await.expect_err("it cannot end in time");
    assert!(matches!(&error, Error::TooSlow { queues } if queues == &[queues::MONEY]), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
    late.abort();
    here.world.wave.release_stalled(Release::Drop);
}

/// Its own, those of what waits, and those of the engine's SDK, each family once and under the name that dashboards know.
async fn figures_stand_beside_its_health(health: std::net::SocketAddr) {
    let page = reqwest::get(format!("http://{health}/metrics")).await.expect("an answer").text().await;
    let page = page.expect("text");
    for line in [
        r#"wolo_waiting{what="payout_unknown"} 0"#,
        r#"wolo_waiting_oldest_seconds{what="event"} 0"#,
        r#"wolo_worker_queue_running{queue="money"} 1"#,
        "wolo_steps_late 0",
    ] {
        assert!(page.lines().any(|one| one == line), "{line} is not in {page}");
    }
    for name in [
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "temporal_num_pollers",
        "temporal_worker_task_slots_available",
        "temporal_request_total",
        "temporal_request_latency_seconds_bucket",
    ] {
        assert!(page.lines().any(|line| line.starts_with(name)), "{name} is not in {page}");
    }
    let mut families = BTreeSet::new();
    for family in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        assert!(families.insert(family), "{family} is told twice");
        assert!(!family.starts_with("temporal_temporal_"), "{family}");
    }
}

#[tokio::test]
async fn a_worker_does_not_start_on_what_it_does_not_know_or_cannot_reach() {
    let refused = async |set: &[(&str, &str)]| {
        let layers = Layers::new().set("worker.health_listen", "127.0.0.1:0");
        let layers = set.iter().fold(layers, |layers, (key, value)| layers.set(*key, *value));
        let settings: Result<Settings, SettingsError> = layers.read();
        Worker::start(&settings.expect("sound settings"), Shutdown::new())
            .await
            .map(drop)
            .expect_err("refused")
    };
    let error = refused(&[("worker.queues", "money,laundry")]).await;
    assert_eq!(
        error.to_string(),
        "there is no queue laundry; the queues are lifecycle, money, notices, identity"
    );
    let nowhere = "postgres://wolo@127.0.0.1:1/wolo";
    let error = refused(&[("database.url", nowhere)]).await;
    assert!(matches!(error, Error::Database(_)), "{error}");
}

/// The Rust files of a folder of the processes' crate, each with its path.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the processes are next door") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            let text = std::fs::read_to_string(&path).expect("text");
            found.push((path, text));
        }
    }
    found
}

/// The name behind each contract's type.
fn contracts() -> BTreeMap<&'static str, String> {
    fn one(marker: &'static str, step: &impl ActivityDefinition) -> (&'static str, String) {
        (marker, step.name().to_owned())
    }
    macro_rules! all {
        ($($file:ident: $($marker:ident),+;)*) => {
            BTreeMap::from([$($(one(stringify!($marker), &steps::$file::$marker)),+),*])
        };
    }
    all! {
        accounts: ForgetLeftoversStep;
        audit: SealTheEndStep;
        consents: FindConsentStep, AskConsentStep, GiveConsentStep, WithdrawConsentStep, EndConsentStep, HandOverStep, GiveUpPotsStep;
        birthdays: FindUnsweptStep, StartPotsStep, RecordSweepStep;
        pots: SchedulePotStep, OpenPot, ClosePot, SettlePot, CancelPot, HoldPotStep, ReleasePotStep, ReadHoldsStep, MoveBirthdayStep, AnnouncePot;
        closures: CloseAccountStep, GiveUpTheirsStep, RestoreAccountStep, ErasePersonStep;
        punctuality: FindLateStep;
        retention: KeepRetentionStep;
        histories: ArchiveHistoriesStep;
        identities: OpenCaseStep, OpenNextCaseStep, AddDocumentStep, RemoveDocumentStep, SubmitCaseStep, TakeCaseStep, LookAtDocumentStep, DecideCaseStep, EscalateCaseStep, EndCaseStep, GiveUpCasesStep, DestroyDocumentsStep;
        invitations: AcceptInvitationStep, EndInvitationStep, StartInvitedPotStep, FollowInvitationStep;
        points: ConvertPointsStep, RevokePointsStep;
        donations: OpenDonationCheckout, SettleDonationStep, EndCheckoutsStep, TakeUpStep;
        refunds: GiveBackStep, BeginAllRefunds;
        payouts: PlanPayoutStep, VerifyRecipientStep, ApprovePayoutStep, SendPayoutStep, FindPayoutStep, LoseSightOfPayout, RuleOutPayout, RecordDecisionStep;
        statements: BookFeesStep, FindUncomparedStep, ReconcileDayStep;
        ledger: CheckLedgerStep, ResumePayoutsStep;
        discrepancies: ResolveDiscrepancyStep;
        notices: BeginNoticeStep, PrepareNoticeStep, SendNoticeStep, EndNoticeStep;
    }
}

#[test]
fn every_contract_is_served_where_it_is_called() {
    let contracts = contracts();
    let processes = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../workflows/src");
    let written: BTreeSet<String> = sources(&processes.join("steps"))
        .iter()
        .flat_map(|(_, text)| text.split("#[activity(name = \"").skip(1))
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect();
    assert_eq!(
        contracts.values().cloned().collect::<BTreeSet<_>>(),
        written,
        "this test knows every contract"
    );

    let mut called = BTreeSet::new();
    for (path, text) in sources(&processes) {
        let on_lifecycle = [
            "account_closure",
            "audit_checkpoint",
            "pot_lifecycle",
            "history_archive",
            "housekeeping",
            "birthday_sweep",
            "punctuality_check",
            "sponsorship_invitation",
            "revocation",
        ]
        .iter()
        .any(|name| path.to_string_lossy().contains(name));
        let own_queue = match () {
            () if on_lifecycle => queues::LIFECYCLE,
            () if path.ends_with("notice_delivery.rs") => queues::NOTICES,
            () if path.to_string_lossy().contains("guardian_consent") => queues::IDENTITY,
            () if path.to_string_lossy().contains("identity_review") => queues::IDENTITY,
            () => queues::MONEY,
        };
        for call in text.split("execute_activity(").skip(1) {
            let call = &call[..call.find(".await").expect("a call that is waited for")];
            let marker = call.split(',').next().expect("a first argument").trim();
            let name = contracts.get(marker).unwrap_or_else(|| panic!("{} calls {marker}", path.display()));
            let queue = if call.contains("on_money") { queues::MONEY } else { own_queue };
            assert!(served(queue).expect("a queue").steps.contains(name), "{name} is called on {queue}");
            called.insert(name.clone());
        }
    }
    assert_eq!(called, written, "nothing is promised that nobody asks for");
}

#[test]
#[expect(clippy::too_many_lines, reason = "all names, in one place")]
fn names_are_unique_and_as_histories_know_them() {
    let all: BTreeMap<_, _> =
        queues::ALL.iter().map(|queue| (*queue, served(queue).expect("a queue"))).collect();
    let mut processes = BTreeSet::new();
    for (queue, served) in &all {
        let steps: BTreeSet<_> = served.steps.iter().collect();
        assert_eq!(steps.len(), served.steps.len(), "{queue} has a step twice");
        for process in &served.processes {
            assert!(processes.insert(process), "{process} lives on one queue");
        }
    }
    assert_eq!(served("laundry"), None);
    insta::assert_json_snapshot!(all, @r#"
    {
      "identity": {
        "processes": [
          "GuardianConsent",
          "IdentityReview"
        ],
        "steps": [
          "consents.find",
          "consents.ask",
          "consents.give",
          "consents.withdraw",
          "consents.end",
          "consents.hand_over",
          "consents.give_up_pots",
          "identities.open_case",
          "identities.open_next",
          "identities.add_document",
          "identities.remove_document",
          "identities.submit",
          "identities.take",
          "identities.look",
          "identities.decide",
          "identities.escalate",
          "identities.end",
          "identities.give_up",
          "identities.destroy",
          "notices.begin"
        ]
      },
      "lifecycle": {
        "processes": [
          "PotLifecycle",
          "Revocation",
          "BirthdaySweep",
          "SponsorshipInvitation",
          "AccountClosure",
          "Housekeeping",
          "PunctualityCheck",
          "AuditCheckpoint",
          "HistoryArchive"
        ],
        "steps": [
          "pots.schedule",
          "pots.open",
          "pots.close",
          "pots.settle",
          "pots.cancel",
          "pots.hold",
          "pots.release",
          "pots.read_holds",
          "pots.move_birthday",
          "pots.announce",
          "points.convert",
          "points.revoke",
          "birthdays.find_unswept",
          "birthdays.start_pots",
          "birthdays.record_sweep",
          "invitations.accept",
          "invitations.end",
          "invitations.start_pot",
          "invitations.follow",
          "notices.begin",
          "closures.close",
          "closures.give_up",
          "closures.restore",
          "closures.erase",
          "accounts.forget_leftovers",
          "retention.keep",
          "punctuality.find_late",
          "audit.seal_the_end",
          "histories.archive"
        ]
      },
      "money": {
        "processes": [
          "Donation",
          "Refund",
          "Payout",
          "PaymentReconciliation",
          "LedgerCheck",
          "Resolution"
        ],
        "steps": [
          "donations.open_checkout",
          "donations.settle",
          "donations.end_checkouts",
          "donations.take_up",
          "refunds.give_back",
          "refunds.begin_all",
          "payouts.plan",
          "payouts.verify_recipient",
          "payouts.approve",
          "payouts.send",
          "payouts.find",
          "payouts.lose_sight",
          "payouts.rule_out",
          "payouts.record_decision",
          "statements.book_fees",
          "pots.hold",
          "pots.release",
          "statements.find_uncompared",
          "statements.reconcile",
          "ledger.check",
          "ledger.resume",
          "discrepancies.resolve"
        ]
      },
      "notices": {
        "processes": [
          "NoticeDelivery"
        ],
        "steps": [
          "notices.prepare",
          "notices.send",
          "notices.end"
        ]
      }
    }
    "#);
}
