//! What is kept about somebody, for them: each table with rows about them, by its name, as `database/data-map.csv` has it.
//!
//! Of others there is nothing in it: gifts to somebody's pots are their sums, and an invitation does not say where it went or who
//! accepted it. Secrets and their hashes are not in it, nor what those who work here wrote for each other. Each statement names
//! whose rows it wants, so that it tells an operator, who sees all, the same as it tells the person.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use wolo_domain::ids::UserId;

use crate::Error;

/// Most rows of one table: more than the limits of what people may do let gather in years, and few enough to be held in memory.
pub const MOST_ROWS: usize = 10_000;

/// What is kept about one person. Personal as a whole.
#[derive(Clone, PartialEq, Serialize)]
pub struct Export {
    /// Rows by the name of their table, those that came first first.
    pub tables: BTreeMap<&'static str, Vec<Value>>,
    /// Tables of which there is more than [`MOST_ROWS`]. The last of them are left out, and given to whoever asks an operator.
    pub cut_off: Vec<&'static str>,
}

/// Reads some tables one after the other, each by a statement that takes the person and how many rows are wanted.
macro_rules! read {
    ($export:ident, $connection:expr, $user:expr, $($table:literal: $sql:literal;)*) => {$(
        let rows = sqlx::query_scalar!(
            r#"select to_jsonb(theirs) as "row!" from ("# + $sql + r#" limit $2) theirs"#,
            $user.uuid(),
            most_and_one(),
        )
        .fetch_all(&mut *$connection)
        .await?;
        $export.keep($table, rows);
    )*};
}

fn most_and_one() -> i64 {
    i64::try_from(MOST_ROWS).map_or(i64::MAX, |most| most + 1)
}

impl Export {
    fn keep(&mut self, table: &'static str, mut rows: Vec<Value>) {
        if rows.len() > MOST_ROWS {
            rows.truncate(MOST_ROWS);
            self.cut_off.push(table);
        }
        self.tables.insert(table, rows);
    }
}

/// Everything, table after table.
#[tracing::instrument(name = "db.exports.export", skip(connection), err)]
pub async fn export(connection: &mut PgConnection, user: UserId) -> Result<Export, Error> {
    let mut export = Export { tables: BTreeMap::new(), cut_off: Vec::new() };
    the_account(connection, user, &mut export).await?;
    pots_and_money(connection, user, &mut export).await?;
    messages(connection, user, &mut export).await?;
    sponsorship(connection, user, &mut export).await?;
    consents_and_cases(connection, user, &mut export).await?;
    Ok(export)
}

async fn the_account(connection: &mut PgConnection, user: UserId, export: &mut Export) -> Result<(), Error> {
    read! { export, connection, user,
        "people.users":
            "select user_id, name, birth_date, phone, email, language, created_at, locked_at
             from people.users where user_id = $1";
        "people.preferences":
            "select muted, channels, birthday_pot from people.preferences where user_id = $1";
        "people.birth_date_changes":
            "select was, becomes, changed_at from people.birth_date_changes where user_id = $1 order by changed_at";
        "people.identities":
            "select issuer, subject, linked_at from people.identities where user_id = $1 order by linked_at";
        "people.sessions":
            "select session_id, device, proofs, created_at, rotated_at, expires_at, ended_at, ended_why
             from people.sessions where user_id = $1 order by created_at, session_id";
        "people.roles":
            "select role, granted_at, revoked_at from people.roles where user_id = $1 order by granted_at";
    }
    Ok(())
}

async fn pots_and_money(
    connection: &mut PgConnection,
    user: UserId,
    export: &mut Export,
) -> Result<(), Error> {
    read! { export, connection, user,
        "pots.pots":
            "select pot_id, slug, stage, title, description, target, visibility, show_donor_names, show_amounts,
                    allow_anonymous, allow_messages, surprise, birthday, opens_at, closes_at, opened_at, closed_at,
                    settled_at, cancelling_at, cancelled_at, created_at,
                    (
                        select count(*) from money.donations
                        where donations.pot_id = pots.pot_id and donations.stage = 'confirmed'
                    ) as gifts,
                    (
                        select coalesce(sum(paid_amount), 0) from money.donations
                        where donations.pot_id = pots.pot_id and donations.stage = 'confirmed'
                    ) as given
             from pots.pots where owner_id = $1 order by created_at, pot_id";
        "pots.holds":
            "select pot_id, reason, since, released_at
             from pots.holds join pots.pots using (pot_id) where owner_id = $1 order by since, pot_id";
        "pots.reports":
            "select report_id, pot_id, reason, words, reported_at
             from pots.reports where reporter_id = $1 order by reported_at, report_id";
        "money.donations":
            "select donation_id, pot_id, amount, stage, donor_name, message, anonymous, wave_transaction_id,
                    paid_amount, paid_currency, paid_at, fee, requested_at, ended_at, refund_sent_at
             from money.donations where donor_user_id = $1 order by requested_at, donation_id";
        "money.payouts":
            "select payout_id, pot_id, payouts.amount, payouts.stage, wave_payout_id, fee, planned_at, sent_at, ended_at
             from money.payouts join pots.pots using (pot_id) where owner_id = $1 order by planned_at, payout_id";
        "money.certificates":
            "select pot_id, document, certified_at
             from money.certificates join pots.pots using (pot_id) where owner_id = $1 order by certified_at, pot_id";
    }
    Ok(())
}

