//! `GET /admin/messages`: what became of the messages of the last days, by their ways, and those that reached nobody.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use minijinja::{Value, context};
use wolo_database::notices::{self, Entry, Filter};
use wolo_database::{Context, Page};
use wolo_domain::notices::{Channel, NoticeStage};

use super::door::AtDesk;
use super::{moment, shown};
use crate::asker::Language;
use crate::caller::SeeMessages;
use crate::contract::refusals;
use crate::problem::{self, Problem};
use crate::state::App;

const DAYS: i64 = 7;
const MOST: u32 = 50;

refusals!(NotShown: AtDesk::<SeeMessages>::REFUSALS, problem::OF_THE_STORE);

/// Messages of the last seven days by their ways, and the last that failed.
#[utoipa::path(get, path = "/admin/messages", operation_id = "desk.messages", tag = "desk",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 303, description = "To where one signs in."), NotShown))]
pub(crate) async fn messages(State(app): State<App>, desk: AtDesk<SeeMessages>) -> Result<Response, Problem> {
    let mut tx = Context::staff(desk.user).begin(&app.pool).await?;
    let sums = notices::sums(&mut *tx, App::now() - TimeDelta::days(DAYS)).await?;
    let filter = Filter { stage: Some(NoticeStage::Failed), ..Filter::default() };
    let failed = notices::list(&mut *tx, filter, Page::first(MOST)).await?;
    let ways: Vec<_> =
        Channel::ALL.into_iter().map(Some).chain([None]).map(|way| by_way(way, &sums)).collect();
    let failed: Vec<_> = failed.iter().map(|entry| told(entry, desk.language)).collect();
    let values = context! { days => DAYS, ways, failed };
    shown("/admin/messages", "admin/messages.html", &desk.roles, desk.language, values)
}

fn by_way(way: Option<Channel>, sums: &[notices::Sum]) -> Value {
    let of = |stage| -> i64 {
        sums.iter().filter(|sum| sum.channel == way && sum.stage == stage).map(|sum| sum.messages).sum()
    };
    context! {
        way => way.map(Channel::as_str), queued => of(NoticeStage::Queued), accepted => of(NoticeStage::Accepted),
        delivered => of(NoticeStage::Delivered), read => of(NoticeStage::Read), failed => of(NoticeStage::Failed),
    }
}

fn told(entry: &Entry, language: Language) -> Value {
    context! {
        id => entry.id.to_string(), kind => entry.kind.as_str(), way => entry.channel.map(Channel::as_str),
        why => &entry.given_up, at => moment(entry.created_at, language),
    }
}
