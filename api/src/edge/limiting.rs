//! Counts every request against its caller, before anybody looks at what it wants, and tells them where they stand.

use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::address;
use crate::caller::MaybeUser;
use crate::limits::Class;
use crate::state::App;

pub(super) async fn limit(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let Some(class) = Class::of(request.method(), route) else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let key = match MaybeUser::from_request_parts(&mut parts, &app).await {
        Ok(MaybeUser(Some(user))) => app.limits.user(user),
        // Whoever shows a bad token is a stranger here, and is told so by the handler.
        Ok(MaybeUser(None)) | Err(_) => {
            app.limits.address(address::of(&mut parts, app.settings.api.client_address).await)
        }
    };
    let standing = app.limits.take(class, key).await;
    let mut response = match standing.allowed() {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    };
    standing.tell(response.headers_mut());
    response
}
