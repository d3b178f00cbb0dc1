//! People who review, with a second factor of their own.

use std::path::Path;

use aws_lc_rs::hmac;
use serde_json::{Value, json as body};

use crate::dev::{Dev, get, json, post};
use crate::payout::until;
use crate::{said, wolo};

/// Somebody with the role reviewer, and codes each of which counts once.
pub(crate) struct Reviewer {
    pub(crate) id: String,
    codes: Vec<String>,
}

impl Reviewer {
    /// Added, trusted and signed in for the first time, as the API has it.
    pub(crate) fn hired(home: &Path, dev: &Dev, name: &str, phone: &str) -> Self {
        let add = ["users", "add", "--name", name, "--birth-date", "1985-05-05", "--phone", phone, "--json"];
        let id = json(home, &add)["id"].as_str().unwrap().to_owned();
        let (code, _, err) =
            said(wolo(home).args(["users", "grant", &id, "reviewer", "--reason", "knows papers"]));
        assert_eq!(code, 0, "{err}");
        let auth = format!("{}/api/users/auth", dev.addresses["api"].as_str().unwrap());
        let sent = post(&format!("{auth}/otp/request"), None, &body!({ "phone": phone }));
        let given = body!({ "code_id": sent["code_id"], "code": code_for(dev, phone) });
        let half_way = post(&format!("{auth}/otp/verify"), None, &given);
        let challenge = body!({ "challenge": half_way["challenge"] });
        let enrolled = post(&format!("{auth}/second-factor/enrol"), None, &challenge);
        let shows = totp(enrolled["otpauth_uri"].as_str().unwrap());
        let confirmed = body!({ "challenge": half_way["challenge"], "code": shows });
        post(&format!("{auth}/second-factor"), None, &confirmed);
        let codes = enrolled["recovery_codes"].as_array().unwrap().iter();
        Self { id, codes: codes.map(|code| code.as_str().unwrap().to_owned()).collect() }
    }

    pub(crate) fn code(&mut self) -> String {
        self.codes.pop().unwrap()
    }

    /// A command that this reviewer gives, with what it says.
    pub(crate) fn does(&mut self, home: &Path, words: &[&str]) -> (i32, String, String) {
        let code = self.code();
        said(wolo(home).args(words).args(["--by", &self.id, "--code", &code]))
    }
}

pub(crate) fn code_for(dev: &Dev, phone: &str) -> String {
    let inbox = dev.addresses["inbox"].as_str().unwrap().trim_end_matches('/').to_owned();
    until(|| {
        let messages: Value =
            serde_json::from_str(&get(&format!("{inbox}/messages?to=%2B221{phone}"))).ok()?;
        let texts = messages.as_array()?.iter().filter_map(|message| message["text"].as_str());
        let mut words = texts.flat_map(|text| text.split(|c: char| !c.is_ascii_digit()));
        words.find(|word| word.len() == 6).map(str::to_owned)
    })
}

/// What an authenticator shows now for the secret in this address.
fn totp(uri: &str) -> String {
    let secret = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    let digits = secret.chars().map(|c| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap());
    let bits = digits.map(|digit| format!("{digit:05b}")).collect::<Vec<_>>().concat();
    let bytes: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|bits| u8::from_str_radix(str::from_utf8(bits).unwrap(), 2).unwrap())
        .collect();
    let step = chrono::Utc::now().timestamp() / 30;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes), &step.to_be_bytes());
    let hash = tag.as_ref();
    let at = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
