//! The contract as it is given out, and the languages of what is said.

use reqwest::Method;
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use serde_json::{Value, json};
use wolo_domain::pots::Visibility;

use crate::app::{TestApp, key};
use crate::reply::Reply;

async fn contract(app: &TestApp) -> Value {
    Reply::of(app.get("/openapi.json")).await.expect(200)
}

#[tokio::test]
async fn the_contract_is_given_out_as_it_stands_in_the_repository() {
    let app = TestApp::start().await;
    let given = Reply::of(app.get("/openapi.json")).await;
    assert_eq!(given.headers[CONTENT_TYPE], "application/json");
    assert!(given.body == include_str!("../../openapi.json"), "see api/src/contract/tests.rs");
    assert_eq!(given.json()["openapi"], "3.1.0");
}

#[tokio::test]
async fn every_described_method_is_served_and_no_other() {
    let app = TestApp::start().await;
    for (path, item) in contract(&app).await["paths"].as_object().unwrap() {
        // What is in braces stands for anything.
        let address = path.replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let described = item.get(method.as_str().to_lowercase()).is_some();
            let reply = Reply::of(app.request(method.clone(), &address)).await;
            if described {
                assert_ne!(reply.status, 405, "{method} {path}");
                // What answers here is the operation: it says of what there is none.
                let unknown = reply.status == 404 && reply.body.contains("\"route_unknown\"");
                let is_for_development = path.starts_with("/dev/");
                assert!(!unknown || path.ends_with("/{file}") || is_for_development, "{method} {path}");
            } else {
                reply.problem(405, "method_not_allowed");
            }
        }
    }
}

/// Bounds stand in the contract as numbers, because nothing else can be written there.
#[tokio::test]
async fn the_bounds_in_the_contract_are_the_ones_that_hold() {
    let app = TestApp::start().await;
    let contract = contract(&app).await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let longest = |schema: &str, field: &str| {
        let bound = &contract["components"]["schemas"][schema]["properties"][field]["maxLength"];
        usize::try_from(bound.as_u64().unwrap()).unwrap()
    };
    for field in ["title", "description"] {
        let most = longest("NewPot", field);
        let with = |chars| {
            let mut wanted = json!({ "title": "x" });
            wanted[field] = "é".repeat(chars).into();
            wanted
        };
        let owner = app.person(200).await;
        app.make_pot(owner, &key(), &with(most + 1)).await.wrong_field(422, field);
        app.make_pot(owner, &key(), &with(most)).await.expect(201);
    }
    for field in ["name", "message"] {
        let most = longest("Gift", field);
        let with = |chars| {
            let mut gift = json!({ "pot": pot, "amount": 500 });
            gift[field] = "é".repeat(chars).into();
            gift
        };
        app.give(None, &key(), &with(most + 1)).await.wrong_field(422, field);
        app.give(None, &key(), &with(most)).await.expect(201);
    }
    let limit = &contract["paths"]["/api/pots"]["get"]["parameters"][0]["schema"]["maximum"];
    Reply::of(app.get(&format!("/api/pots?limit={limit}"))).await.expect(200);
    let more = limit.as_u64().unwrap() + 1;
    Reply::of(app.get(&format!("/api/pots?limit={more}"))).await.wrong_field(422, "limit");
}

/// The headers that the contract promises are there when they should be.
#[tokio::test]
async fn what_an_answer_promises_is_in_the_contract() {
    let app = TestApp::start().await;
    let contract = contract(&app).await;
    let donate = &contract["paths"]["/api/payments/donate"]["post"]["responses"];
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let (once, gift) = (key(), json!({ "pot": pot, "amount": 500 }));
    app.give(None, &once, &gift).await.expect(201);
    let again = app.give(None, &once, &gift).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert!(donate["201"]["headers"]["Idempotency-Replayed"].is_object());
    let fields = again.json();
    let described = &contract["components"]["schemas"]["AskedGift"]["properties"];
    for field in fields.as_object().unwrap().keys() {
        assert!(described[field].is_object(), "{field} is not described");
    }
}

#[tokio::test]
async fn the_documentation_loads_nothing_from_elsewhere_and_runs_no_script_in_the_page() {
    let app = TestApp::start().await;
    let page = Reply::of(app.get("/docs")).await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    let wanted: Vec<&str> = page
        .body
        .split(['"', ' '])
        .filter(|part| part.starts_with("/docs/") || part.contains("//"))
        .collect();
    assert_eq!(wanted.len(), 5, "{wanted:?}");
    for file in wanted {
        let reply = Reply::of(app.get(file)).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("x-content-type-options")),
            (200, "nosniff"),
            "{file}"
        );
        let kind = reply.header("content-type");
        let script = std::path::Path::new(file).extension().is_some_and(|end| end == "js");
        assert_eq!(kind.starts_with("text/javascript"), script, "{file}: {kind}");
    }
    assert_eq!(page.body.matches("<script").count(), page.body.matches("<script src=\"/docs/").count());
    let start = Reply::of(app.get("/docs/swagger-initializer.js")).await;
    assert!(start.body.contains("\"/openapi.json\"") && !start.body.contains("://"), "{}", start.body);
    for unknown in ["/docs/nothing", "/docs/index.html", "/docs/%ff", "/docs/..%2Fdocs.html"] {
        Reply::of(app.get(unknown)).await.problem(404, "route_unknown");
    }
}

#[tokio::test]
async fn who_reads_wolof_is_told_in_wolof_what_went_wrong() {
    let app = TestApp::start().await;
    let unknown = Reply::of(app.get("/api/nothing").header(ACCEPT_LANGUAGE, "wo-SN, fr;q=0.8")).await;
    unknown.problem(404, "route_unknown");
    insta::assert_snapshot!(unknown.body, @r#"{"type":"/problems/route_unknown","title":"Adrees bi amul","status":404,"detail":"Dara nekkul ci adrees bii.","code":"route_unknown","request_id":"a-test"}"#);
    assert_eq!(unknown.header("content-language"), "wo");
    let asking = app.post("/api/users/auth/otp/request").header(ACCEPT_LANGUAGE, "wo");
    let wrong = Reply::of(asking.json(&serde_json::json!({ "phone": "12" }))).await;
    assert_eq!(wrong.header("content-language"), "wo");
    insta::assert_snapshot!(wrong.problem(422, "request_invalid")["errors"][0]["message"].as_str().unwrap(), @"lii du nimero telefon ; bindal +221771234567, walla 771234567 ngir Senegaal");
}
