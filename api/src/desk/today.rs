//! `GET /admin`: how things stand, and what waits for somebody.

use axum::extract::State;
use axum::response::Response;
use minijinja::{Value, context};
use wolo_database::{Context, figures, halts, ledger, processes, today};
use wolo_domain::dakar;
use wolo_domain::figures::{Figure, Span};
use wolo_domain::pots::PotStage;

use super::door::AtDesk;
use super::{may, moment, shown};
use crate::asker::Language;
use crate::caller::{HoldPots, Permission as _, ReviewIdentities, SeeBooks, SeeServices};
use crate::contract::refusals;
use crate::problem::{self, Problem};
use crate::state::App;

refusals!(NotShown: AtDesk::<SeeServices>::REFUSALS, problem::OF_THE_STORE);

/// The first page: money, pots, what runs, and what waits for somebody.
#[utoipa::path(get, path = "/admin", operation_id = "desk.today", tag = "desk",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 303, description = "To where one signs in."), NotShown))]
pub(crate) async fn today(State(app): State<App>, desk: AtDesk<SeeServices>) -> Result<Response, Problem> {
    let reviews = may(&desk.roles, ReviewIdentities::ROLES);
    let whose = if reviews { Context::reviewer(desk.user) } else { Context::staff(desk.user) };
    let mut tx = whose.begin(&app.pool).await?;
    let now = App::now();
    let waiting = today::waiting(&mut *tx).await?;
    let today = Span::day(dakar::day_of(now));
    let gifts = figures::read(&mut *tx, &[Figure::Gifts], today).await?;
    let given = |measure| -> i64 { gifts.iter().map(|series| series.total(measure)).sum() };
    let pots = figures::pots(&mut tx).await?;
    let payouts = today::payouts(&mut *tx).await?;
    let balances = ledger::balances(&mut *tx).await?;
    let halt = halts::standing(&mut *tx).await?;
    drop(tx);
    let running = processes::all(&app.pool).await?;
    let standing =
        |stage: PotStage| (stage.to_string(), pots.get(stage.as_str()).copied().unwrap_or_default());
    let (accounts, stages, payouts) = (
        balances.accounts.iter().map(|(account, sum)| (account.to_string(), sum.francs())),
        PotStage::ALL.into_iter().map(standing).filter(|(_, count)| *count > 0),
        payouts.into_iter().map(|(stage, count)| (stage.to_string(), count)),
    );
    let values = context! {
        at => moment(now, desk.language),
        reviews, keeps_books => may(&desk.roles, SeeBooks::ROLES),
        gifts => given("gifts"), given => given("francs"),
        discrepancies => waiting.discrepancies, held_pots => pots.get("held"),
        moderates => may(&desk.roles, HoldPots::ROLES), reported_pots => waiting.reported_pots,
        cases => waiting.cases, escalated_cases => waiting.escalated_cases,
        in_pots => balances.pots.francs(),
        accounts => rows(accounts), pots => rows(stages), payouts => rows(payouts),
        halt => halt.map(|halt| context! { reason => halt.reason, since => moment(halt.since, desk.language) }),
        running => running.iter().map(|process| told(process, desk.language)).collect::<Vec<_>>(),
    };
    shown("/admin", "admin/today.html", &desk.roles, desk.language, values)
}

fn rows(named: impl Iterator<Item = (String, i64)>) -> Vec<Value> {
    named.map(|(name, value)| context! { name, value }).collect()
}

fn told(process: &processes::Process, language: Language) -> Value {
    context! {
        kind => process.kind.as_str(), version => &process.version, queues => process.queues.join(", "),
        alive => process.alive, seen => moment(process.seen_at, language),
    }
}
