//! A guardian with a browser, as a test has one: what it keeps it sends along.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use reqwest::{RequestBuilder, header};
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_database::consents::{self, Asking, NewConsent};
use wolo_domain::consents::{ConsentRules, ConsentText, Guardian, Guardianship, Purpose, Shown, token_hash};
use wolo_domain::contacts::Language;
use wolo_domain::ids::{ConsentId, UserId};
use wolo_sandbox::phones;

use crate::app::{TestApp, born};
use crate::reply::Reply;

/// A consent that was asked for, and where its link leads.
pub(crate) struct Requested {
    pub(crate) id: ConsentId,
    pub(crate) token: String,
    pub(crate) phone: String,
}

/// A guardian's browser: what it keeps it sends along.
pub(crate) struct Browser<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) link: String,
    pub(crate) cookie: Option<String>,
}

impl TestApp {
    pub(crate) async fn minor(&self) -> UserId {
        self.person_born(born(15, 10)).await
    }

    /// Whom a minor has named, as the step writes it; the process begins with the first answer.
    pub(crate) async fn requested(&self, minor: UserId) -> Requested {
        let (id, phone) = (ConsentId::from_uuid(Uuid::now_v7()), phones::unused());
        let token = URL_SAFE_NO_PAD.encode(id.uuid().as_bytes());
        let guardian = Guardian {
            name: "Fatou Planted-Ndiaye".to_owned(),
            phone: phone.parse().unwrap(),
            email: None,
            is: Guardianship::Mother,
            language: Language::French,
        };
        let new = NewConsent { id, minor, guardian, token_hash: token_hash(&token) };
        let asked = consents::ask(&self.pool, &new, &ConsentRules::default(), Utc::now()).await.unwrap();
        assert!(matches!(asked, Asking::Asked(_)));
        Requested { id, token, phone }
    }

    pub(crate) fn browser(&self, requested: &Requested) -> Browser<'_> {
        Browser { app: self, link: format!("/g/{}", requested.token), cookie: None }
    }

    /// A guardian who has shown the code that came to their phone.
    pub(crate) async fn guardian(&self, requested: &Requested) -> Browser<'_> {
        let mut browser = self.browser(requested);
        let code_id = browser.code().await;
        let code = self.code(&requested.phone).await;
        browser.shows(&code_id, &code).await.is(303);
        assert!(browser.cookie.is_some());
        browser
    }

    pub(crate) async fn name_guardian(&self, minor: UserId, key: &str, body: &Value) -> Reply {
        let request = self.post("/api/identity/consents").bearer_auth(self.token(minor));
        Reply::of(request.header("idempotency-key", key).json(body)).await
    }

    pub(crate) async fn stage_of(&self, consent: ConsentId) -> String {
        self.read(&format!("select stage from minors.consents where consent_id = '{}'", consent.uuid())).await
    }
}

impl Browser<'_> {
    pub(crate) fn with_cookie(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(header::ACCEPT, "text/html").header("sec-fetch-site", "same-origin");
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }

    pub(crate) async fn get(&self, step: &str) -> Reply {
        Reply::of(self.with_cookie(self.app.get(&format!("{}{step}", self.link)))).await
    }

    pub(crate) async fn page(&self) -> String {
        let reply = self.get("").await;
        reply.is(200);
        let policy = reply.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"),
            "{policy}"
        );
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(!reply.body.contains("<script"), "{}", reply.body);
        reply.body
    }

    pub(crate) async fn post(&self, step: &str, fields: &[(&str, &str)]) -> Reply {
        Reply::of(self.with_cookie(self.app.post(&format!("{}{step}", self.link))).form(fields)).await
    }

    /// Asks for a code, and has the name under which it is given back.
    pub(crate) async fn code(&self) -> String {
        let reply = self.post("/code", &[]).await;
        reply.is(200);
        value_of(&reply.body, "code_id")
    }

    pub(crate) async fn shows(&mut self, code_id: &str, code: &str) -> Reply {
        let reply = self.post("/session", &[("code_id", code_id), ("code", code)]).await;
        if let Some(cookie) = reply.headers.get(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            for part in [&format!("Path={};", self.link), "HttpOnly", "SameSite=Strict", "Max-Age=1800"] {
                assert!(cookie.contains(part), "{cookie}");
            }
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        reply
    }

    pub(crate) async fn gives(&self) -> Reply {
        self.post("/give", &as_fields(&agreement("1985-02-03"))).await
    }
}

pub(crate) fn agreement(birth_date: &str) -> Vec<(&'static str, String)> {
    let shown = Shown::of(&ConsentText::current(Language::French));
    let mut fields = vec![
        ("text", shown.text),
        ("hash", shown.hash),
        ("language", shown.language.to_string()),
        ("guardian", "yes".to_owned()),
        ("birth_date", birth_date.to_owned()),
    ];
    fields.extend(Purpose::ALL.map(|purpose| ("purpose", purpose.to_string())));
    fields
}

pub(crate) fn as_fields<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// What stands in a field of a page's form.
pub(crate) fn value_of(text: &str, name: &str) -> String {
    let field = text.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {text}"));
    let begin = field + text[field..].find("value=\"").unwrap() + "value=\"".len();
    text[begin..begin + text[begin..].find('"').unwrap()].to_owned()
}

pub(crate) fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

pub(crate) fn mother(phone: &str) -> Value {
    json!({ "guardian": { "name": "Fatou Ndiaye", "phone": phone }, "relationship": "mother" })
}
