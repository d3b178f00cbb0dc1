//! Certificates: written with the settlement of a pot, in one transaction, from its rows and the ledger.
//!
//! Each figure is looked up twice, in the gift's or the payout's row and in the ledger, and all that ever touched the
//! pot's account must be in one of the lines. Where the two differ nothing is certified, and the pot does not settle:
//! a person must look.

use chrono::{DateTime, Datelike as _, Utc};
use sqlx::{PgConnection, PgExecutor};
use wolo_domain::certificates::{self, Certificate, Credit, Facts, Gift, NotCertifiable, Paid};
use wolo_domain::ids::{ConversionId, DonationId, PayoutId, PotId};
use wolo_domain::money::Xof;
use wolo_domain::seals::SealingKey;

use crate::Error;
use crate::error::Fault;

const CERTIFICATES: &str = "money.certificates";
const CONVERSIONS: &str = "sponsorship.conversions";
const DONATIONS: &str = "money.donations";
const ENTRIES: &str = "money.ledger_entries";
const PAYOUTS: &str = "money.payouts";

/// What one may know of a certificate before its document is read, which may be long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// SHA-256 of the document.
    pub digest: Vec<u8>,
    pub lines: i64,
    pub key_id: String,
}

#[tracing::instrument(name = "db.certificates.summary", skip_all, fields(%pot), err)]
pub async fn summary(database: impl PgExecutor<'_>, pot: PotId) -> Result<Option<Summary>, Error> {
    Ok(sqlx::query_as!(
        Summary,
        "select digest, lines, key_id from money.certificates where pot_id = $1",
        pot.uuid(),
    )
    .fetch_optional(database)
    .await?)
}

/// The document as it was written.
#[tracing::instrument(name = "db.certificates.document", skip_all, fields(%pot), err)]
pub async fn document(database: impl PgExecutor<'_>, pot: PotId) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar!("select document from money.certificates where pot_id = $1", pot.uuid())
        .fetch_optional(database)
        .await?)
}

