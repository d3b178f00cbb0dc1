//! The inbox as a page for people and as JSON for programs.
//!
//! | call | does |
//! |---|---|
//! | `GET /` | everybody's messages, the newest first; with `?to=`, once or more, one person's as they see them |
//! | `GET /messages` | the same for programs: all of them, or `?most=` |
//! | `POST /press` `{channel, key, button}` | presses a button below a message |
//! | `POST /write` `{carrier, from, text}` | writes to who carries messages |
//! | `POST /carriers/{name}` `{off}` | nobody is reached by it any more, or everybody again |

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header::REFERER};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use minijinja::{Environment, context, value::Serde};
use serde::{Deserialize, Serialize};

use super::{Button, Channel, Message, Said, Slot};

struct Pages {
    slot: Slot,
    page: Environment<'static>,
}

type Here = State<Arc<Pages>>;

pub(super) fn router(slot: Slot) -> Result<Router, minijinja::Error> {
    let mut page = crate::pages::environment();
    page.add_template("inbox.html", include_str!("templates/inbox.html"))?;
    Ok(Router::new()
        .route("/", get(show))
        .route("/messages", get(list))
        .route("/press", post(press))
        .route("/write", post(write))
        .route("/carriers/{name}", post(switch))
        .with_state(Arc::new(Pages { slot, page })))
}

/// Messages on the page, and in what its script looks at: a browser can show no thousands.
const SHOWN: usize = 200;

/// What is asked for: `?to=` for somebody, once or more, and `?most=` of the newest.
struct Wanted {
    people: Vec<String>,
    most: usize,
}

impl Wanted {
    fn read(query: Option<String>, most: usize) -> Self {
        let query = query.unwrap_or_default();
        let mut wanted = Self { people: Vec::new(), most };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "to" if !value.is_empty() => wanted.people.push(value.into_owned()),
                "most" => wanted.most = value.parse().unwrap_or(most),
                _ => {}
            }
        }
        wanted
    }
}

impl Pages {
    /// The newest first, as a mailbox shows them.
    fn wanted(&self, Wanted { people, most }: &Wanted) -> Vec<Message> {
        let arrived = self.slot.0.arrived();
        let theirs = |message: &&Message| people.is_empty() || people.contains(&message.to);
        arrived.messages.iter().rev().filter(theirs).take(*most).cloned().collect()
    }
}

async fn list(State(pages): Here, RawQuery(query): RawQuery) -> Json<Vec<Message>> {
    Json(pages.wanted(&Wanted::read(query, usize::MAX)))
}

/// Who carries messages, as the page shows it.
#[derive(Serialize)]
struct Shown {
    name: &'static str,
    off: bool,
    /// Whether who has a phone can write by it.
    hears: bool,
}

async fn show(State(pages): Here, RawQuery(query): RawQuery) -> Response {
    let wanted = Wanted::read(query, SHOWN);
    let mut messages = pages.wanted(&wanted);
    let Wanted { people, most } = wanted;
    if !people.is_empty() {
        // A person reads downwards.
        messages.reverse();
    }
    let phones: Vec<_> = people.iter().filter(|one| one.starts_with('+')).cloned().collect();
    let carriers = pages.slot.carriers().into_iter().map(|carrier| Shown {
        name: carrier.name(),
        off: carrier.is_off(),
        hears: carrier.hears(),
    });
    let carriers: Vec<_> = carriers.collect();
    let values = context! {
        messages => Serde(&messages),
        carriers => Serde(&carriers),
        people,
        phones,
        most,
    };
    match pages.page.get_template("inbox.html").and_then(|page| page.render(values)) {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "the inbox does not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Back to where the button was, and nowhere else.
fn back(headers: &HeaderMap) -> Redirect {
    let from = headers.get(REFERER).and_then(|value| value.to_str().ok());
    let query =
        from.and_then(|from| url::Url::parse(from).ok()).and_then(|url| url.query().map(str::to_owned));
    Redirect::to(&query.map_or_else(|| "/".to_owned(), |query| format!("/?{query}")))
}

fn nobody() -> Response {
    (StatusCode::NOT_FOUND, "nobody here does that").into_response()
}

#[derive(Deserialize)]
struct Pressed {
    channel: Channel,
    key: String,
    /// Its place below the message.
    button: usize,
}

async fn press(State(pages): Here, headers: HeaderMap, Form(pressed): Form<Pressed>) -> Response {
    let message = pages.slot.0.find(pressed.channel, &pressed.key);
    let Some(message) = message else { return nobody() };
    let carrier = message.carrier.and_then(|name| pages.slot.carrier(name));
    let button = message.buttons.into_iter().nth(pressed.button);
    let (Some(carrier), Some(Button::Reply { title, payload })) = (carrier, button) else { return nobody() };
    carrier.hear(&Said { from: message.to, text: title, below: Some(message.key), payload: Some(payload) });
    back(&headers).into_response()
}

#[derive(Deserialize)]
struct Written {
    carrier: String,
    from: String,
    text: String,
}

async fn write(State(pages): Here, headers: HeaderMap, Form(written): Form<Written>) -> Response {
    let carrier = pages.slot.carrier(&written.carrier).filter(|carrier| carrier.hears());
    let Some(carrier) = carrier else { return nobody() };
    if !written.text.trim().is_empty() {
        carrier.hear(&Said { from: written.from, text: written.text, below: None, payload: None });
    }
    back(&headers).into_response()
}

#[derive(Deserialize)]
struct Switch {
    off: bool,
}

async fn switch(
    State(pages): Here,
    Path(name): Path<String>,
    headers: HeaderMap,
    Form(switch): Form<Switch>,
) -> Response {
    let Some(carrier) = pages.slot.carrier(&name) else { return nobody() };
    carrier.switch(switch.off);
    back(&headers).into_response()
}
