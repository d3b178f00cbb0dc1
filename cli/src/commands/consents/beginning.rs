//! What the process of a minor's consent begins with when it is begun by hand.

use wolo_api::rules;
use wolo_bootstrap::Settings;
use wolo_control::consents::ConsentInput;
use wolo_domain::ids::UserId;

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
