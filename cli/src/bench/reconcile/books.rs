//! Our side of the planted statement, written in a few large statements.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use uuid::Uuid;
use wolo_domain::ids::UserId;
use wolo_sandbox::postgres;

use super::plot::Plot;
use crate::local::Local;

/// Rows of one statement.
const AT_ONCE: usize = 10_000;

pub(super) async fn write(local: &Local, owner: UserId, planted: &Plot, wave_ids: &[String]) -> Result<()> {
    let pot = Uuid::now_v7();
    fill(local, &a_pot(pot, owner, 1, "open")).await?;
    let gifts: Vec<String> = planted
        .gifts
        .iter()
        .map(|gift| {
            let wave_id = match (gift.line, gift.stage) {
                (Some(line), _) => format!("'{}'", wave_ids[line]),
                (None, "expired") => "null".to_owned(),
                (None, _) => format!("'T_MISSING_{}'", gift.id.simple()),
            };
            format!("('{}'::uuid, '{}', {wave_id})", gift.id, gift.stage)
        })
        .collect();
    for rows in gifts.chunks(AT_ONCE) {
        fill(local, &some_gifts(pot, &rows.join(","), &planted.at.to_rfc3339())).await?;
    }
    let mut payouts = String::new();
    for (year, payout) in planted.payouts.iter().enumerate() {
        let pot = Uuid::now_v7();
        payouts.push_str(&a_pot(pot, owner, year + 2, "paying_out"));
        payouts.push_str(&a_payout(payout.id, pot, payout.stage));
    }
    fill(local, &payouts).await?;
    // What Postgres does by itself with tables that have lived for a while.
    fill(local, "analyze").await
}

async fn fill(local: &Local, statements: &str) -> Result<()> {
    local.world.postgres.fill(postgres::DATABASE, statements).await.context("the books could not be written")
}

fn a_pot(pot: Uuid, owner: UserId, year: usize, stage: &str) -> String {
    format!(
        "insert into pots.pots (pot_id, owner_id, stage, title, description, target, visibility, show_donor_names,
             show_amounts, allow_anonymous, allow_messages, surprise, birthday, opens_at, closes_at, opened_at, closed_at,
             closing_recorded_at)
         values ('{pot}', '{}', '{stage}', 'Mesure', '', 25000, 'link', true, true, true, true, false,
             make_date({year}, 5, 17), now(), now(), now(), now(), now());",
        owner.uuid()
    )
}

/// Rows with their payments and the postings of these.
fn some_gifts(pot: Uuid, rows: &str, paid_at: &str) -> String {
    let account = format!("pot:pot_{}", pot.simple());
    let mut sql = String::from("begin;");
    let _ = write!(
        sql,
        "create temporary table planted on commit drop as
             select *, gen_random_uuid() as transaction_id from (values {rows}) as gift (donation_id, stage, wave_id);
         insert into money.donations (donation_id, pot_id, amount, stage, anonymous, wave_transaction_id, paid_amount,
             paid_currency, paid_at, ended_at)
         select donation_id, '{pot}', 5000, stage, false, wave_id,
             case when wave_id is not null then 5000 end, case when wave_id is not null then 'XOF' end,
             case when wave_id is not null then '{paid_at}'::timestamptz end,
             case when stage <> 'refund_due' then now() end
         from planted;
         insert into money.ledger_transactions (transaction_id, kind, business_key, provider, provider_tx_id)
         select transaction_id, case stage when 'confirmed' then 'donation' else 'late_donation' end,
             'don_' || replace(donation_id::text, '-', ''), 'wave', wave_id
         from planted where wave_id is not null;
         insert into money.ledger_entries (transaction_id, account, amount)
         select transaction_id, 'wave_float', -5000 from planted where wave_id is not null
         union all
         select transaction_id, case stage when 'confirmed' then '{account}' else 'refunds_due' end, 5000
         from planted where wave_id is not null;
         commit;"
    );
    sql
}

fn a_payout(payout: Uuid, pot: Uuid, stage: &str) -> String {
    let code = if stage == "refused" { "'recipient-account-blocked'" } else { "null" };
    let (wave_id, fee, ended_at) = match stage {
        "succeeded" => (format!("'pt-{}'", payout.simple()), "99", "now()"),
        _ => ("null".to_owned(), "null", "null"),
    };
    format!(
        "insert into money.payouts (payout_id, pot_id, amount, stage, order_number, wave_payout_id, fee, refusal_code,
             planned_at, sent_at, ended_at)
         values ('{payout}', '{pot}', 9900, '{stage}', 1, {wave_id}, {fee}, {code}, now(), now(), {ended_at});"
    )
}
