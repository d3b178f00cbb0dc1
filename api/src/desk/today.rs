//! `GET /admin`: how things stand, and what waits for somebody.

use axum::extract::State;
use axum::response::Response;
use minijinja::{Value, context};
use wolo_database::ledger::{self, Balances};
use wolo_database::{Context, halts, processes, today};
use wolo_domain::figures::Figure;
use wolo_domain::ledger::Account;
use wolo_domain::pots::PotStage;

use super::door::AtDesk;
use super::{may, moment, shown};
use crate::analytics;
use crate::asker::Language;
use crate::caller::{HoldPots, Permission as _, ReviewIdentities, SeeBooks, SeeServices};
use crate::contract::refusals;
use crate::problem::{self, Problem, Words};
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
    let waiting = today::waiting(&mut *tx).await?;
    let payouts = today::payouts(&mut *tx).await?;
    let halt = halts::standing(&mut *tx).await?;
    drop(tx);
    let pool = app.pool.clone();
    let balances = async move { Ok(ledger::balances(&pool).await?) };
    let balances = app.balances.get((), Box::pin(balances)).await?;
    let now = analytics::now(&app, desk.user).await?;
    let running = processes::all(&app.pool).await?;
    let standing =
        |stage: PotStage| (stage.to_string(), now.pots.get(stage.as_str()).copied().unwrap_or_default());
    let (accounts, stages, payouts) = (
        accounts(&balances, desk.language),
        PotStage::ALL.into_iter().map(standing).filter(|(_, count)| *count > 0),
        payouts.into_iter().map(|(stage, count)| (stage.to_string(), count)),
    );
    let values = context! {
        at => moment(now.at, desk.language),
        reviews, keeps_books => may(&desk.roles, SeeBooks::ROLES),
        gifts => now.of_today(Figure::Gifts, "gifts"), given => now.of_today(Figure::Gifts, "francs"),
        gifts_of_the_hour => now.gifts_per_minute.iter().sum::<i64>(),
        discrepancies => waiting.discrepancies, held_pots => now.pots.get("held"),
        moderates => may(&desk.roles, HoldPots::ROLES), reported_pots => waiting.reported_pots,
        cases => waiting.cases, escalated_cases => waiting.escalated_cases,
        in_pots => balances.pots.francs(),
        accounts => rows(accounts), pots => rows(stages), payouts => rows(payouts),
        halt => halt.map(|halt| context! { reason => halt.reason, since => moment(halt.since, desk.language) }),
        running => running.iter().map(|process| told(process, desk.language)).collect::<Vec<_>>(),
    };
    shown("/admin", "admin/today.html", &desk.roles, desk.language, values)
}

/// As people count: what we owe, and that it is at Wave. In the ledger the account of the wallet is as negative as the wallet is full.
fn accounts(balances: &Balances, language: Language) -> impl Iterator<Item = (String, i64)> {
    let words = move |french: &'static str, english: &'static str| {
        Words::new(french, english).read(language).to_owned()
    };
    let others = balances.accounts.iter().filter_map(move |(account, sum)| {
        let name = match account {
            Account::WaveFloat | Account::Pot(_) => return None,
            Account::Fees => words("Frais à notre charge", "Fees that we bear"),
            Account::Promotions => words("Crédit offert", "Credit that we gave"),
            Account::RefundsDue => words("À rembourser", "To be given back"),
            Account::Suspense => words("En attente d'explication", "In suspense"),
        };
        Some((name, sum.francs()))
    });
    let at_wave = -balances.accounts.get(&Account::WaveFloat).copied().unwrap_or_default();
    let sums = [
        (words("Toutes les cagnottes", "All pots"), balances.pots.francs()),
        (words("Chez Wave, tout ensemble", "At Wave, all of it together"), at_wave.francs()),
    ];
    others.chain(sums)
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
