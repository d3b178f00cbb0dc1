//! `api/access.csv`: every route, every kind of caller, every answer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_api::Who;
use wolo_api::tokens::Bearer;
use wolo_database::accounts::identities;
use wolo_database::accounts::sessions::{self, NewSession};
use wolo_database::notices::{self, Platform};
use wolo_domain::accounts::{IdentityProvider, Role};
use wolo_domain::ids::{DocumentId, UserId};
use wolo_domain::notices::Kind;
use wolo_domain::pots::Visibility;

use crate::app::{RECEIPTS_OF_ORANGE, TestApp, WORD_OF_THE_CODEC, born, key};
use crate::reply::Reply;

const TABLE: &str = include_str!("../../access.csv");

pub(crate) struct Row<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// What the request names.
    about: &'a str,
    /// Caller to status.
    answers: BTreeMap<&'a str, u16>,
}

pub(crate) fn rows() -> Vec<Row<'static>> {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let columns: Vec<_> = lines.next().unwrap().split(',').collect();
    let row = |line: &'static str| {
        let cells: Vec<_> = line.split(',').collect();
        assert_eq!(cells.len(), columns.len(), "{line}");
        let answers =
            columns.iter().zip(&cells).skip(3).map(|(caller, status)| (*caller, status.parse().unwrap()));
        Row { method: cells[0], path: cells[1], about: cells[2], answers: answers.collect() }
    };
    lines.map(row).collect()
}

#[tokio::test]
async fn every_route_has_a_row() {
    let app = TestApp::start().await;
    let document = Reply::of(app.get("/openapi.json")).await.expect(200);
    let routes: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item
                .as_object()
                .unwrap()
                .keys()
                .filter(|name| Method::from_bytes(name.to_uppercase().as_bytes()).is_ok());
            methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .filter(|(method, _)| ["GET", "POST", "PUT", "DELETE", "PATCH"].contains(&method.as_str()))
        .collect();
    let listed = rows().iter().map(|row| (row.method.to_owned(), row.path.to_owned())).collect();
    assert_eq!(routes, listed, "api/access.csv has exactly the routes that there are");
}

#[test]
fn whom_a_route_names_as_its_askers_is_whom_the_table_lets_in() {
    for route in wolo_api::routes() {
        let Who::Roles(roles) = &route.who else { continue };
        let row = rows().into_iter().find(|row| (row.method, row.path) == (&*route.method, &*route.path));
        let row = row.unwrap();
        for role in Role::ALL {
            let let_in = row.answers[role.as_str()] != 403;
            assert_eq!(
                let_in,
                roles.iter().any(|one| one == role.as_str()),
                "{} {}",
                row.path,
                role.as_str()
            );
        }
        assert_eq!((row.answers["visitor"], row.answers["user"]), (401, 403), "{}", row.path);
    }
}

/// What every route of a pot is tried with.
const POTS: [&str; 5] = ["public", "link", "link/slug", "private", "minor"];

#[test]
fn what_a_route_names_is_tried_as_ones_own_and_as_somebody_elses() {
    let rows = rows();
    let tried = |path: &str, about: &str| rows.iter().any(|row| row.path == path && row.about == about);
    for path in rows.iter().map(|row| row.path).collect::<BTreeSet<_>>() {
        let staff = path.starts_with("/api/admin/") || path.starts_with("/api/analytics/");
        if path == "/api/payments/donate" || (path.contains("{pot}") && !staff) {
            for about in POTS {
                assert!(tried(path, about), "{path} has no row about {about}");
            }
        } else if path.contains('{') && !path.ends_with("/{file}") && !path.starts_with("/api/analytics/") {
            let about_something = rows.iter().any(|row| row.path == path && row.about != "-");
            assert!(about_something, "{path} has no row about what somebody owns");
        }
    }
}

/// What a row is about, and whose it is.
struct Scene<'a> {
    app: &'a TestApp,
    row: &'a Row<'a>,
    owner: UserId,
    /// How the request names it.
    name: String,
}

impl<'a> Scene<'a> {
    async fn of(app: &'a TestApp, row: &'a Row<'a>) -> Self {
        let owner = if row.about.starts_with("minor") {
            app.person_born(born(15, 10)).await
        } else {
            app.person(10).await
        };
        let name = match row.about {
            "identity" => "google".to_owned(),
            "case" => app.opened_case(owner, None).await.to_string(),
            "-" if row.path.contains("{provider}") => "google".to_owned(),
            "-" | "session" | "device" | "consent" => Uuid::new_v4().to_string(),
            "orange" => RECEIPTS_OF_ORANGE.to_owned(),
            "codec" => WORD_OF_THE_CODEC.to_owned(),
            "invitation" => {
                let sent = app.invited(owner).await;
                if row.path.contains("{id}") { sent.invitation.to_string() } else { sent.token }
            }
            "message" => {
                let link = app.message(Some(owner), Kind::DaysLeft, None).await.link;
                link.rsplit('/').next().unwrap().to_owned()
            }
            "gift" => {
                let (pot, _) = app.open_pot(Visibility::Public).await;
                let given = app.give(Some(owner), &key(), &json!({ "pot": pot, "amount": 500 })).await;
                given.expect(201)["donation"].as_str().unwrap().to_owned()
            }
            pot => named_pot(app, owner, pot).await,
        };
        if row.about == "identity" {
            let operator = wolo_database::connect(&app.world().postgres.url("wolo"), 1).await.unwrap();
            let mut operator = operator.acquire().await.unwrap();
            for provider in [IdentityProvider::Google, IdentityProvider::Apple] {
                let subject = Uuid::new_v4().to_string();
                identities::link(&mut operator, owner, provider.issuer(), &subject).await.unwrap();
            }
        }
        Self { app, row, owner, name }
    }

