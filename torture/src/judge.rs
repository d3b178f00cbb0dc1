//! The judge: when everything has come to rest, compares what is in our books with what Wave's own book says, and with what
//! people were promised. It repairs nothing.
//!
//! What it looks at, by the names of the invariants: the books are right in themselves (I1, I5); every movement at Wave is one
//! posting and every posting one movement (I2); every answer is true (I3); nothing was done twice, and no points were given twice
//! (I4); nothing waits (I8);
//! nobody was answered 500 and nothing panicked (I12).

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use futures::TryStreamExt as _;
use temporalio_client::WorkflowListOptions;
use uuid::Uuid;
use wolo_control::AskError;
use wolo_database::ledger::{self, Posted};
use wolo_database::{Page, donations, figures, pots, webhooks};
use wolo_domain::ledger::{Account, TransactionKind};
use wolo_sandbox::wave::{Book, Delivery, DeliveryState, MovementKind};

use crate::evidence;
use crate::people::Promise;
use crate::points;
use crate::stage::comes_about;
use crate::stories::{LONG, Scene};

/// What was found, in words. Nothing is the good answer.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Money or promises that are gone.
    pub lost: Vec<String>,
    /// What was done more than once.
    pub duplicated: Vec<String>,
    /// What has not come to its end.
    pub stuck: Vec<String>,
    /// Everything else that may not be.
    pub wrong: Vec<String>,
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        [&self.lost, &self.duplicated, &self.stuck, &self.wrong].into_iter().all(Vec::is_empty)
    }

    pub fn words(&self) -> Vec<String> {
        [&self.lost, &self.duplicated, &self.stuck, &self.wrong].into_iter().flatten().cloned().collect()
    }
}

/// A movement of money, as both books can name it.
type Movements = BTreeMap<(&'static str, String, i64), usize>;

pub async fn judge(scene: &Scene) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    still_open(scene, &mut verdict).await?;
    let postings = postings(scene).await?;
    books(scene, &postings, &mut verdict).await?;
    promises(scene, &mut verdict).await?;
    points::judge(&scene.stage.pool, &mut verdict).await?;
    events(scene, &mut verdict).await?;
    verdict.wrong.extend(scene.people.wrong_answers());
    logs(scene, &mut verdict)?;
    Ok(verdict)
}

/// Waits until no process of a pot, a gift or a payout runs; what still does after that is stuck.
async fn still_open(scene: &Scene, verdict: &mut Verdict) -> Result<()> {
    let rest = comes_about(LONG, async || Ok(open(scene).await?.is_empty().then_some(()))).await;
    if rest.is_none() {
        let open = open(scene).await.context("the engine does not say what runs")?;
        for process in open {
            verdict.stuck.push(format!("it still runs: {}", evidence::of(&scene.stage, &process).await));
        }
    }
    Ok(())
}

/// The processes of pots, gifts and payouts that run, as far as the engine's index has heard.
pub async fn open(scene: &Scene) -> Result<Vec<String>, AskError> {
    let running = "ExecutionStatus = 'Running'";
    let mut found = scene.stage.control.client().list_workflows(running, WorkflowListOptions::default());
    let mut ids = Vec::new();
    while let Some(process) = found.try_next().await? {
        // Schedules are processes too, and have no end.
        if ["pot/", "donation/", "payout/", "refund/"].iter().any(|kind| process.id().starts_with(kind)) {
            ids.push(process.id().to_owned());
        }
    }
    Ok(ids)
}

/// Everything in the books.
pub async fn postings(scene: &Scene) -> Result<Vec<Posted>> {
    let (mut all, mut after) = (Vec::new(), None::<Uuid>);
    loop {
        let page = ledger::postings(&scene.stage.pool, Page { after, limit: 1_000 }).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.id);
        all.extend(page);
    }
}

