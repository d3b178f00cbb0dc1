//! The inbox as a page for people and as JSON for programs: `/`, `/messages`, both with `?to=` for one person's.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use minijinja::{Environment, context, value::Serde};
use serde::Deserialize;

use super::{Message, Post};

struct Pages {
    post: Arc<Post>,
    page: Environment<'static>,
}

#[derive(Deserialize)]
struct Wanted {
    to: Option<String>,
}

pub(super) fn router(post: Arc<Post>) -> Result<Router, minijinja::Error> {
    let mut page = crate::pages::environment();
    page.add_template("inbox.html", include_str!("templates/inbox.html"))?;
    Ok(Router::new()
        .route("/", get(show))
        .route("/messages", get(list))
        .with_state(Arc::new(Pages { post, page })))
}

impl Pages {
    /// The newest first, as a mailbox shows them.
    fn wanted(&self, wanted: &Wanted) -> Vec<Message> {
        let all = self.post.messages();
        let newest = all.iter().rev();
        newest.filter(|message| wanted.to.as_ref().is_none_or(|to| *to == message.to)).cloned().collect()
    }
}

async fn list(State(pages): State<Arc<Pages>>, Query(wanted): Query<Wanted>) -> Json<Vec<Message>> {
    Json(pages.wanted(&wanted))
}

async fn show(State(pages): State<Arc<Pages>>, Query(wanted): Query<Wanted>) -> Response {
    let messages = pages.wanted(&wanted);
    let values = context! { messages => Serde(&messages), to => wanted.to };
    match pages.page.get_template("inbox.html").and_then(|page| page.render(values)) {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "the inbox does not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
