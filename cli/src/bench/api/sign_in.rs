//! Somebody to sign in as, and whether time tells who has an account.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};
use wolo_providers::http::{self, Timeouts};

use crate::bench::goals::Goal;
use crate::bench::median;
use crate::bench::report::hundredths;
use crate::demo::{Api, Newcomer};
use crate::local::Local;

pub(super) const PATH: &str = "/api/users/auth/login";
pub(super) const PHONE: &str = "+221771000001";
pub(super) const PASSWORD: &str = "des mangues au marché";
/// Nobody's.
const OTHER_PHONE: &str = "+221771000002";

/// Wrong passwords for each of the two, where there is time for so many.
const TRIES: u32 = 500;
const GOAL_US: u64 = 5_000;

pub(super) fn body(phone: &str, password: &str) -> Value {
    json!({ "phone": phone, "password": password, "device": "bench" })
}

/// An account with a password, made as everybody makes theirs.
pub(super) async fn open_account(local: &Local, api: &Api) -> Result<()> {
    let born = NaiveDate::from_ymd_opt(1999, 12, 31).context("a day of birth")?;
    let somebody = Newcomer { name: "Somebody", born, phone: PHONE, password: Some(PASSWORD) };
    let code_id = api.register(&somebody).await?;
    let code = local.code_for(PHONE).await?;
    api.give_code(&code_id, &code).await?;
    Ok(())
}

/// How long half of the wrong passwords stayed within, for an account that is there and for one that is not.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Apart {
    pub(super) tries: u32,
    pub(super) known_us: u64,
    pub(super) unknown_us: u64,
    pub(super) ok: bool,
}

impl Apart {
    /// Guesses in turns, one at a time, for so long at most.
    pub(super) async fn measure(api: &str, length: Duration) -> Result<Self> {
        let http = http::client(Timeouts::total(Duration::from_secs(30)))?;
        let guess = async |phone| {
            let request = http.post(format!("{api}{PATH}")).json(&body(phone, "not this one"));
            let asked = Instant::now();
            let answer = request.send().await?;
            let status = answer.status();
            answer.bytes().await?;
            let took = asked.elapsed();
            ensure!(status == 401, "a wrong password was answered with {status}");
            Ok(u64::try_from(took.as_micros())?)
        };
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        let mut tries = 0;
        let began = Instant::now();
        while tries < TRIES && (tries == 0 || began.elapsed() < length) {
            known.push(guess(PHONE).await?);
            unknown.push(guess(OTHER_PHONE).await?);
            tries += 1;
        }
        let (known_us, unknown_us) = (median(known.into_iter()), median(unknown.into_iter()));
        let ok = known_us.abs_diff(unknown_us) <= GOAL_US;
        Ok(Self { tries, known_us, unknown_us, ok })
    }

    pub(super) fn goal(&self) -> Goal {
        let ms = |micros: u64| hundredths((micros + 5) / 10);
        Goal {
            name: "time tells who has an account".to_owned(),
            found: format!(
                "{} ms apart ({} ms where there is one and {} ms where there is none, medians of {} wrong passwords each)",
                ms(self.known_us.abs_diff(self.unknown_us)),
                ms(self.known_us),
                ms(self.unknown_us),
                self.tries,
            ),
            wanted: format!("at most {} ms apart", GOAL_US / 1_000),
            ok: self.ok,
        }
    }
}
