//! People at the edge of WOLO: what they send to the API, and the buttons they press on Wave's page.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, InvitationId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::pots::Visibility;
use wolo_providers::http::{self, Timeouts};

/// Our API, as an app of ours would use it.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    http: Client,
    url: String,
}

/// A gift that was asked for, and where it can be paid.
#[derive(Debug, Clone)]
pub(crate) struct Gift {
    pub(crate) donation: DonationId,
    /// The page's id at Wave.
    pub(crate) session: String,
    wave_launch_url: String,
    http: Client,
}

/// Where a gift stands.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Status {
    pub(crate) stage: DonationStage,
    pub(crate) failed_attempts: u32,
}

/// Somebody's points.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Points {
    pub(crate) pending: i64,
    pub(crate) matured: i64,
}

/// Points for one thing that happened.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Award {
    pub(crate) points: u32,
    /// In words.
    pub(crate) why: String,
}

/// A pot as its owner is told of it.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) pot: PotId,
    /// The part of its link that friends are given.
    pub(crate) slug: String,
}

/// What a friend writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Card<'a> {
    /// The part of the pot's link that nobody can guess.
    pub(crate) slug: &'a str,
    pub(crate) amount: Xof,
    pub(crate) name: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
}

/// Who wants an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Newcomer<'a> {
    pub(crate) name: &'a str,
    pub(crate) born: NaiveDate,
    pub(crate) phone: &'a str,
    /// Absent: signs in with codes alone.
    pub(crate) password: Option<&'a str>,
}

fn pot_body(title: &str, visibility: Visibility) -> Value {
    json!({ "title": title, "target": 25_000, "visibility": visibility })
}

/// The body of a request that makes a pot, to copy from the screen of `wolo dev`.
pub(crate) fn pot_body_example() -> String {
    // Nothing in it that a shell would want quoted.
    pot_body("Mes 28 ans", Visibility::Link).to_string()
}

impl Api {
    pub(crate) fn at(url: &str) -> Result<Self> {
        Ok(Self { http: http::client(Timeouts::total(Duration::from_secs(30)))?, url: url.to_owned() })
    }

    /// Asks for an account; the answer says what the code is given back with.
    pub(crate) async fn register(&self, wanted: &Newcomer<'_>) -> Result<String> {
        let Newcomer { name, born, phone, password } = wanted;
        let wanted = json!({ "name": name, "birth_date": born, "phone": phone, "password": password });
        let request = self.http.post(format!("{}/api/users/auth/register", self.url)).json(&wanted);
        Ok(text(&answer(request.send().await?).await?, "code_id")?.to_owned())
    }

    /// Gives a code back; the answer is an access token.
    pub(crate) async fn give_code(&self, code_id: &str, code: &str) -> Result<String> {
        let given = json!({ "code_id": code_id, "code": code, "device": "Téléphone d'Awa" });
        let request = self.http.post(format!("{}/api/users/auth/otp/verify", self.url)).json(&given);
        Ok(text(&answer(request.send().await?).await?, "access_token")?.to_owned())
    }

    /// The owner makes a pot for her next birthday.
    pub(crate) async fn make_pot(&self, token: &str, title: &str, visibility: Visibility) -> Result<Made> {
        let request = self.http.post(format!("{}/api/pots", self.url)).bearer_auth(token);
        let body = pot_body(title, visibility);
        let made = answer(request.header("idempotency-key", key()).json(&body).send().await?).await?;
        let pot = text(&made, "id")?.parse().context("the API names the pot oddly")?;
        Ok(Made { pot, slug: text(&made, "slug")?.to_owned() })
    }

    /// Invites somebody by a phone.
    pub(crate) async fn invite(&self, token: &str, phone: &str, message: &str) -> Result<InvitationId> {
        let body = json!({
            "invitations": [{ "phone": phone, "relationship": "friend", "message": message }],
        });
        let request = self.http.post(format!("{}/api/sponsorship/invite", self.url)).bearer_auth(token);
        let invited = answer(request.header("idempotency-key", key()).json(&body).send().await?).await?;
        text(&invited["invitations"][0], "id")?.parse().context("the API names the invitation oddly")
    }

    /// A minor names their mother.
    pub(crate) async fn name_guardian(&self, token: &str, name: &str, phone: &str) -> Result<()> {
        let body = json!({ "guardian": { "name": name, "phone": phone }, "relationship": "mother" });
        let request = self.http.post(format!("{}/api/identity/consents", self.url)).bearer_auth(token);
        answer(request.header("idempotency-key", key()).json(&body).send().await?).await.map(drop)
    }

