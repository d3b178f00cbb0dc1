//! What every request passes, whatever it asks: an id, a place among those under way, a limit of time, a net under
//! panics, a count against its caller, one line of the log, its metrics, and the headers that every answer has.
//!
//! The log line names the route, never the address that was asked for: a pot's link is a secret of its givers. There
//! is no query, no header and no body in it.

pub(crate) mod address;
pub(crate) mod browsers;
mod lanes;
mod limiting;
mod pages;
mod traced;

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use opentelemetry::trace::FutureExt as _;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use tracing::Instrument as _;
use wolo_bootstrap::settings;

use crate::asker::{Asker, REQUEST_ID};
use crate::limits::{Class, LIMIT, POLICY};
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::state::App;
use lanes::Lanes;
use pages::Visitor;

/// A packet's worth: what is smaller travels as it is.
const WORTH_COMPRESSING: u64 = 1024;

#[derive(Clone)]
struct Edge {
    patience: Duration,
    /// People reach us by TLS.
    tls: bool,
    lanes: Lanes,
    metrics: Metrics,
}

impl Edge {
    fn new(api: &settings::Api, metrics: &Metrics) -> Self {
        Self {
            patience: api.request_timeout,
            tls: api.public_url.scheme() == "https",
            lanes: Lanes::new(api, metrics.clone()),
            metrics: metrics.clone(),
        }
    }
}

/// Puts the edge around all routes.
pub(crate) fn around(routes: Router<App>, app: &App) -> Router<App> {
    let api = &app.settings.api;
    // Events go out as they come, and what is a picture is small already.
    let worth_compressing = SizeAbove::new(WORTH_COMPRESSING)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("image/png"));
    let routes = routes
        .layer(middleware::from_fn_with_state(app.clone(), limiting::limit))
        .layer(middleware::from_fn_with_state(Edge::new(api, &app.metrics), pass))
        .layer(CompressionLayer::new().compress_when(worth_compressing));
    match browsers::allowing(&api.cors_origins, app.settings.temporal.ui.as_ref()) {
        Some(browsers) => routes.layer(browsers),
        None => routes,
    }
}

async fn pass(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let asker = Asker::of(request.headers(), request.uri());
    request.extensions_mut().insert(asker.clone());
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let visitor = Visitor::of(&request, &route);
    let trace = traced::begin(&method, &route);
    let span =
        tracing::info_span!("request", id = asker.request_id, %method, route, trace = traced::id(&trace));

    async {
        let mut response = match edge.lanes.enter(Class::of(&method, &route)) {
            Ok(_place) => caught(edge.patience, next.run(request)).await,
            Err(problem) => problem.into_response(),
        };
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            response = told(&problem, &response, &asker, visitor.as_ref());
        }
        finish(response.headers_mut(), edge.tls, &asker);
        let took = began.elapsed();
        traced::answered(response.status());
        edge.metrics.answered(&route, method.as_str(), response.status(), took);
        log(&method, response.status().as_u16(), took);
        response
    }
    .instrument(span)
    .with_context(trace)
    .await
}

/// A handler that panics or takes too long has an answer too. The panic itself is logged by the process's hook.
async fn caught(patience: Duration, handling: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(patience, AssertUnwindSafe(handling).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::new(Code::Internal).into_response(),
        Err(_) => Problem::new(Code::TimedOut).into_response(),
    }
}

/// The problem as a response, keeping what the router and the limits knew.
fn told(problem: &Problem, response: &Response, asker: &Asker, visitor: Option<&Visitor>) -> Response {
    let mut told = problem.respond(asker);
    if let Some(visitor) = visitor {
        told = visitor.told(problem, &told, asker);
    }
    for name in [header::ALLOW, POLICY, LIMIT] {
        if let Some(value) = response.headers().get(&name) {
            told.headers_mut().insert(name, value.clone());
        }
    }
    told
}

fn finish(headers: &mut HeaderMap, tls: bool, asker: &Asker) {
    if let Ok(id) = HeaderValue::from_str(&asker.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // A pot's link must not travel to where a page leads.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if tls {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
}

fn log(method: &Method, status: u16, took: Duration) {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::warn!(%method, status, millis, "answered");
    } else {
        tracing::info!(%method, status, millis, "answered");
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use axum::body::{Body, to_bytes};
    use axum::http::request::Builder;
    use axum::http::{Request, StatusCode};
    use axum::routing::{get, post};
    use tower::ServiceExt as _;
    use wolo_bootstrap::settings::Layers;
    use wolo_bootstrap::temporal;

    use super::*;

    fn routes(tls: bool) -> Router {
        let api = Layers::new().read().unwrap().api;
        let edge = Edge {
            patience: Duration::from_millis(20),
            tls,
            ..Edge::new(&api, &Metrics::new(temporal::Metrics::start().unwrap()).unwrap())
        };
        Router::new()
            .route("/panics", get(async || -> &'static str { panic!("a bug") }))
            .route("/hangs", get(async || pending::<&'static str>().await))
            .route("/fine", get(async || "fine"))
            .route("/g/{token}/give", get(async || pending::<&'static str>().await))
            .route("/i/{token}", post(async || -> &'static str { panic!("a bug") }))
            .layer(middleware::from_fn_with_state(edge, pass))
    }

    async fn ask(tls: bool, path: &str) -> (StatusCode, HeaderMap, String) {
        answer(tls, Request::get(path)).await
    }

    async fn answer(tls: bool, request: Builder) -> (StatusCode, HeaderMap, String) {
        let request = request.header(REQUEST_ID, "r-1").body(Body::empty()).unwrap();
        let (parts, body) = routes(tls).oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_without_its_words() {
        let (status, headers, body) = ask(false, "/panics").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        insta::assert_snapshot!(body, @r#"{"type":"/problems/internal","title":"Erreur interne","status":500,"detail":"Quelque chose n'a pas marché chez nous.","code":"internal","request_id":"r-1"}"#);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_to_ask_again() {
        let (status, headers, _) = ask(false, "/hangs").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(headers[header::RETRY_AFTER], "3");
    }

    #[tokio::test]
    async fn a_browser_on_a_page_reads_what_went_wrong_and_a_program_gets_a_document() {
        let browser = |request: Builder| request.header(header::ACCEPT, "text/html,*/*;q=0.8");
        let (status, headers, body) = answer(false, browser(Request::get("/g/abc/give?lang=fr&x=%22"))).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let told =
            [header::CONTENT_TYPE, header::CONTENT_LANGUAGE, header::RETRY_AFTER].map(|name| &headers[name]);
        assert_eq!(told, ["text/html; charset=utf-8", "fr", "3"]);
        assert_eq!(headers[REQUEST_ID], "r-1");
        assert!(body.contains("href=\"/g/abc/give?lang=fr&amp;x=%22\">Réessayer</a>"), "{body}");
        assert!(!body.contains("peut-être pas arrivé"), "{body}");
        let english = browser(Request::post("/i/abc")).header(header::ACCEPT_LANGUAGE, "en");
        let (status, _, body) = answer(false, english).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            body.contains("may not have arrived") && body.contains("href=\"/i/abc\">Try again</a>"),
            "{body}"
        );
        for request in [Request::get("/g/abc/give"), browser(Request::get("/hangs"))] {
            let (_, headers, _) = answer(false, request).await;
            assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        }
    }

    #[tokio::test]
    async fn every_answer_has_its_id_and_the_protective_headers() {
        let (status, headers, _) = ask(true, "/fine").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers[REQUEST_ID], "r-1");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(!ask(false, "/fine").await.1.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
