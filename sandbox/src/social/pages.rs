//! The providers over HTTP: what they publish, the page on which a developer picks a person, and the same for programs.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use minijinja::{Environment, context, value::Serde};
use serde::{Deserialize, Serialize};
use serde_json::json;
use wolo_domain::accounts::IdentityProvider;

use super::graph::{self, AccessOrder};
use super::minting::{self, Flaw, Order};
use super::people::Person;
use super::providers::{Endpoint, Providers, Trouble};

pub(super) fn router(providers: Arc<Providers>) -> Result<Router, minijinja::Error> {
    let mut pages = crate::pages::environment();
    pages.add_template("social.html", include_str!("templates/social.html"))?;
    let pages = Router::new()
        .route("/", get(show).post(pick))
        .with_state(Arc::new(Pages { providers: Arc::clone(&providers), pages }));
    let calls = Router::new()
        .route("/{provider}/.well-known/openid-configuration", get(discovery))
        .route("/{provider}/keys", get(keys))
        .route("/stranger/keys", get(strangers_keys))
        .route("/facebook/graph/debug_token", get(graph::debug_token))
        .route("/facebook/graph/me", get(graph::me))
        .route("/_sandbox/id-tokens", post(id_token))
        .route("/_sandbox/access-tokens", post(access_token))
        .route("/_sandbox/{provider}/rotate", post(rotate))
        .route("/_sandbox/{provider}/trouble", post(trouble))
        .with_state(providers);
    Ok(pages.merge(calls))
}

type Here = State<Arc<Providers>>;
type Which = Path<IdentityProvider>;

async fn discovery(State(providers): Here, Path(provider): Which) -> Response {
    Json(json!({
        "issuer": provider.issuer(),
        "jwks_uri": providers.keys_url(provider),
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
    }))
    .into_response()
}

async fn keys(State(providers): Here, Path(provider): Which) -> Response {
    providers.count(Endpoint::Keys(provider));
    if let Some(answer) = providers.bad_day(provider).await {
        return answer;
    }
    let keys: Vec<_> = providers.published(provider).into_iter().map(super::keys::Key::published).collect();
    ([(header::CACHE_CONTROL, "public, max-age=3600")], Json(json!({ "keys": keys }))).into_response()
}

async fn strangers_keys(State(providers): Here) -> Response {
    providers.count(Endpoint::StrangersKeys);
    StatusCode::NOT_FOUND.into_response()
}

async fn id_token(State(providers): Here, Json(order): Json<Order>) -> Response {
    Json(json!({ "token": minting::id_token(&providers, &order) })).into_response()
}

async fn access_token(State(providers): Here, Json(order): Json<AccessOrder>) -> Response {
    Json(json!({ "token": graph::access_token(&providers, order) })).into_response()
}

async fn rotate(State(providers): Here, Path(provider): Which) -> Response {
    providers.rotate(provider);
    Json(json!({ "done": true })).into_response()
}

async fn trouble(State(providers): Here, Path(provider): Which, Json(trouble): Json<Trouble>) -> Response {
    providers.set_trouble(provider, trouble);
    Json(json!({ "done": true })).into_response()
}

struct Pages {
    providers: Arc<Providers>,
    pages: Environment<'static>,
}

/// What is picked on the page.
#[derive(Deserialize)]
struct Picked {
    subject: String,
    /// A provider's identity token, or `facebook_access_token`.
    kind: String,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    flaw: String,
}

/// The body of the request in which the token is shown to WOLO.
#[derive(Serialize)]
struct ToPaste {
    provider: IdentityProvider,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
}

async fn show(State(pages): State<Arc<Pages>>) -> Response {
    pages.render(None)
}

async fn pick(State(pages): State<Arc<Pages>>, Form(picked): Form<Picked>) -> Response {
    let Some(made) = pages.make(picked) else {
        return (StatusCode::BAD_REQUEST, "there is no such person, kind or flaw").into_response();
    };
    pages.render(serde_json::to_string_pretty(&made).ok())
}

impl Pages {
    fn make(&self, picked: Picked) -> Option<ToPaste> {
        let person = Person::known().into_iter().find(|person| person.subject == picked.subject)?;
        if picked.kind == "facebook_access_token" {
            let token = graph::access_token(&self.providers, AccessOrder::new(&person));
            let provider = IdentityProvider::Facebook;
            return Some(ToPaste { provider, id_token: None, nonce: None, access_token: Some(token) });
        }
        let provider = picked.kind.parse().ok()?;
        let mut order = Order::new(provider, &person, picked.nonce.trim());
        if !picked.flaw.is_empty() {
            order.flaw = Some(serde_json::from_value::<Flaw>(picked.flaw.into()).ok()?);
        }
        let id_token = Some(minting::id_token(&self.providers, &order));
        Some(ToPaste { provider, id_token, nonce: Some(order.nonce), access_token: None })
    }

    fn render(&self, made: Option<String>) -> Response {
        let providers: Vec<_> = IdentityProvider::ALL
            .into_iter()
            .map(|provider| {
                let key = self.providers.key(provider).name();
                let trouble = Serde(self.providers.trouble(provider));
                context! { word => provider.as_str(), name => provider.name(), key, trouble }
            })
            .collect();
        let flaws: Vec<_> = Flaw::FATAL.into_iter().chain([Flaw::UnverifiedEmail]).collect();
        let values = context! { providers, people => Serde(Person::known()), flaws => Serde(flaws), made };
        match self.pages.get_template("social.html").and_then(|page| page.render(values)) {
            Ok(html) => Html(html).into_response(),
            Err(error) => {
                tracing::error!(%error, "the identity providers' page does not render");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
