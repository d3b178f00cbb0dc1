//! What leads on from a pot's page and to it: older wishes, links, codes and pictures, the first page, the timeline.

use std::collections::BTreeSet;

use chrono::Utc;
use futures::future::join_all;
use reqwest::header::ACCEPT_LANGUAGE;
use serde_json::Value;
use uuid::Uuid;
use wolo_database::pots;
use wolo_domain::pots::{PotSettings, Visibility};

use crate::app::{TestApp, settings};
use crate::pot_page::named;
use crate::reply::Reply;

#[tokio::test]
async fn wishes_go_on_where_a_page_of_them_ends() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(settings()).await;
    app.wished(pot, 25).await;
    let first = app.page(&format!("/p/{slug}")).await;
    assert_eq!(first.body.matches("Voeu numero").count(), 20);
    assert!(first.body.contains("Voeu numero 25.") && !first.body.contains("Voeu numero 5."));
    assert!(first.body.contains("<span class=\"badge\">25</span>"));
    let older = first.body.split("href=\"?before=").nth(1).unwrap().split("&amp;").next().unwrap();
    let rest = app.page(&format!("/p/{slug}?before={older}&fbclid=whatever")).await;
    assert_eq!(rest.body.matches("Voeu numero").count(), 5);
    assert!(rest.body.contains("Voeu numero 5.") && !rest.body.contains("?before="));
    // The list of the API goes on in the same way, and names no gift by its id.
    let list = Reply::of(app.get(&format!("/api/pots/{slug}/donations?limit=20"))).await;
    assert!(!list.body.contains("don_"));
    let next = list.expect(200)["next"].as_str().unwrap().to_owned();
    let rest = Reply::of(app.get(&format!("/api/pots/{slug}/donations")).query(&[("after", next)]))
        .await
        .expect(200);
    assert_eq!((rest["gifts"].as_array().unwrap().len(), &rest["next"]), (5, &Value::Null));
    Reply::of(app.get(&format!("/api/pots/{slug}/donations?after=x"))).await.wrong_field(422, "after");
}

#[tokio::test]
async fn a_pot_is_shared_with_its_link_words_a_code_and_a_picture_of_a_first_name() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(named(Visibility::Public)).await;
    let share = Reply::of(app.get(&format!("/api/pots/{slug}/share"))).await.expect(200);
    let link = format!("{}/p/{slug}", app.base);
    assert_eq!(share["link"], link);
    let text = share["text"].as_str().unwrap();
    assert!(text.contains("L’anniversaire d’Awa") && text.ends_with(&link), "{text}");
    let whatsapp = share["whatsapp"].as_str().unwrap();
    assert!(whatsapp.starts_with("https://wa.me/?text=") && whatsapp.contains(&slug), "{whatsapp}");
    assert!(share["qr"].as_str().unwrap().starts_with("<svg xmlns="));
    let english = Reply::of(app.get(&format!("/api/pots/{slug}/share")).header(ACCEPT_LANGUAGE, "en")).await;
    assert!(english.expect(200)["text"].as_str().unwrap().contains("Awa’s birthday"));
    // Who does not have the link is not given it.
    let by_id = Reply::of(app.get(&format!("/api/pots/{pot}/share"))).await;
    assert!(!by_id.body.contains(&slug) && by_id.body.contains(&pot.to_string()));

    let page = app.page(&format!("/p/{slug}")).await;
    let picture = format!("{link}/picture.png");
    assert!(
        page.body.contains(&format!("<meta property=\"og:image\" content=\"{picture}\">")),
        "{}",
        page.body
    );
    assert!(page.body.contains("href=\"https://wa.me/?text="));
    let drawn = app.get(&format!("/p/{slug}/picture.png")).send().await.unwrap();
    assert_eq!(drawn.headers()["content-type"], "image/png");
    let bytes = drawn.bytes().await.unwrap();
    assert_eq!(bytes[16..24], [0, 0, 4, 176, 0, 0, 2, 118]);
}

#[tokio::test]
async fn the_first_page_says_what_this_is_and_lists_what_is_public_and_open() {
    let app = TestApp::start().await;
    let title = |mark: &str| format!("Fête {mark} {}", Uuid::new_v4().simple());
    let (listed, linked) = (title("publique"), title("cachée"));
    let (public, _) = app.opened(PotSettings { title: listed.clone(), ..named(Visibility::Public) }).await;
    app.opened(PotSettings { title: linked.clone(), ..named(Visibility::Link) }).await;
    let home = app.page("/").await;
    home.is(200);
    assert!(home.body.contains("Comment ça marche") && home.body.contains(&listed), "{}", home.body);
    assert!(home.body.contains(&format!("href=\"/p/{public}\"")) && !home.body.contains(&linked));
    assert!(!home.header("content-security-policy").contains("unsafe"));
    assert!(app.page_in_english("/").await.body.contains("How it works"));
}

#[tokio::test]
async fn many_who_look_at_once_see_the_same() {
    let app = TestApp::start().await;
    let (_, slug) = app.opened(settings()).await;
    let path = format!("/p/{slug}");
    let pages = join_all((0..30).map(|_| app.page(&path))).await;
    // Each has a form of its own: what it gives is one gift.
    let keys: BTreeSet<&str> = pages
        .iter()
        .map(|page| page.body.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap())
        .collect();
    assert_eq!(keys.len(), 30);
}

#[tokio::test]
async fn a_timeline_says_what_was_and_what_is_planned() {
    let app = TestApp::start().await;
    let (pot, _) = app.opened(named(Visibility::Public)).await;
    let steps = async || {
        let told = Reply::of(app.get(&format!("/api/pots/{pot}/timeline"))).await.expect(200);
        let steps = told["steps"].as_array().unwrap().clone();
        steps
            .iter()
            .map(|step| format!("{} {}", step["what"].as_str().unwrap(), step["done"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(steps().await, ["made true", "opens true", "closes false"]);
    pots::close(&app.pool, pot, Utc::now()).await.unwrap();
    assert_eq!(steps().await, ["made true", "opens true", "closes true"]);
    pots::cancel(&app.pool, pot, Utc::now()).await.unwrap();
    assert_eq!(steps().await.last().unwrap(), "cancelled true");
}
