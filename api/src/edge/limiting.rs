//! Counts every request against its caller, before anybody looks at what it wants, and tells them where they stand.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::address;
use crate::caller;
use crate::limits::{Class, Tally};
use crate::state::App;
use crate::tokens::Refused;

pub(super) async fn limit(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let Some(class) = Class::of(request.method(), route) else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let key = match caller::shown(&mut parts, &app) {
        Ok(Some((user, _))) => app.limits.user(user),
        // Whoever shows a bad token is a stranger here, and is told so by the handler.
        Ok(None) | Err(Refused) => {
            app.limits.address(address::of(&mut parts, app.settings.api.client_address).await)
        }
    };
    let standing = app.limits.take(class, key).await;
    let tally = Tally::default();
    tally.note(standing);
    parts.extensions.insert(tally.clone());
    parts.extensions.insert(key);
    let mut response = match standing.allowed() {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    };
    tally.nearest().unwrap_or(standing).tell(response.headers_mut());
    response
}
