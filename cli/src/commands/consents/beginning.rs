//! What the process of a minor's consent begins with when it is begun by hand, and the guardian's link, made anew.

use anyhow::Result;
use wolo_api::{guardian_link, rules};
use wolo_bootstrap::Settings;
use wolo_control::consents::ConsentInput;
use wolo_database::{Pool, consents};
use wolo_domain::consents::token_hash;
use wolo_domain::ids::{ConsentId, UserId};

/// It finds in the books how far the consent has come.
pub(crate) fn process_of(settings: &Settings, minor: UserId, link: Option<String>) -> ConsentInput {
    let (notices, notice_patience) = rules::of_notices(&settings.notices);
    ConsentInput {
        minor,
        rules: rules::of_consents(&settings.consents),
        identities: rules::of_identities(settings.identities),
        notices,
        notice_patience,
        continue_after_events: settings.rules.continue_after_events,
        link,
        carried: None,
    }
}

/// The link that the guardian has; none where these settings do not make the one that was sent, because a secret was exchanged.
pub(crate) async fn link_of(pool: &Pool, settings: &Settings, consent: ConsentId) -> Result<Option<String>> {
    let link = guardian_link(settings, consent);
    let opens = consents::of_link(pool, &token_hash(&link.token)).await?;
    Ok(opens.filter(|opened| opened.id == consent).map(|_| link.address))
}
