//! Payouts: what is to be paid, the orders given to Wave for it, and the postings when Wave has paid.
//!
//! An order is written and committed before Wave is called, and another one can begin only when Wave has refused
//! the one before. What nobody knows stays unknown here until somebody brings Wave's own evidence.

mod approvals;
mod decisions;
mod never_paid;
mod orders;
mod plan;
mod recipients;
mod unanswered;

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::ids::{PayoutId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutStage;
use wolo_domain::people::Phone;

pub use approvals::{Approval, Approving, approvals, approve, missing_approvals};
pub use decisions::{Decision, decisions, record_decision};
pub use never_paid::{NeverPaid, Shown, age_of_key, record_never_paid};
pub use orders::{
    Beginning, begin_order, lose_sight, record_refusal, record_refusal_of_call, record_success,
    take_back_beginning,
};
pub use plan::{Plan, plan};
pub use recipients::{Clearance, clearance, phone_of_order};
pub use unanswered::without_consent;
pub use wolo_domain::evidence::payouts::Receipt;

use crate::rows::{Page, count, word};
use crate::{Error, Pool};

const PAYOUTS: &str = "money.payouts";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    pub id: PayoutId,
    pub pot: PotId,
    pub amount: Xof,
    pub stage: PayoutStage,
    /// How many people must approve it.
    pub approvals_needed: u32,
    /// The order that counts; zero until the first is given.
    pub order_number: u32,
    /// Wave may have executed that order: a call of it was begun, and not proven to have failed before Wave acted.
    pub begun: bool,
    pub wave_payout_id: Option<String>,
    /// What Wave charged us for it.
    pub fee: Option<Xof>,
    /// Why Wave refused the last order for good.
    pub refusal_code: Option<String>,
    pub planned_at: DateTime<Utc>,
    /// When the order that counts was first sent.
    pub sent_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Who is paid: a pot's owner, or the guardian of one who is a minor.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The owner.
    pub user: UserId,
    pub name: String,
    /// None: there is nowhere to pay to yet.
    pub phone: Option<Phone>,
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.user)
    }
}

#[tracing::instrument(name = "db.payouts.payout", skip_all, fields(%payout), err)]
pub async fn payout(pool: &Pool, payout: PayoutId) -> Result<Option<Payout>, Error> {
    let mut connection = pool.acquire().await?;
    find(&mut connection, payout).await
}

/// Reads the payouts that the rest of a query names.
macro_rules! read_payouts {
    ($database:expr, $wanted:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            PayoutRow,
            // What goes to a guardian whose phone nobody has proved, because their code went by mail, is looked at by two people.
            r#"select payout_id, pot_id, amount, stage, order_number,
                      greatest(approvals_needed, case when ended_at is null and exists (
                          select from pots.pots
                          join minors.consents on minor_id = owner_id and consents.stage = 'given'
                          cross join lateral (
                              select proof from minors.consent_events
                              where consent_events.consent_id = consents.consent_id and event = 'given'
                              order by number desc
                              limit 1
                          ) as agreed
                          where pots.pot_id = payouts.pot_id and proof = 'code_by_email'
                      ) then 2 else 0 end) as "approvals_needed!",
                      exists (
                          select from money.payout_orders
                          where payout_orders.payout_id = payouts.payout_id and number = order_number and begun > 0
                      ) as "begun!",
                      wave_payout_id, fee, refusal_code, planned_at, sent_at, ended_at
               from money.payouts "# + $wanted,
            $($argument),*
        )
        .fetch_all($database)
        .await?
        .into_iter()
        .map(Payout::try_from)
        .collect::<Result<Vec<_>, Error>>()
    };
}

async fn find(connection: &mut PgConnection, payout: PayoutId) -> Result<Option<Payout>, Error> {
    Ok(read_payouts!(connection, "where payout_id = $1", payout.uuid())?.pop())
}

/// The payout, locked until the transaction ends.
async fn lock(connection: &mut PgConnection, payout: PayoutId) -> Result<Payout, Error> {
    sqlx::query_scalar!("select payout_id from money.payouts where payout_id = $1 for update", payout.uuid())
        .fetch_optional(&mut *connection)
        .await?;
    find(connection, payout).await?.ok_or_else(|| Error::missing(PAYOUTS, payout))
}

/// All payouts, the last planned first.
#[tracing::instrument(name = "db.payouts.all", skip_all, err)]
pub async fn all(
    pool: &Pool,
    stage: Option<PayoutStage>,
    page: Page<PayoutId>,
) -> Result<Vec<Payout>, Error> {
    read_payouts!(
        pool,
        "where ($1::text is null or stage = $1)
           and ($2::uuid is null or (planned_at, payout_id) < (
               select planned_at, payout_id from money.payouts where payout_id = $2
           ))
         order by planned_at desc, payout_id desc
         limit $3",
        stage.map(PayoutStage::as_str),
        page.after.map(PayoutId::uuid),
        page.rows(),
    )
}

struct PayoutRow {
    payout_id: Uuid,
    pot_id: Uuid,
    amount: i64,
    stage: String,
    approvals_needed: i32,
    order_number: i32,
    begun: bool,
    wave_payout_id: Option<String>,
    fee: Option<i64>,
    refusal_code: Option<String>,
    planned_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<PayoutRow> for Payout {
    type Error = Error;

    fn try_from(row: PayoutRow) -> Result<Self, Error> {
        let id = PayoutId::from_uuid(row.payout_id);
        Ok(Self {
            id,
            pot: PotId::from_uuid(row.pot_id),
            amount: Xof::new(row.amount),
            stage: word(&row.stage, PAYOUTS, "stage", id)?,
            approvals_needed: count(row.approvals_needed, PAYOUTS, "approvals_needed", id)?,
            order_number: count(row.order_number, PAYOUTS, "order_number", id)?,
            begun: row.begun,
            wave_payout_id: row.wave_payout_id,
            fee: row.fee.map(Xof::new),
            refusal_code: row.refusal_code,
            planned_at: row.planned_at,
            sent_at: row.sent_at,
            ended_at: row.ended_at,
        })
    }
}
