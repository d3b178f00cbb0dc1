//! People at the edge: what they ask of whichever API is there, again and again until they are answered, and what they were
//! promised.
//!
//! Whoever is answered keeps the answer: the judge asks later whether it was true.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use chrono::{Datelike as _, Days, NaiveDate, Utc};
use reqwest::{Client, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_api::tokens::Bearer;
use wolo_database::accounts::preferences::{self, Preferences};
use wolo_database::people::{self, User};
use wolo_domain::ids::{DonationId, InvitationId, PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_providers::http::{self, Timeouts};
use wolo_sandbox::phones;

use crate::patience::Patience;
use crate::stage::Stage;

/// Nobody waits longer than this for an answer.
const PATIENCE: Duration = Duration::from_mins(2);
/// After an answer that says *later*, or none at all.
const AGAIN: Duration = Duration::from_millis(200);
const A_DAY: u64 = 20;

/// A pot as its owner was told of it.
#[derive(Clone, Debug)]
pub struct Made {
    pub owner: UserId,
    pub pot: PotId,
    /// The part of its link that friends are given.
    pub slug: String,
}

/// A gift that was asked for.
#[derive(Clone, Debug)]
pub struct Gift {
    pub donation: DonationId,
    pub pot: PotId,
    pub francs: i64,
    /// The page's id at Wave.
    pub session: String,
}

/// Something that somebody was answered with a 2xx.
#[derive(Clone, Copy, Debug)]
pub enum Promise {
    Pot(PotId),
    Gift { donation: DonationId, francs: i64 },
}

/// Everybody who asks something of the API.
pub struct People {
    http: Client,
    url: String,
    promises: Mutex<Vec<Promise>>,
    /// Answers that nobody may get.
    wrong: Mutex<Vec<String>>,
    /// How long somebody was without an answer because a process had died, in milliseconds.
    outages: Mutex<Vec<u64>>,
    asked: AtomicU64,
    decisions: AtomicU64,
}

impl People {
    pub fn before(stage: &Stage) -> Result<Self> {
        Ok(Self {
            http: http::client(Timeouts::total(Duration::from_secs(15)))?,
            url: format!("http://{}", stage.front.address()),
            promises: Mutex::default(),
            wrong: Mutex::default(),
            outages: Mutex::default(),
            asked: AtomicU64::new(0),
            decisions: AtomicU64::new(0),
        })
    }

    /// A new person's pot, which opens at once because the birthday is soon.
    pub async fn make_pot(&self, stage: &Stage) -> Result<Made> {
        let owner = self.born(stage).await?;
        self.make_pot_of(stage, owner).await
    }

    /// The pot of somebody's next birthday.
    pub async fn make_pot_of(&self, stage: &Stage, owner: UserId) -> Result<Made> {
        let token = token(stage, owner)?;
        let body = json!({ "title": "Les trente ans", "target": 25_000, "visibility": "link" });
        let made = self.insist("/api/pots", |request| request.bearer_auth(&token).json(&body)).await?;
        let pot = text(&made, "id")?.parse().context("the API names the pot oddly")?;
        self.remember(Promise::Pot(pot));
        Ok(Made { owner, pot, slug: text(&made, "slug")?.to_owned() })
    }

    /// Has somebody invited who has no account.
    pub async fn invite(&self, stage: &Stage, sponsor: UserId) -> Result<InvitationId> {
        let token = token(stage, sponsor)?;
        let email = format!("{}@example.sn", Uuid::new_v4().simple());
        let body = json!({ "invitations": [{ "email": email, "relationship": "friend" }] });
        let invited =
            self.insist("/api/sponsorship/invite", |request| request.bearer_auth(&token).json(&body)).await?;
        text(&invited["invitations"][0], "id")?.parse().context("the API names the invitation oddly")
    }

    /// A person of thirty years, soon.
    pub async fn born(&self, stage: &Stage) -> Result<UserId> {
        let person = self.born_for(stage, Utc::now().date_naive() + Days::new(A_DAY)).await?;
        wants_no_pot_unasked(stage, person).await
    }

    /// Somebody who is thirty on a day.
    pub async fn born_for(&self, stage: &Stage, birthday: NaiveDate) -> Result<UserId> {
        self.born_on(stage, day_of_birth(birthday)?).await
    }

    /// Somebody who is not of age for years.
    pub async fn child(&self, stage: &Stage) -> Result<UserId> {
        let today = Utc::now().date_naive();
        let soon = today + Days::new(A_DAY);
        let child = self.born_on(stage, soon.with_year(soon.year() - 12).unwrap_or(today)).await?;
        wants_no_pot_unasked(stage, child).await
    }

    async fn born_on(&self, stage: &Stage, birth_date: NaiveDate) -> Result<UserId> {
        let id = UserId::from_uuid(Uuid::now_v7());
        let user = User {
            id,
            name: "Awa".to_owned(),
            birth_date: BirthDate::new(birth_date),
            phone: Some(phones::unused().parse().context("a phone")?),
            email: None,
        };
        let patience = Patience::begins();
        while let Err(error) = people::add_user(&stage.pool, &user).await {
            if patience.is_over(PATIENCE) {
                return Err(error.into());
            }
            tokio::time::sleep(AGAIN).await;
        }
        Ok(id)
    }

    /// A friend asks for a page to pay on.
    pub async fn ask(&self, slug: &str, francs: i64) -> Result<Gift> {
        let body = json!({ "pot": slug, "amount": francs, "name": "Fatou", "message": "Bonne fête" });
        let given = self.insist("/api/payments/donate", |request| request.json(&body)).await?;
        let donation = text(&given, "donation")?.parse().context("the API names the gift oddly")?;
        let pot = text(&given, "pot")?.parse().context("the API names the pot oddly")?;
        let session = text(&given, "wave_launch_url")?.rsplit('/').next().unwrap_or_default().to_owned();
        self.remember(Promise::Gift { donation, francs });
        Ok(Gift { donation, pot, francs, session })
    }

    /// Asks the same thing, under one key, until there is an answer.
    async fn insist(&self, path: &str, with: impl Fn(RequestBuilder) -> RequestBuilder) -> Result<Value> {
        let key = Uuid::new_v4().to_string();
        let patience = Patience::begins();
        let mut silent_since = None;
        loop {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let request = with(self.http.post(format!("{}{path}", self.url)));
            let heard = match request.header("idempotency-key", &key).send().await {
                Ok(response) => {
                    let (status, later) =
                        (response.status(), response.headers().contains_key(header::RETRY_AFTER));
                    let body = response.bytes().await.unwrap_or_default();
                    self.judge(path, status, later, &body);
                    Some((status, serde_json::from_slice::<Value>(&body).unwrap_or_default()))
                }
                Err(_) => None,
            };
            match heard {
                Some((status, body)) if status.is_success() => {
                    if let Some(since) = silent_since {
                        self.outages().push(millis(since));
                    }
                    return Ok(body);
                }
                Some((status, body)) if is_for_later(status, &body) => {}
                Some((status, body)) if !status.is_server_error() => {
                    bail!("{path} answered {status}: {body}")
                }
                // Nobody answered, or not as they may: asked again like any other.
                _ => silent_since = silent_since.or_else(|| Some(Instant::now())),
            }
            if patience.is_over(PATIENCE) {
                bail!("{path} gave no answer in {} s", PATIENCE.as_secs());
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// A process that cannot answer now says so, and when to come again. Nothing else of its own failing is an answer.
    fn judge(&self, path: &str, status: StatusCode, says_when: bool, body: &[u8]) {
        let right = !status.is_server_error() || (status == StatusCode::SERVICE_UNAVAILABLE && says_when);
        if !right {
            let words = format!("{path} answered {status}: {}", String::from_utf8_lossy(body));
            if let Ok(mut wrong) = self.wrong.lock() {
                wrong.push(words);
            }
        }
    }

    /// Keeps what somebody was promised.
    pub fn remember(&self, promise: Promise) {
        if let Ok(mut promises) = self.promises.lock() {
            promises.push(promise);
        }
    }

    fn outages(&self) -> std::sync::MutexGuard<'_, Vec<u64>> {
        self.outages.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn promises(&self) -> Vec<Promise> {
        self.promises.lock().map(|promises| promises.clone()).unwrap_or_default()
    }

    pub fn wrong_answers(&self) -> Vec<String> {
        self.wrong.lock().map(|wrong| wrong.clone()).unwrap_or_default()
    }

    /// How long people were without an answer, in milliseconds.
    pub fn silences(&self) -> Vec<u64> {
        self.outages().clone()
    }

    /// Finance has decided about a payout.
    pub fn decided(&self) {
        self.decisions.fetch_add(1, Ordering::Relaxed);
    }

    pub fn decisions(&self) -> u64 {
        self.decisions.load(Ordering::Relaxed)
    }

    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

fn token(stage: &Stage, user: UserId) -> Result<String> {
    let bearer = Bearer { amr: vec!["torture".to_owned()], ..Bearer::default() };
    let lives = Duration::from_hours(1);
    Ok(wolo_api::tokens::mint(&stage.settings.tokens, user, bearer, Utc::now(), lives)?)
}

fn is_for_later(status: StatusCode, body: &Value) -> bool {
    status == StatusCode::SERVICE_UNAVAILABLE
        || status == StatusCode::TOO_MANY_REQUESTS
        || (status == StatusCode::CONFLICT && body["code"] == "idempotency_key_in_flight")
}

fn text<'a>(body: &'a Value, field: &str) -> Result<&'a str> {
    body.get(field).and_then(Value::as_str).with_context(|| format!("the API's answer has no {field}"))
}

pub fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Of somebody who turns thirty in some days.
fn day_of_birth(birthday: NaiveDate) -> Result<NaiveDate> {
    birthday.with_year(birthday.year() - 30).context("a day of birth")
}

/// Another story's sweep makes a pot of everybody else who celebrates soon, and nobody would end it.
async fn wants_no_pot_unasked(stage: &Stage, person: UserId) -> Result<UserId> {
    let patience = Patience::begins();
    loop {
        let wish = Preferences { birthday_pot: Some(false), ..Preferences::default() };
        let wished = async {
            let mut tx = stage.pool.begin().await?;
            preferences::set(&mut tx, person, &wish).await?;
            wolo_database::commit(tx).await
        };
        match wished.await {
            Ok(()) => return Ok(person),
            Err(error) if patience.is_over(PATIENCE) => return Err(error.into()),
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
}
