//! Payloads are decrypted for those who work here, each as far as is theirs, and on the record.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::ORIGIN;
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_bootstrap::codec::{ENCODING_PAYLOAD_KEY, EncryptionCodec, Payload, PayloadKey};
use wolo_domain::accounts::Role;
use wolo_domain::ids::{PotId, UserId};
use wolo_sandbox::tools::{Places, TemporalTool};

use crate::app::{TestApp, WORD_OF_THE_CODEC, key};
use crate::reply::Reply;

const DECODE: &str = "/api/admin/codec/decode";
const ENCODE: &str = "/api/admin/codec/encode";

fn carried(pot: PotId) -> Payload {
    let metadata = [(ENCODING_PAYLOAD_KEY.to_owned(), b"json/plain".to_vec())];
    let data = json!({ "pot": pot, "title": "Les trente ans d'Awa", "amount": 5000, "token": "let-me-in" });
    Payload { metadata: metadata.into(), data: data.to_string().into_bytes(), ..Payload::default() }
}

fn wire(payloads: &[Payload]) -> Value {
    let one = |payload: &Payload| {
        let metadata =
            payload.metadata.iter().map(|(name, value)| (name.clone(), STANDARD.encode(value).into()));
        json!({ "metadata": metadata.collect::<serde_json::Map<_, _>>(), "data": STANDARD.encode(&payload.data) })
    };
    json!({ "payloads": payloads.iter().map(one).collect::<Vec<_>>() })
}

/// What the first payload of an answer carries.
fn first(answer: &Value) -> Value {
    let data = STANDARD.decode(answer["payloads"][0]["data"].as_str().unwrap()).unwrap();
    serde_json::from_slice(&data).unwrap()
}

impl TestApp {
    fn ours(&self) -> EncryptionCodec {
        EncryptionCodec::new(&self.settings.temporal.payload_keys).unwrap()
    }

    async fn ask_codec(&self, path: &str, who: UserId, role: Role, body: &Value) -> Reply {
        let request =
            self.post(path).bearer_auth(self.staff_token(who, role)).header("x-namespace", "default");
        Reply::of(request.json(body)).await
    }

    /// What the audit trail is going to say that somebody did.
    async fn noted(&self, by: UserId) -> Value {
        let noted: String = self
            .read(&format!(
                "select coalesce(json_agg(payload -> 'happening' order by created_at), '[]')::text
                 from ops.outbox where topic = 'audit' and payload ->> 'by' = '{by}'"
            ))
            .await;
        serde_json::from_str(&noted).unwrap()
    }
}

#[tokio::test]
async fn each_who_works_here_sees_their_part_and_is_written_down() {
    let app = TestApp::start().await;
    let pot = PotId::from_uuid(Uuid::now_v7());
    let encrypted = wire(&[app.ours().encrypt(&carried(pot)).unwrap(), carried(pot)]);
    for (role, title, masked) in [
        (Role::Superadmin, "Les trente ans d'Awa", "false"),
        (Role::Finance, "Les trente ans d'Awa", "false"),
        (Role::Reviewer, "Les trente ans d'Awa", "false"),
        (Role::Support, "•••", "true"),
    ] {
        let who = app.person(100).await;
        let answer = app.ask_codec(DECODE, who, role, &encrypted).await.expect(200);
        let seen = first(&answer);
        assert_eq!((&seen["title"], &seen["pot"]), (&json!(title), &json!(pot)), "{role}");
        assert_eq!(seen["token"], "•••", "what opens a door is nobody's");
        // What was not encrypted they had already.
        assert_eq!(answer["payloads"][1], encrypted["payloads"][1]);
        let details = json!({ "namespace": "default", "payloads": "2", "masked": masked });
        let noted = json!([{ "action": "payloads_decoded", "about": "payloads", "details": details }]);
        assert_eq!(app.noted(who).await, noted, "{role}");
    }
}

#[tokio::test]
async fn what_cannot_be_opened_comes_back_and_what_was_changed_is_refused() {
    let app = TestApp::start().await;
    let who = app.person(100).await;
    let pot = PotId::from_uuid(Uuid::now_v7());
    let other = PayloadKey::parse(&format!("other:{}", STANDARD.encode([9; 32]))).unwrap();
    let foreign = wire(&[EncryptionCodec::new(&[other]).unwrap().encrypt(&carried(pot)).unwrap()]);
    let ask = async |body: &Value| app.ask_codec(DECODE, who, Role::Superadmin, body).await;
    assert_eq!(ask(&foreign).await.expect(200), foreign);

    let mut changed = app.ours().encrypt(&carried(pot)).unwrap();
    changed.data[30] ^= 1;
    ask(&wire(&[carried(pot), changed])).await.wrong_field(422, "payloads[1]");
    ask(&json!({ "payloads": [{ "data": "?" }] })).await.wrong_field(422, "payloads[0]");
    ask(&json!({ "payload": [] })).await.wrong_field(422, "payloads");
    let long = json!({ "payloads": [{ "data": "A".repeat(4 * 1024 * 1024) }] });
    ask(&long).await.problem(413, "body_too_large");
    let large = json!({ "payloads": [{ "data": "A".repeat(1024 * 1024) }] });
    ask(&large).await.expect(200);
}

