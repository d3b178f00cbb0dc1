//! Wave's statement beside our books, a page at a time.
//!
//! One transaction takes a page: what of ours its lines name, what each of them comes to (the domain says that), the fees
//! and the money that is nobody's, and what does not fit. Each of these is one statement for the whole page, however many
//! lines it has. A page that is compared again changes nothing.

mod by_hand;
mod facts;
mod missing;
mod runs;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Transaction;
use wolo_domain::money::Xof;
use wolo_domain::reconciliation::{Line, Subject, Verdict};

pub(crate) use by_hand::lacks_a_gift;
pub use by_hand::{TakingOut, take_out};
pub use missing::{Missing, find_missing};
pub use runs::{Run, compared_early, last_runs, record_run, uncompared};

use crate::discrepancies::{self, Found};
use crate::ledger::post_all;
use crate::{Error, Pool};

/// What a page came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Lines that stand in our books with the same amount.
    pub matched: u64,
    /// Fees that were not in the books before.
    pub fees_booked: u64,
    /// Discrepancies that are open now and were not before.
    pub opened: u64,
    /// Discrepancies that are found no longer.
    pub closed: u64,
    /// Gifts that Wave was paid for and that still wait: their processes have to ask.
    pub to_repair: Vec<DonationId>,
    /// Gifts in their pots that Wave has given back, and the lines that say so: to be taken out.
    pub to_take_out: Vec<(DonationId, Line)>,
}

/// A line that the client could not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableLine {
    pub wave_id: Option<String>,
}

/// Compares a page of a day's statement with our books, and writes down what it comes to. Money that moved after
/// `settled_until` may still be on its way into our books.
#[tracing::instrument(name = "db.reconciliation.compare", skip_all, fields(%day, lines = lines.len()), err)]
pub async fn compare(
    pool: &Pool,
    day: NaiveDate,
    lines: &[Line],
    unreadable: &[UnreadableLine],
    settled_until: DateTime<Utc>,
) -> Result<Compared, Error> {
    let mut tx = pool.begin().await?;
    let mut books = facts::books(&mut tx, lines).await?;
    let judged: Vec<(&Line, Verdict)> =
        lines.iter().map(|line| (line, books.judge(line, settled_until))).collect();
    write_lines(&mut tx, day, &judged).await?;
    let fees_booked = book_fees(&mut tx, &judged).await?;
    let mut found: Vec<Found> =
        judged.iter().filter_map(|(line, verdict)| oddity(day, line, verdict)).collect();
    found.extend(unreadable.iter().map(|line| cannot_be_read(day, line)));
    // Two lines of one name make one discrepancy.
    found.sort_by(|one, other| (one.kind, &one.key).cmp(&(other.kind, &other.key)));
    found.dedup_by(|one, other| (one.kind, &one.key) == (other.kind, &other.key));
    let written = discrepancies::write(&mut tx, &found).await?;
    let nobodys: Vec<Transaction> = written
        .suspense
        .into_iter()
        .map(|(wave_id, change)| Transaction::unmatched(wave_id, change))
        .collect::<Result<_, _>>()?;
    post_all(&mut tx, &nobodys).await?;
    let keys: Vec<String> = lines.iter().map(|line| line.wave_id.clone()).collect();
    let closed = discrepancies::close_what_is_gone(&mut tx, &keys, &found).await?;
    tx.commit().await?;
    Ok(Compared {
        matched: judged.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Matched { .. })).count()
            as u64,
        fees_booked,
        opened: written.opened,
        closed,
        to_repair: judged
            .iter()
            .filter_map(|(_, verdict)| match verdict {
                Verdict::Repair { gift, .. } => Some(*gift),
                _ => None,
            })
            .collect(),
        to_take_out: judged
            .iter()
            .filter_map(|(line, verdict)| match verdict {
                Verdict::GivenBack { gift } => Some((*gift, (*line).clone())),
                _ => None,
            })
            .collect(),
    })
}

