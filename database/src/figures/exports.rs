//! What can be taken away line by line, however many there are: the next line is read when the one before has been taken.
//!
//! Things are called by their opaque ids, and nothing that a person wrote is in a line.

use chrono::NaiveDate;
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::figures::{Cell, Export, Writing};
use wolo_domain::ids::{DonationId, InvitationId, NoticeId, PayoutId, PotId, UserId};

use crate::Error;
use crate::audit::{self, Doer};

/// Lines, each with a cell for each of the export's columns.
pub type Lines<'a> = BoxStream<'a, Result<Vec<Cell>, Error>>;

/// Writes down who takes what away. It is to be kept before the first line goes.
pub async fn note_export(
    connection: &mut PgConnection,
    export: Export,
    days: (NaiveDate, NaiveDate),
    writing: Writing,
    doer: Doer<'_>,
) -> Result<(), Error> {
    let happening = Happening::new(Action::FiguresExported, export)
        .with("from", days.0)
        .with("to", days.1)
        .with("as", writing);
    audit::note(connection, happening, doer).await
}

/// The lines of an export between two days in Dakar, both included, in the transaction that the connection is in: for as long as
/// that lasts, whoever reads slowly is waited for longer than others are.
#[tracing::instrument(name = "db.figures.lines", skip_all, fields(%export), err)]
pub async fn lines(
    connection: &mut PgConnection,
    export: Export,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Lines<'_>, Error> {
    sqlx::query!("set local statement_timeout = '30min'").execute(&mut *connection).await?;
    Ok(match export {
        Export::Figures => figures(connection, from, to),
        Export::Ledger => ledger(connection, from, to),
        Export::Gifts => gifts(connection, from, to),
        Export::Payouts => payouts(connection, from, to),
        Export::Invitations => invitations(connection, from, to),
        Export::Notices => notices(connection, from, to),
    })
}

fn person(id: Option<Uuid>) -> Cell {
    id.map(|id| UserId::from_uuid(id).to_string()).into()
}

fn pot(id: Option<Uuid>) -> Cell {
    id.map(|id| PotId::from_uuid(id).to_string()).into()
}

fn figures(connection: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Lines<'_> {
    let rows = sqlx::query!(
        r#"select day as "day!", figure as "figure!", way, measure as "measure!", value::bigint as "value!"
           from analytics.figures
           cross join lateral jsonb_each_text(measures) as counted (measure, value)
           where day between $1 and $2
           order by day, figure, way, measure"#,
        from,
        to,
    );
    let cells = rows.map(|row| {
        vec![row.day.into(), row.figure.into(), row.way.into(), row.measure.into(), row.value.into()]
    });
    Box::pin(cells.fetch(connection).map_err(Error::from))
}

fn ledger(connection: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Lines<'_> {
    let rows = sqlx::query!(
        "select posted_at, transaction_id, kind, business_key, account, amount, provider, provider_tx_id
         from money.ledger_transactions
         join money.ledger_entries using (transaction_id)
         where (posted_at at time zone 'Africa/Dakar')::date between $1 and $2
         order by transaction_id, amount",
        from,
        to,
    );
    let cells = rows.map(|row| {
        vec![
            row.posted_at.into(),
            Cell::text(row.transaction_id),
            row.kind.into(),
            row.business_key.into(),
            row.account.into(),
            row.amount.into(),
            row.provider.into(),
            row.provider_tx_id.into(),
        ]
    });
    Box::pin(cells.fetch(connection).map_err(Error::from))
}

fn gifts(connection: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Lines<'_> {
    let rows = sqlx::query!(
        "select requested_at, donation_id, pot_id, donor_user_id, amount, stage, anonymous, paid_at, paid_amount, fee,
                failed_attempts, refusal_code, ended_at
         from money.donations
         where (requested_at at time zone 'Africa/Dakar')::date between $1 and $2
         order by donation_id",
        from,
        to,
    );
    let cells = rows.map(|row| {
        // Who gave without a name to be seen is not named here either.
        let giver = row.donor_user_id.filter(|_| !row.anonymous);
        vec![
            row.requested_at.into(),
            Cell::text(DonationId::from_uuid(row.donation_id)),
            pot(Some(row.pot_id)),
            person(giver),
            row.amount.into(),
            row.stage.into(),
            row.anonymous.into(),
            row.paid_at.into(),
            row.paid_amount.into(),
            row.fee.into(),
            row.failed_attempts.into(),
            row.refusal_code.into(),
            row.ended_at.into(),
        ]
    });
    Box::pin(cells.fetch(connection).map_err(Error::from))
}

fn payouts(connection: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Lines<'_> {
    let rows = sqlx::query!(
        "select planned_at, payout_id, pot_id, amount, stage, order_number, approvals_needed, fee, refusal_code, sent_at,
                ended_at
         from money.payouts
         where (planned_at at time zone 'Africa/Dakar')::date between $1 and $2
         order by planned_at, payout_id",
        from,
        to,
    );
    let cells = rows.map(|row| {
        vec![
            row.planned_at.into(),
            Cell::text(PayoutId::from_uuid(row.payout_id)),
            pot(Some(row.pot_id)),
            row.amount.into(),
            row.stage.into(),
            row.order_number.into(),
            row.approvals_needed.into(),
            row.fee.into(),
            row.refusal_code.into(),
            row.sent_at.into(),
            row.ended_at.into(),
        ]
    });
    Box::pin(cells.fetch(connection).map_err(Error::from))
}

fn invitations(connection: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Lines<'_> {
    let rows = sqlx::query!(
        "select invitations.created_at, invitation_id, sponsor_id, standing.stage as message, opened_at, invitee_id, accepted_at,
                no_points, invitations.pot_id, pot_opened_at, first_gift_at, ended_as, invitations.ended_at
         from sponsorship.invitations
         left join notices.standing using (notice_id)
         where (invitations.created_at at time zone 'Africa/Dakar')::date between $1 and $2
         order by invitation_id",
        from,
        to,
    );
    let cells = rows.map(|row| {
        vec![
            row.created_at.into(),
            Cell::text(InvitationId::from_uuid(row.invitation_id)),
            person(Some(row.sponsor_id)),
            row.message.into(),
            row.opened_at.into(),
            person(row.invitee_id),
            row.accepted_at.into(),
            row.no_points.into(),
            pot(row.pot_id),
            row.pot_opened_at.into(),
            row.first_gift_at.into(),
            row.ended_as.into(),
            row.ended_at.into(),
        ]
    });
    Box::pin(cells.fetch(connection).map_err(Error::from))
}

fn notices(connection: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Lines<'_> {
    let rows = sqlx::query!(
        r#"select created_at as "created_at!", notice_id as "notice_id!", kind as "kind!", category as "category!", user_id, pot_id,
                  stage as "stage!", number, channel, provider, withheld, ended_at
           from notices.standing
           where (created_at at time zone 'Africa/Dakar')::date between $1 and $2
           order by notice_id"#,
        from,
        to,
    );
    let cells = rows.map(|row| {
        vec![
            row.created_at.into(),
            Cell::text(NoticeId::from_uuid(row.notice_id)),
            row.kind.into(),
            row.category.into(),
            person(row.user_id),
            pot(row.pot_id),
            row.stage.into(),
            row.number.unwrap_or_default().into(),
            row.channel.into(),
            row.provider.into(),
            row.withheld.into(),
            row.ended_at.into(),
        ]
    });
    Box::pin(cells.fetch(connection).map_err(Error::from))
}