async fn messages(connection: &mut PgConnection, user: UserId, export: &mut Export) -> Result<(), Error> {
    read! { export, connection, user,
        "notices.notices":
            "select notice_id, event, kind, category, pot_id, created_at, withheld, given_up, ended_at
             from notices.notices where user_id = $1 order by created_at, notice_id";
        "notices.attempts":
            "select notice_id, number, channel, provider, state, provider_id, code, sent_at, answered_at
             from notices.attempts join notices.notices using (notice_id)
             where user_id = $1 order by sent_at, notice_id, number";
        "notices.receipts":
            "select notice_id, number, receipts.provider, fate, receipts.code, at
             from notices.receipts join notices.notices using (notice_id)
             where user_id = $1 order by at, notice_id";
        "notices.devices":
            "select device_id, token, platform, created_at, gone_at
             from notices.devices where user_id = $1 order by created_at, device_id";
        "notices.opt_outs":
            "select channel, address, since, how, ended_at, said_at
             from notices.opt_outs
             where address in (select unnest(array[phone, email]) from people.users where users.user_id = $1)
             order by since, channel";
        "notices.conversations":
            "select address, last_inbound_at from notices.conversations
             where address in (select phone from people.users where users.user_id = $1)";
    }
    Ok(())
}

async fn sponsorship(connection: &mut PgConnection, user: UserId, export: &mut Export) -> Result<(), Error> {
    read! { export, connection, user,
        "sponsorship.invitations":
            "select invitation_id, sponsor_name, relationship, created_at, expires_at, opened_at, accepted_at, no_points,
                    ended_as, ended_at, pot_opened_at, first_gift_at
             from sponsorship.invitations where sponsor_id = $1 order by created_at, invitation_id";
        "sponsorship.days":
            "select day, invitations from sponsorship.days where sponsor_id = $1 order by day";
        "sponsorship.awards":
            "select award_id, name, rule, invitation_id, points, awarded_at, matures_at
             from sponsorship.awards where user_id = $1 order by place";
        "sponsorship.award_steps":
            "select award_id, award_steps.stage, award_steps.reason, award_steps.at
             from sponsorship.award_steps join sponsorship.awards using (award_id)
             where user_id = $1 order by award_steps.at, award_id";
        "sponsorship.conversions":
            "select conversion_id, points, pot_id, credit, at
             from sponsorship.conversions where user_id = $1 order by at, conversion_id";
        "sponsorship.conversions_returned":
            "select conversion_id, returned.at
             from sponsorship.conversions_returned returned join sponsorship.conversions using (conversion_id)
             where user_id = $1 order by returned.at, conversion_id";
    }
    Ok(())
}

/// What documents show is with whoever sent them, and soon with nobody else.
async fn consents_and_cases(
    connection: &mut PgConnection,
    user: UserId,
    export: &mut Export,
) -> Result<(), Error> {
    read! { export, connection, user,
        "minors.consents":
            "select consent_id, guardian_name, guardian_phone, guardian_is, language, stage, since, requested_at, answer_by
             from minors.consents where minor_id = $1 order by requested_at, consent_id";
        "minors.consent_events":
            "select consent_id, number, event, at, text_id, text_hash, consent_events.language, purposes, proof
             from minors.consent_events join minors.consents using (consent_id)
             where minor_id = $1 order by at, consent_id, number";
        "minors.cases":
            "select case_id, consent_id, stage, round, opened_at, submitted_at, reasons, decided_at, destroy_at, destroyed_at
             from minors.cases where subject_id = $1 order by opened_at, case_id";
        "minors.documents":
            "select document_id, case_id, party, kind, media, bytes, pages, added_at, removed_at, documents.destroyed_at
             from minors.documents join minors.cases using (case_id)
             where subject_id = $1 order by added_at, document_id";
    }
    Ok(())
}
