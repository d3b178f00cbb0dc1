//! `GET /api/analytics/live`: how things stand at this moment, for a page that asks again and again.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::Context;
use wolo_database::figures as database;
use wolo_domain::figures::Figure;
use wolo_domain::ids::UserId;

use crate::caller::{SeeFigures, Staff};
use crate::contract::refusals;
use crate::problem::{self, Problem};
use crate::state::App;

/// How things stand.
#[derive(Serialize, ToSchema)]
pub(crate) struct Live {
    at: DateTime<Utc>,
    today: Today,
    /// Gifts that arrived in each of the last sixty minutes, the oldest first; the last is the one that is going on.
    gifts_per_minute: Vec<i64>,
    /// How many pots stand where, `made` being all of them; `held` counts those that wait for something, whatever their state.
    #[schema(value_type = BTreeMap<String, i64>)]
    pots: BTreeMap<&'static str, i64>,
    /// Messages that are on their way to their carriers.
    messages_waiting: i64,
}

/// Money that moved on this day in Dakar, to the franc of the ledger.
#[derive(Serialize, ToSchema)]
#[schema(as = LiveToday)]
struct Today {
    gifts: i64,
    gifts_francs: i64,
    payouts: i64,
    payouts_francs: i64,
    refunds: i64,
    refunds_francs: i64,
    fees_francs: i64,
    credit_francs: i64,
}

impl Today {
    fn of(live: &database::Live) -> Self {
        let value = |figure, measure| live.of_today(figure, measure);
        let fees = Figure::Fees.measures().iter().map(|measure| value(Figure::Fees, measure.name)).sum();
        Self {
            gifts: value(Figure::Gifts, "gifts"),
            gifts_francs: value(Figure::Gifts, "francs"),
            payouts: value(Figure::Payouts, "payouts"),
            payouts_francs: value(Figure::Payouts, "francs"),
            refunds: value(Figure::Refunds, "refunds"),
            refunds_francs: value(Figure::Refunds, "francs"),
            fees_francs: fees,
            credit_francs: value(Figure::Promotions, "francs"),
        }
    }
}

refusals!(NotShown: Staff::<SeeFigures>::REFUSALS, problem::OF_THE_STORE);

/// How things stand at this moment: money of today, gifts of the last hour, pots, messages that wait. To be asked every few
/// seconds.
#[utoipa::path(get, path = "/api/analytics/live", operation_id = "analytics.live", tag = "analytics",
    security(("bearer" = ["support", "finance", "superadmin"])),
    responses((status = 200, description = "Things stand so.", body = Live), NotShown))]
pub(crate) async fn live(State(app): State<App>, staff: Staff<SeeFigures>) -> Result<Json<Live>, Problem> {
    let found = now(&app, staff.user).await?;
    Ok(Json(Live {
        at: found.at,
        today: Today::of(&found),
        gifts_per_minute: found.gifts_per_minute.clone(),
        pots: found.pots.clone(),
        messages_waiting: found.messages_waiting,
    }))
}

/// The same for the admin pages. However many watch, the books are asked once in a while.
pub(crate) async fn now(app: &App, staff: UserId) -> Result<Arc<database::Live>, Problem> {
    let pool = app.pool.clone();
    let ask = async move {
        let mut tx = Context::figures(staff).begin(&pool).await?;
        Ok(database::live(&mut tx).await?)
    };
    app.figures.get((), Box::pin(ask)).await
}
