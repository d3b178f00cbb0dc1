//! Whether invitations have ended when nobody answered them, and whether the points that they bring have matured in time. One
//! that has lost its process does neither.

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use wolo_api::rules;
use wolo_bootstrap::settings::Rules;
use wolo_database::{Pool, invitations};
use wolo_domain::punctuality::DueFor;

use crate::output::instant;

pub(super) async fn invitations(pool: &Pool, rules: &Rules) -> Result<String> {
    let late = invitations::late(pool, Utc::now(), rules::punctuality(rules), 1)
        .await
        .context("the database does not say which invitations are late")?;
    let Some(first) = late.steps.first() else {
        return Ok("each has lapsed or brought its points when it should".to_owned());
    };
    let DueFor::Invitation(invitation) = first.about else { bail!("{} is late", first.what) };
    bail!(
        "invitations that should have lapsed or whose points should have matured: {}, the first since {}: \
         `wolo invitations restart {invitation}`; `wolo late` names the others",
        late.total,
        instant(first.since)
    )
}