/// Writes the certificate of a pot, under the pot's lock, when everything that belongs in it is in the books.
pub(crate) async fn certify(
    connection: &mut PgConnection,
    pot: PotId,
    settled_at: DateTime<Utc>,
    key: &SealingKey,
) -> Result<(), Error> {
    let facts = facts(connection, pot, settled_at).await?;
    // A busy machine may take longer over a large pot than an idle transaction is usually let be.
    sqlx::raw_sql("set local idle_in_transaction_session_timeout = '2min'").execute(&mut *connection).await?;
    let certificate = seal(facts, key.clone()).await?;
    let lines =
        i64::try_from(certificate.lines).map_err(|_| Error::inconsistent(CERTIFICATES, "lines", pot))?;
    sqlx::query!(
        "insert into money.certificates (pot_id, document, digest, lines, key_id) values ($1, $2, $3, $4, $5)",
        pot.uuid(),
        certificate.document,
        &certificate.digest[..],
        lines,
        key.id(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A hundred thousand gifts are seconds of computing, which is not for the threads that answer others.
async fn seal(facts: Facts, key: SealingKey) -> Result<Certificate, Error> {
    let pot = facts.pot;
    let sealed = tokio::task::spawn_blocking(move || certificates::write(&facts, &key)).await;
    // The program is ending; the next attempt writes the same.
    let interrupted = |_| Fault { code: None, message: "the certificate was not sealed in time".to_owned() };
    sealed.map_err(|error| Error::Unavailable(interrupted(error)))?.map_err(|why: NotCertifiable| {
        tracing::error!(%pot, %why, "a pot's certificate does not add up");
        Error::inconsistent(CERTIFICATES, "document", pot)
    })
}

async fn facts(connection: &mut PgConnection, pot: PotId, settled_at: DateTime<Utc>) -> Result<Facts, Error> {
    let row =
        sqlx::query!("select birthday, opened_at, closed_at from pots.pots where pot_id = $1", pot.uuid())
            .fetch_one(&mut *connection)
            .await?;
    let missing = |column| Error::inconsistent("pots.pots", column, pot);
    let (opened_at, closed_at) = (
        row.opened_at.ok_or_else(|| missing("opened_at"))?,
        row.closed_at.ok_or_else(|| missing("closed_at"))?,
    );
    let (gifts, mut account) = gifts(connection, pot).await?;
    let credits = credits(connection, pot, &mut account).await?;
    let payout = payout(connection, pot).await?;
    account.payout = payout.as_ref().map_or(Xof::ZERO, |paid| paid.amount);
    account.agrees_with_ledger(connection, pot).await?;
    Ok(Facts { pot, year: row.birthday.year(), opened_at, closed_at, settled_at, credits, gifts, payout })
}

/// What the lines say of the pot's account.
#[derive(Debug, Default)]
struct AccountOfPot {
    given: Xof,
    credits: Xof,
    fees: Xof,
    payout: Xof,
    /// Of gifts that had been in the pot.
    returned: Xof,
}

/// The gifts that were the pot's, and those that came too late and went back.
async fn gifts(connection: &mut PgConnection, pot: PotId) -> Result<(Vec<Gift>, AccountOfPot), Error> {
    let rows = sqlx::query!(
        r#"select donations.donation_id, donations.stage, donations.paid_amount, donations.wave_transaction_id,
                  donations.paid_at, donations.fee,
                  arrival.kind as "arrival?", arrival.provider_tx_id as "arrival_id?",
                  arrived.amount as "arrived?", taken.amount as "taken?", gone_back.amount as "gone_back?"
           from money.donations
           cross join lateral (select 'don_' || replace(donation_id::text, '-', '') as key) as named
           left join money.ledger_transactions as arrival
               on arrival.business_key = named.key and arrival.kind in ('donation', 'late_donation')
           left join money.ledger_entries as arrived
               on arrived.transaction_id = arrival.transaction_id and arrived.amount > 0
           left join money.ledger_transactions as fee_posting
               on fee_posting.business_key = named.key and fee_posting.kind = 'donation_fee'
           left join money.ledger_entries as taken
               on taken.transaction_id = fee_posting.transaction_id and taken.amount > 0
           left join money.ledger_transactions as refund
               on refund.business_key = named.key and refund.kind = 'refund'
           left join money.ledger_entries as gone_back
               on gone_back.transaction_id = refund.transaction_id and gone_back.amount > 0
           where donations.pot_id = $1 and donations.stage in ('confirmed', 'refunded')"#,
        pot.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let (mut gifts, mut account) = (Vec::with_capacity(rows.len()), AccountOfPot::default());
    for row in rows {
        let donation = DonationId::from_uuid(row.donation_id);
        let differs = |column| Error::inconsistent(DONATIONS, column, donation);
        let refunded = row.stage == "refunded";
        let (Some(amount), Some(transaction), Some(paid_at)) =
            (row.paid_amount, row.wave_transaction_id, row.paid_at)
        else {
            return Err(differs("paid_amount"));
        };
        if row.arrived != Some(amount) {
            return Err(differs("paid_amount"));
        }
        if row.arrival_id.as_deref() != Some(&transaction) {
            return Err(differs("wave_transaction_id"));
        }
        // A fee of nothing is known, and posted nowhere; a gift in its pot whose fee nobody knows is not done.
        let fee_known = refunded || row.fee.is_some();
        if !fee_known || row.fee.filter(|fee| *fee != 0) != row.taken {
            return Err(differs("fee"));
        }
        // What left our wallet: Wave gave back its fee, where the pot had borne one.
        if row.gone_back != refunded.then_some(amount - row.fee.unwrap_or_default()) {
            return Err(differs("stage"));
        }
        let gift = Gift {
            donation,
            amount: Xof::new(amount),
            transaction,
            paid_at,
            fee: Xof::new(row.taken.unwrap_or_default()),
            refund: Xof::new(row.gone_back.unwrap_or_default()),
        };
        if row.arrival.as_deref() == Some("donation") {
            account.add(&gift, pot)?;
        } else if !refunded {
            return Err(differs("stage"));
        }
        gifts.push(gift);
    }
    Ok((gifts, account))
}

/// Points that became credit in the pot. Where any was returned the pot had been given up, and the ledger says more than this.
async fn credits(
    connection: &mut PgConnection,
    pot: PotId,
    account: &mut AccountOfPot,
) -> Result<Vec<Credit>, Error> {
    let rows = sqlx::query!(
        r#"select conversion_id, credit, arrived.amount as "arrived?"
           from sponsorship.conversions
           left join money.ledger_transactions as posting
               on posting.business_key = 'cnv_' || replace(conversion_id::text, '-', '') and posting.kind = 'credit'
           left join money.ledger_entries as arrived
               on arrived.transaction_id = posting.transaction_id and arrived.amount > 0
           where conversions.pot_id = $1"#,
        pot.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let mut credits = Vec::with_capacity(rows.len());
    for row in rows {
        let conversion = ConversionId::from_uuid(row.conversion_id);
        if row.arrived != Some(row.credit) {
            return Err(Error::inconsistent(CONVERSIONS, "credit", conversion));
        }
        let amount = Xof::new(row.credit);
        let sum = account.credits.checked_add(amount);
        account.credits = sum.ok_or_else(|| Error::inconsistent(ENTRIES, "amount", pot))?;
        credits.push(Credit { conversion, amount });
    }
    Ok(credits)
}

/// The payout, if there was one. Nobody settles a pot before it has arrived.
async fn payout(connection: &mut PgConnection, pot: PotId) -> Result<Option<Paid>, Error> {
    let id = PayoutId::of_pot(pot);
    let row = sqlx::query!(
        r#"select payouts.amount, payouts.wave_payout_id, payouts.fee, payout.provider_tx_id as "posted_id?",
                  arrived.amount as "arrived?", charged.amount as "charged?"
           from money.payouts
           left join money.ledger_transactions as payout
               on payout.business_key = $2 and payout.kind = 'payout'
           left join money.ledger_entries as arrived
               on arrived.transaction_id = payout.transaction_id and arrived.amount > 0
           left join money.ledger_transactions as fee_posting
               on fee_posting.business_key = $2 and fee_posting.kind = 'payout_fee'
           left join money.ledger_entries as charged
               on charged.transaction_id = fee_posting.transaction_id and charged.amount > 0
           where payouts.pot_id = $1"#,
        pot.uuid(),
        id.to_string(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let differs = |column| Error::inconsistent(PAYOUTS, column, id);
    if row.arrived != Some(row.amount) {
        return Err(differs("amount"));
    }
    let (Some(transaction), Some(fee)) = (row.wave_payout_id, row.fee) else {
        return Err(differs("wave_payout_id"));
    };
    if row.posted_id.as_deref() != Some(&transaction) {
        return Err(differs("wave_payout_id"));
    }
    if Some(fee).filter(|fee| *fee != 0) != row.charged {
        return Err(differs("fee"));
    }
    Ok(Some(Paid { amount: Xof::new(row.amount), transaction, fee: Xof::new(fee) }))
}

impl AccountOfPot {
    fn add(&mut self, gift: &Gift, pot: PotId) -> Result<(), Error> {
        for (sum, amount) in
            [(&mut self.given, gift.amount), (&mut self.fees, gift.fee), (&mut self.returned, gift.refund)]
        {
            *sum = sum.checked_add(amount).ok_or_else(|| Error::inconsistent(ENTRIES, "amount", pot))?;
        }
        Ok(())
    }

    /// Everything that was ever posted to the pot's account, whatever for, is in a line.
    async fn agrees_with_ledger(&self, connection: &mut PgConnection, pot: PotId) -> Result<(), Error> {
        let found = sqlx::query!(
            r#"select coalesce(sum(amount) filter (where kind = 'donation'), 0)::bigint as "given!",
                      coalesce(sum(amount) filter (where kind = 'credit'), 0)::bigint as "credits!",
                      coalesce(-sum(amount) filter (where kind = 'donation_fee'), 0)::bigint as "fees!",
                      coalesce(-sum(amount) filter (where kind = 'payout'), 0)::bigint as "payout!",
                      coalesce(
                          -sum(amount) filter (where kind not in ('donation', 'credit', 'donation_fee', 'payout')), 0
                      )::bigint as "returned!"
               from money.ledger_entries
               join money.ledger_transactions using (transaction_id)
               where pot_id = $1"#,
            pot.uuid(),
        )
        .fetch_one(connection)
        .await?;
        let found = [found.given, found.credits, found.fees, found.payout, found.returned];
        if found == [self.given, self.credits, self.fees, self.payout, self.returned].map(Xof::francs) {
            Ok(())
        } else {
            Err(Error::inconsistent(ENTRIES, "amount", pot))
        }
    }
}
