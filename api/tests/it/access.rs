//! `api/access.csv`: every route, every kind of caller, every answer.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;
use wolo_api::Who;
use wolo_api::tokens::Bearer;
use wolo_domain::accounts::Role;

use crate::app::{TestApp, key};
use crate::reply::Reply;

const TABLE: &str = include_str!("../../access.csv");

struct Row<'a> {
    method: &'a str,
    path: &'a str,
    pot: &'a str,
    /// Caller to status.
    answers: BTreeMap<&'a str, u16>,
}

fn rows() -> Vec<Row<'static>> {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let columns: Vec<_> = lines.next().unwrap().split(',').collect();
    let row = |line: &'static str| {
        let cells: Vec<_> = line.split(',').collect();
        assert_eq!(cells.len(), columns.len(), "{line}");
        let answers =
            columns.iter().zip(&cells).skip(3).map(|(caller, status)| (*caller, status.parse().unwrap()));
        Row { method: cells[0], path: cells[1], pot: cells[2], answers: answers.collect() }
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

#[tokio::test]
async fn every_caller_gets_the_answer_of_the_table() {
    let app = TestApp::start().await;
    let mut pots: BTreeMap<&str, (String, String)> = BTreeMap::new();
    for visibility in ["public", "link", "private"] {
        let owner = app.person(10).await;
        let wanted = json!({ "title": "x", "visibility": visibility });
        let made = app.make_pot(owner, &key(), &wanted).await.expect(201);
        let pot = made["id"].as_str().unwrap().to_owned();
        app.until(async || (app.look_at(&pot, Some(owner)).await.json()["stage"] == "open").then_some(()))
            .await;
        pots.insert(visibility, (pot, app.token(owner)));
    }
    let somebody = app.person(100).await;
    let staff = |role| Some(app.staff_token(somebody, role));
    let weak = Bearer { sid: None, roles: vec![Role::Superadmin], amr: vec!["pwd".to_owned()] };
    let weak = app.token_with(somebody, weak);
    let mut wrong = Vec::new();
    for row in rows() {
        let pot = pots.get(row.pot).or(pots.get("public")).unwrap();
        let path = row
            .path
            .replace("{pot}", &pot.0)
            .replace("{file}", "swagger-ui.css")
            .replace("{id}", &Uuid::new_v4().to_string());
        for (caller, expected) in &row.answers {
            let token = match *caller {
                "visitor" => None,
                "user" => Some(app.token(somebody)),
                "owner" => Some(pot.1.clone()),
                "weak" => Some(weak.clone()),
                role => staff(role.parse().unwrap()),
            };
            let method = Method::from_bytes(row.method.as_bytes()).unwrap();
            let has_body = method == Method::POST || method == Method::PUT;
            let mut request = app.request(method, &path).header("idempotency-key", key());
            if has_body {
                request = request.json(&json!({}));
            }
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let reply = Reply::of(request).await;
            if reply.status.as_u16() != *expected {
                let (method, path, pot, status) = (row.method, row.path, row.pot, reply.status.as_u16());
                wrong.push(format!("{method} {path} ({pot}) as {caller}: {status}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