async fn books(scene: &Scene, postings: &[Posted], verdict: &mut Verdict) -> Result<()> {
    let pool = &scene.stage.pool;
    let broken = ledger::check(pool).await?;
    verdict.wrong.extend(broken.iter().map(|one| format!("the books break a rule: {one:?}")));
    let differences = figures::differences(pool).await?;
    verdict.wrong.extend(differences.iter().map(|one| format!("the figures are not the ledger's: {one:?}")));
    let (at_wave, wallet) = scene.stage.wave.look(|book| (movements(book), book.balance() - book.opening()));
    compare(&at_wave, &posted(postings), verdict);
    let float = -ledger::balance(pool, Account::WaveFloat).await?.francs();
    if float != wallet {
        verdict.wrong.push(format!("the wallet changed by {wallet} and our books say {float}"));
    }
    twice(scene, verdict);
    Ok(())
}

fn compare(at_wave: &Movements, ours: &Movements, verdict: &mut Verdict) {
    let more = |these: &Movements, than: &Movements| {
        let more = these.iter().filter(|(what, count)| than.get(what).copied().unwrap_or(0) < **count);
        more.map(|(what, _)| format!("{what:?}")).collect::<Vec<_>>()
    };
    let lost = more(at_wave, ours).into_iter().map(|what| format!("at Wave and not in the books: {what}"));
    verdict.lost.extend(lost);
    let made_up = more(ours, at_wave).into_iter().map(|what| format!("in the books and not at Wave: {what}"));
    verdict.duplicated.extend(made_up);
}

/// What settled at Wave: money that came, went out, and went back.
fn movements(book: &Book) -> Movements {
    let mut all = Movements::new();
    for line in book.movements() {
        let gross = line.amount + line.fee;
        let what = match line.kind {
            MovementKind::ApiCheckout => ("came", line.transaction_id.clone(), gross),
            MovementKind::ApiCheckoutRefund => {
                ("went back", line.client_reference.clone().unwrap_or_default(), -gross)
            }
            MovementKind::ApiPayout => {
                ("went out", line.payout_id.clone().unwrap_or_default(), -line.amount - line.fee)
            }
            MovementKind::ApiPayoutReversal => {
                ("came back", line.payout_id.clone().unwrap_or_default(), line.amount + line.fee)
            }
            _ => ("something else", line.transaction_id.clone(), gross),
        };
        *all.entry(what).or_default() += 1;
    }
    all
}

/// The same of our books. What is only Wave's part of something, its fee, is compared by the wallet as a whole; but a gift that
/// goes back brings its fee back with it, and the books may have had that fee before.
fn posted(postings: &[Posted]) -> Movements {
    let of_float = |one: &Posted| {
        one.entries
            .iter()
            .find(|entry| entry.account == Account::WaveFloat)
            .map(|entry| entry.amount.francs())
    };
    let fees: BTreeMap<&str, i64> = postings
        .iter()
        .filter(|one| one.kind == TransactionKind::DonationFee)
        .filter_map(|one| Some((one.business_key.as_str(), of_float(one)?)))
        .collect();
    let mut all = Movements::new();
    for one in postings {
        let Some(francs) = of_float(one) else { continue };
        let what = match (&one.wave_id, one.kind.as_str()) {
            (_, kind) if kind.ends_with("_fee") => continue,
            (Some(id), _) if francs < 0 => ("came", id.clone(), -francs),
            (Some(id), _) => ("went out", id.clone(), francs),
            (None, _) => {
                let fee = fees.get(one.business_key.as_str()).copied().unwrap_or(0);
                ("went back", one.business_key.clone(), francs + fee)
            }
        };
        *all.entry(what).or_default() += 1;
    }
    all
}

/// One order is paid once, and one gift is taken once.
fn twice(scene: &Scene, verdict: &mut Verdict) {
    scene.stage.wave.look(|book| {
        let mut paid: BTreeMap<&str, usize> = BTreeMap::new();
        for payout in book.payouts().iter().filter(|payout| payout.executed()) {
            // An order's reference is the payout's, and a number after it.
            let reference = payout.order.client_reference.as_deref().unwrap_or_default();
            let business = reference.split('.').next().unwrap_or_default();
            *paid.entry(business).or_default() += 1;
        }
        for session in book.sessions().iter().filter(|session| session.transaction_id.is_some()) {
            *paid.entry(session.client_reference.as_deref().unwrap_or_default()).or_default() += 1;
        }
        let often = paid.into_iter().filter(|(_, count)| *count > 1);
        verdict.duplicated.extend(often.map(|(what, count)| format!("{what} was paid {count} times")));
    });
}