#[tokio::test]
async fn a_superadmin_makes_payloads_and_nobody_else_does() {
    let app = TestApp::start().await;
    let who = app.person(100).await;
    let plain = wire(&[carried(PotId::from_uuid(Uuid::now_v7()))]);
    let encoded = app.ask_codec(ENCODE, who, Role::Superadmin, &plain).await.expect(200);
    assert_ne!(encoded, plain);
    let decoded = app.ask_codec(DECODE, who, Role::Superadmin, &encoded).await.expect(200);
    assert_eq!(first(&decoded)["title"], "Les trente ans d'Awa");
    for role in [Role::Support, Role::Reviewer, Role::Finance] {
        app.ask_codec(ENCODE, who, role, &plain).await.problem(403, "not_allowed");
    }
}

#[tokio::test]
async fn the_pages_of_the_engine_may_ask_from_a_browser_and_no_other() {
    let app = TestApp::start().await;
    let app = app.with(|layers| layers.set("api.cors_origins", "https://wolo.example")).await;
    let engine = app.world().temporal.ui_url();
    let allowed = async |path: &str, origin: &str| {
        let asks = app.request(Method::OPTIONS, path).header(ORIGIN, origin);
        let asks = asks.header("access-control-request-method", "POST");
        let reply =
            Reply::of(asks.header("access-control-request-headers", "authorization,x-namespace")).await;
        assert!(reply.header("access-control-allow-headers").contains("x-namespace"));
        reply.header("access-control-allow-origin") == origin
    };
    let word = format!("/dev/codec/{WORD_OF_THE_CODEC}/decode");
    for path in [DECODE, &word] {
        assert!(allowed(path, &engine).await, "{path}");
        assert!(!allowed(path, "https://wolo.example").await, "{path}");
    }
    assert!(!allowed("/api/pots", &engine).await && allowed("/api/pots", "https://wolo.example").await);
}

#[tokio::test]
async fn without_a_token_only_somebody_on_this_machine_who_knows_the_word_is_answered() {
    let app = TestApp::start().await;
    let body = wire(&[app.ours().encrypt(&carried(PotId::from_uuid(Uuid::now_v7()))).unwrap()]);
    let path = format!("/dev/codec/{WORD_OF_THE_CODEC}/decode");
    let ask = |path: &str| app.post(path).json(&body);
    assert_eq!(first(&Reply::of(ask(&path)).await.expect(200))["amount"], 5000);
    for name in ["x-forwarded-for", "forwarded", "via"] {
        Reply::of(ask(&path).header(name, "127.0.0.1")).await.problem(404, "route_unknown");
    }
    Reply::of(ask("/dev/codec/another-word/decode")).await.problem(404, "route_unknown");
    let unworded = app.with(|layers| layers.set("temporal.codec_secret", "")).await;
    Reply::of(unworded.post("/dev/codec//decode").json(&body)).await.problem(404, "route_unknown");
    Reply::of(unworded.post(&path).json(&body)).await.problem(404, "route_unknown");
}

/// What all payloads of a history carry, one after the other.
fn carried_in(history: &str) -> String {
    fn walk(value: &Value, found: &mut String) {
        match value {
            Value::Object(fields) => {
                if let Some(data) = fields.get("data").and_then(Value::as_str) {
                    let data = STANDARD.decode(data).unwrap_or_default();
                    found.push_str(&String::from_utf8_lossy(&data));
                }
                fields.values().for_each(|inner| walk(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = String::new();
    walk(&serde_json::from_str(history).unwrap(), &mut found);
    found
}

/// The file of Temporal's own command line.
async fn temporal() -> PathBuf {
    TemporalTool::find(&Places::here()).await.unwrap().program
}

#[tokio::test]
async fn temporals_own_command_line_reads_histories_through_it() {
    let app = TestApp::start().await;
    let owner = app.person(10).await;
    let wanted = json!({ "title": "Trente bougies" });
    let made = app.make_pot(owner, &key(), &wanted).await.expect(201);
    let process = format!("pot/{}", made["id"].as_str().unwrap());
    let program = temporal().await;
    let show = async |auth: Option<String>| {
        let address = app.world().temporal.address().replace("http://", "");
        let mut command = tokio::process::Command::new(&program);
        command.args([
            "workflow",
            "show",
            "--workflow-id",
            &process,
            "--output",
            "json",
            "--address",
            &address,
        ]);
        if let Some(auth) = auth {
            command.args([
                "--codec-endpoint",
                &format!("{}/api/admin/codec", app.base),
                "--codec-auth",
                &auth,
            ]);
        }
        let output = command.output().await.unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let bearer = async |role| Some(format!("Bearer {}", app.staff_token(app.person(100).await, role)));
    let tells = |text: &str| carried_in(text).contains("Trente bougies");
    let (_, ciphertext) = show(None).await;
    assert!(
        ciphertext.contains(&*STANDARD.encode("binary/encrypted")) || ciphertext.contains("binary/encrypted")
    );
    assert!(!tells(&ciphertext), "{ciphertext}");
    let (done, clear) = show(bearer(Role::Superadmin).await).await;
    assert!(done && tells(&clear), "{clear}");
    let (done, masked) = show(bearer(Role::Support).await).await;
    let seen = carried_in(&masked);
    assert!(done && !tells(&masked) && seen.contains("\"title\":\"•••\""), "{seen}");
    assert!(seen.contains(made["id"].as_str().unwrap()), "{seen}");
    let (done, _) = show(Some("Bearer nonsense".to_owned())).await;
    assert!(!done, "without a token that is good nothing is decoded");
}