/// Each line once, with what it came to this time.
async fn write_lines(
    connection: &mut PgConnection,
    day: NaiveDate,
    judged: &[(&Line, Verdict)],
) -> Result<(), Error> {
    let mut named = std::collections::BTreeSet::new();
    let judged: Vec<_> = judged.iter().filter(|(line, _)| named.insert(&line.wave_id)).collect();
    let wave_ids: Vec<String> = judged.iter().map(|(line, _)| line.wave_id.clone()).collect();
    let kinds: Vec<String> = judged.iter().map(|(line, _)| line.kind.as_str().to_owned()).collect();
    let times: Vec<DateTime<Utc>> = judged.iter().map(|(line, _)| line.at).collect();
    let amounts: Vec<i64> = judged.iter().map(|(line, _)| line.amount.francs()).collect();
    let fees: Vec<Option<i64>> = judged.iter().map(|(line, _)| line.fee.map(Xof::francs)).collect();
    let verdicts: Vec<String> = judged.iter().map(|(_, verdict)| verdict.as_str().to_owned()).collect();
    let claims: Vec<Option<String>> =
        judged.iter().map(|(_, verdict)| verdict.claim().map(|subject| subject.to_string())).collect();
    sqlx::query!(
        "insert into money.statement_lines (wave_transaction_id, day, kind, at, amount, fee, verdict, claim)
         select wave_id, $2, kind, at, amount, fee, verdict, claim
         from unnest($1::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::text[], $8::text[])
             as line (wave_id, kind, at, amount, fee, verdict, claim)
         on conflict (wave_transaction_id) do update set verdict = excluded.verdict, claim = excluded.claim
             where (statement_lines.verdict, statement_lines.claim) is distinct from (excluded.verdict, excluded.claim)",
        &wave_ids,
        day,
        &kinds,
        &times,
        &amounts,
        &fees as &[Option<i64>],
        &verdicts,
        &claims as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Wave's part of the gifts that have none in the books yet. Whatever has changed since they were looked at is left alone:
/// the next comparison looks again.
async fn book_fees(connection: &mut PgConnection, judged: &[(&Line, Verdict)]) -> Result<u64, Error> {
    let (mut gifts, mut wave_ids, mut fees) = (Vec::new(), Vec::new(), Vec::new());
    for (line, verdict) in judged {
        if let Verdict::Matched { subject: Subject::Gift(gift), fee: Some(fee) } = verdict {
            gifts.push(gift.uuid());
            wave_ids.push(line.wave_id.clone());
            fees.push(fee.francs());
        }
    }
    if gifts.is_empty() {
        return Ok(0);
    }
    let booked = sqlx::query!(
        r#"update money.donations set fee = line.fee
           from unnest($1::uuid[], $2::text[], $3::bigint[]) as line (donation_id, wave_id, fee)
           where donations.donation_id = line.donation_id and wave_transaction_id = line.wave_id
             and stage in ('confirmed', 'suspended') and donations.fee is null
           returning donations.donation_id, pot_id, line.fee as "fee!", stage = 'suspended' as "is_odd!""#,
        &gifts,
        &wave_ids,
        &fees,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut postings = Vec::with_capacity(booked.len());
    for row in booked.iter().filter(|row| row.fee != 0) {
        let (gift, fee) = (DonationId::from_uuid(row.donation_id), Xof::new(row.fee));
        postings.push(if row.is_odd {
            let is_in_suspense = discrepancies::bear_fee(connection, gift, fee).await?;
            Transaction::odd_donation_fee(gift, is_in_suspense, fee)?
        } else {
            Transaction::donation_fee(gift, PotId::from_uuid(row.pot_id), fee)?
        });
    }
    post_all(connection, &postings).await?;
    Ok(booked.len() as u64)
}

/// What is to be written down of a line that a person has to look at.
fn oddity(day: NaiveDate, line: &Line, verdict: &Verdict) -> Option<Found> {
    let (reason, suspense) = match verdict {
        Verdict::Odd { reason, suspense, .. } => (reason.clone(), *suspense),
        Verdict::Repair { gift, in_vain: true } => {
            (format!("Wave was paid for {gift}, and its process does not book it"), Xof::ZERO)
        }
        _ => return None,
    };
    let kind = verdict.discrepancy()?;
    Some(Found { kind, key: line.wave_id.clone(), day, reason, facts: facts_of(line, verdict), suspense })
}

fn cannot_be_read(day: NaiveDate, line: &UnreadableLine) -> Found {
    let reason = match &line.wave_id {
        Some(_) => "a line of Wave's statement cannot be read",
        None => "lines of Wave's statement cannot be read, nor what they are called",
    };
    Found {
        kind: DiscrepancyKind::Unreadable,
        key: line.wave_id.clone().unwrap_or_else(|| day.to_string()),
        day,
        reason: reason.to_owned(),
        facts: json!({ "wave_transaction": line.wave_id }),
        suspense: Xof::ZERO,
    }
}

/// The line without anybody's name or number.
fn facts_of(line: &Line, verdict: &Verdict) -> Value {
    let about = match verdict {
        Verdict::Odd { subject, .. } => subject.map(|subject| subject.to_string()),
        Verdict::Repair { gift, .. } => Some(Subject::Gift(*gift).to_string()),
        Verdict::GivenBack { gift } => Some(Subject::Refund(*gift).to_string()),
        _ => None,
    };
    json!({
        "wave_transaction": line.wave_id,
        "type": line.kind.as_str(),
        "at": line.at,
        "amount": line.amount,
        "fee": line.fee,
        "reversal": line.is_reversal,
        "reference": line.reference.to_string(),
        "session": line.session,
        "about": about,
    })
}

/// Ids as the texts of things have them.
fn uuids<T>(ids: impl IntoIterator<Item = T>, uuid: impl Fn(T) -> Uuid) -> Vec<Uuid> {
    ids.into_iter().map(uuid).collect()
}