    /// Each is another person: some requests end all that their caller is signed in with.
    async fn token(&self, caller: &str) -> Option<String> {
        let somebody = self.app.person(100).await;
        let weak = Bearer { roles: vec![Role::Superadmin], amr: vec!["pwd".to_owned()], ..Bearer::default() };
        Some(match caller {
            "visitor" => return None,
            "user" => self.app.token(somebody),
            "owner" => self.app.token(self.owner),
            "weak" => self.app.token_with(somebody, weak),
            role => {
                // Who reviews is looked up when they do, whatever their token says.
                self.app.works_as(somebody, role).await;
                self.app.staff_token(somebody, role.parse().unwrap())
            }
        })
    }

    /// Sends the row's request as one of its callers.
    async fn ask(&self, caller: &str) -> Reply {
        // A session ends once and a phone is taken away once, so each caller tries it with another one.
        let name = match self.row.about {
            "session" => self.app.session_of(self.owner).await.to_string(),
            "device" => self.app.device_of(self.owner).await.to_string(),
            "consent" => {
                let requested = self.app.requested(self.app.minor().await).await;
                if self.row.path.contains("{consent}") { requested.id.to_string() } else { requested.token }
            }
            _ => self.name.clone(),
        };
        let path = ["{pot}", "{id}", "{case}", "{consent}", "{provider}", "{token}", "{secret}"]
            .iter()
            .fold(self.row.path.to_owned(), |path, part| path.replace(part, &name));
        let document = DocumentId::from_uuid(Uuid::now_v7()).to_string();
        let path = path.replace("{file}", "swagger-ui.css").replace("{document}", &document);
        let path = path.replace("{figure}", "gifts").replace("{export}", "figures.csv");
        let method = Method::from_bytes(self.row.method.as_bytes()).unwrap();
        let has_body = method == Method::POST || method == Method::PUT;
        let mut request = self.app.request(method, &path).header("idempotency-key", key());
        if has_body {
            request = request.json(&self.body(caller, &name).await);
        }
        if let Some(token) = self.token(caller).await {
            request = request.bearer_auth(token);
        }
        Reply::of(request).await
    }

    /// What the request says. An invitation is answered once, so each caller has another one.
    async fn body(&self, caller: &str, name: &str) -> Value {
        match (self.row.path, self.row.about) {
            (_, "-") => json!({}),
            ("/api/payments/donate", _) => json!({ "pot": name, "amount": 500 }),
            ("/api/sponsorship/decline", _) => json!({ "token": self.app.invited(self.owner).await.token }),
            ("/api/sponsorship/accept", _) => {
                let theirs = if caller == "owner" { self.owner } else { self.app.person(100).await };
                let born = format!("select birth_date from people.users where user_id = '{}'", theirs.uuid());
                let born: NaiveDate = self.app.read(&born).await;
                json!({ "token": self.app.invited(self.owner).await.token, "birth_date": born })
            }
            _ => json!({}),
        }
    }
}

/// A pot of its owner's, by its id or by its link.
async fn named_pot(app: &TestApp, owner: UserId, about: &str) -> String {
    let (kind, by) = about.split_once('/').unwrap_or((about, "id"));
    let visibility = if kind == "minor" { "public" } else { kind };
    let wanted = json!({ "title": "x", "visibility": visibility });
    let made = app.make_pot(owner, &key(), &wanted).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    if kind != "minor" {
        let opened = async || app.look_at(&id, Some(owner)).await.json()["stage"] == "open";
        app.until(async || opened().await.then_some(())).await;
    }
    if by == "slug" { made["slug"].as_str().unwrap().to_owned() } else { id }
}

impl TestApp {
    async fn device_of(&self, user: UserId) -> Uuid {
        let token = Uuid::new_v4().to_string();
        let mut worker = self.pool.acquire().await.unwrap();
        notices::add_device(&mut worker, user, &token, Platform::Android).await.unwrap().id
    }

    /// A session that nobody uses.
    async fn session_of(&self, user: UserId) -> Uuid {
        let owner = wolo_database::connect(&self.world().postgres.url("wolo"), 1).await.unwrap();
        let id = Uuid::now_v7();
        let new = NewSession {
            id,
            user,
            device: None,
            proofs: &[],
            token_hash: id.as_bytes(),
            lives: chrono::TimeDelta::hours(1),
        };
        sessions::begin(&mut owner.acquire().await.unwrap(), &new).await.unwrap();
        id
    }
}

#[tokio::test]
async fn every_caller_gets_the_answer_of_the_table() {
    let app = TestApp::start().await;
    let mut wrong = Vec::new();
    for row in &rows() {
        let scene = Scene::of(&app, row).await;
        for (caller, expected) in &row.answers {
            let status = scene.ask(caller).await.status.as_u16();
            if status != *expected {
                let (method, path, about) = (row.method, row.path, row.about);
                wrong.push(format!("{method} {path} ({about}) as {caller}: {status}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