async fn promises(scene: &Scene, verdict: &mut Verdict) -> Result<()> {
    let pool = &scene.stage.pool;
    for promise in scene.people.promises() {
        let (what, kept) = match promise {
            Promise::Pot(pot) => (pot.to_string(), pots::pot(pool, pot).await?.is_some()),
            Promise::Gift { donation, francs } => {
                let gift = donations::donation(pool, donation).await?;
                (donation.to_string(), gift.is_some_and(|gift| gift.amount.francs() == francs))
            }
        };
        if !kept {
            verdict.lost.push(format!("somebody was promised {what}, and it is not there"));
        }
    }
    Ok(())
}

/// An event that was answered 200 has been passed on. One that was not Wave tells again, unless it was not Wave's.
async fn events(scene: &Scene, verdict: &mut Verdict) -> Result<()> {
    for event in webhooks::unhandled(&scene.stage.pool, 10_000).await? {
        let acknowledged = scene.stage.wave.look(|book| {
            let of_it = |delivery: &&Delivery| delivery.event_id == event.event_id;
            book.deliveries().iter().filter(of_it).any(|delivery| delivery.state == DeliveryState::Delivered)
        });
        if acknowledged {
            verdict.lost.push(format!("the event {} was acknowledged and not passed on", event.event_id));
        }
    }
    Ok(())
}

/// A panic is one line of a log.
fn logs(scene: &Scene, verdict: &mut Verdict) -> Result<()> {
    for member in scene.stage.crew.members() {
        let log = std::fs::read_to_string(scene.stage.log(member.name()))
            .with_context(|| format!("the log of {} cannot be read", member.name()))?;
        let panics = log.lines().filter(|line| line.contains("the program panicked"));
        verdict.wrong.extend(panics.map(|line| format!("{}: {line}", member.name())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use wolo_domain::ids::{ConversionId, PotId};
    use wolo_domain::ledger::Transaction;
    use wolo_domain::money::Xof;

    use super::*;

    fn one(what: &'static str, id: &str, francs: i64) -> Movements {
        Movements::from([((what, id.to_owned(), francs), 1)])
    }

    #[test]
    fn credit_is_no_movement_at_wave() {
        let (pot, conversion) = (PotId::from_uuid(Uuid::max()), ConversionId::from_uuid(Uuid::max()));
        let credit = [Transaction::credit, Transaction::credit_returned].map(|fact| {
            let fact = fact(conversion, pot, Xof::new(1_000)).expect("a posting");
            Posted {
                id: Uuid::max(),
                kind: fact.kind(),
                business_key: fact.business_key().to_owned(),
                wave_id: None,
                posted_at: DateTime::UNIX_EPOCH,
                entries: fact.entries().to_vec(),
            }
        });
        assert_eq!(posted(&credit), Movements::new());
    }

    #[test]
    fn what_only_one_of_two_books_has_is_found_and_on_which_side() {
        let (came, other) = (one("came", "T1", 1_000), one("came", "T1", 999));
        let twice = Movements::from([(("came", "T1".to_owned(), 1_000), 2)]);
        let nothing = Movements::new();
        for (at_wave, ours, lost, made_up) in [
            (&came, &came, 0, 0),
            (&came, &nothing, 1, 0),
            (&nothing, &came, 0, 1),
            (&came, &other, 1, 1),
            (&twice, &came, 1, 0),
            (&came, &twice, 0, 1),
        ] {
            let mut verdict = Verdict::default();
            compare(at_wave, ours, &mut verdict);
            assert_eq!(
                (verdict.lost.len(), verdict.duplicated.len()),
                (lost, made_up),
                "{at_wave:?} {ours:?}"
            );
            assert_eq!(verdict.is_good(), lost + made_up == 0);
        }
    }
}