    /// Whose token it is.
    pub(crate) async fn me(&self, token: &str) -> Result<UserId> {
        let request = self.http.get(format!("{}/api/users/auth/me", self.url)).bearer_auth(token);
        text(&answer(request.send().await?).await?, "id")?.parse().context("the API names the person oddly")
    }

    /// Accepts the invitation of a link.
    pub(crate) async fn accept(&self, token: &str, invitation: &str, born: NaiveDate) -> Result<()> {
        let body = json!({ "token": invitation, "birth_date": born });
        let request = self.http.post(format!("{}/api/sponsorship/accept", self.url)).bearer_auth(token);
        answer(request.json(&body).send().await?).await.map(drop)
    }

    /// The one pot that somebody has, once there is one.
    pub(crate) async fn my_pot(&self, token: &str) -> Result<Option<Made>> {
        let request = self.http.get(format!("{}/api/pots?mine=true", self.url)).bearer_auth(token);
        let mine = answer(request.send().await?).await?;
        let Some(pot) = mine["pots"].get(0) else { return Ok(None) };
        let id = text(pot, "id")?.parse().context("the API names the pot oddly")?;
        Ok(Some(Made { pot: id, slug: text(pot, "slug")?.to_owned() }))
    }

    /// The sums of somebody's points.
    pub(crate) async fn points(&self, token: &str) -> Result<Points> {
        let request = self.http.get(format!("{}/api/users/points", self.url)).bearer_auth(token);
        serde_json::from_value(answer(request.send().await?).await?).context("the API tells oddly of points")
    }

    /// What brought somebody points, the last first.
    pub(crate) async fn points_history(&self, token: &str) -> Result<Vec<Award>> {
        let request = self.http.get(format!("{}/api/users/points/history", self.url)).bearer_auth(token);
        let history = answer(request.send().await?).await?;
        serde_json::from_value(history["awards"].clone()).context("the API tells oddly of points")
    }

    pub(crate) async fn give(&self, card: Card<'_>) -> Result<Gift> {
        let body = json!({
            "pot": card.slug,
            "amount": card.amount,
            "name": card.name,
            "message": card.message,
            "anonymous": card.name.is_none(),
        });
        let request = self.http.post(format!("{}/api/payments/donate", self.url));
        let given = answer(request.header("idempotency-key", key()).json(&body).send().await?).await?;
        let wave_launch_url = text(&given, "wave_launch_url")?.to_owned();
        let session = wave_launch_url.rsplit('/').next().unwrap_or_default().to_owned();
        let donation = text(&given, "donation")?.parse().context("the API names the gift oddly")?;
        Ok(Gift { donation, session, wave_launch_url, http: self.http.clone() })
    }

    /// The certificate of a settled pot, to whoever has its link, and the keys to check it with.
    pub(crate) async fn certificate(&self, slug: &str) -> Result<(String, String)> {
        let get = async |path: String| {
            let response = self.http.get(format!("{}{path}", self.url)).send().await?;
            let status = response.status();
            if !status.is_success() {
                bail!("{path} answered {status}");
            }
            Ok(response.text().await?)
        };
        let document = get(format!("/api/pots/{slug}/certificate")).await?;
        Ok((document, get("/.well-known/wolo-certificates.json".to_owned()).await?))
    }

    /// Where a gift stands, as its giver sees it.
    pub(crate) async fn status(&self, donation: DonationId) -> Result<Status> {
        let url = format!("{}/api/payments/status/{donation}", self.url);
        let status = answer(self.http.get(url).send().await?).await?;
        serde_json::from_value(status).context("the API tells oddly of a gift")
    }
}

impl Gift {
    /// Presses *Pay* on Wave's page.
    pub(crate) async fn press_pay(&self) -> Result<StatusCode> {
        self.press("pay").await
    }

    /// An attempt that fails, as with too little in the wallet.
    pub(crate) async fn press_fail(&self) -> Result<StatusCode> {
        self.press("fail").await
    }

    async fn press(&self, button: &str) -> Result<StatusCode> {
        let form = [("mobile", "")];
        let pressed = self.http.post(format!("{}/{button}", self.wave_launch_url)).form(&form).send().await?;
        Ok(pressed.status())
    }
}

fn key() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn text<'a>(body: &'a Value, field: &str) -> Result<&'a str> {
    body.get(field).and_then(Value::as_str).with_context(|| format!("the API's answer has no {field}"))
}

async fn answer(response: Response) -> Result<Value> {
    let (status, path) = (response.status(), response.url().path().to_owned());
    let body = response.bytes().await?;
    if !status.is_success() {
        bail!("{path} answered {status}: {}", String::from_utf8_lossy(&body));
    }
    serde_json::from_slice(&body).with_context(|| format!("{path} did not answer with JSON"))
}
