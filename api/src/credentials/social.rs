//! The providers whose word is taken, as the settings have them.

use wolo_bootstrap::settings;
use wolo_providers::http::Timeouts;
use wolo_providers::social::{
    FacebookAccess, IdTokenAccess, PATIENCE, Social, SocialAccess, SocialSetupError,
};

pub(crate) fn providers(settings: &settings::Social) -> Result<Social, SocialSetupError> {
    Social::new(SocialAccess {
        google: settings.google.as_ref().map(id_tokens),
        apple: settings.apple.as_ref().map(id_tokens),
        facebook: settings.facebook.as_ref().map(|facebook| FacebookAccess {
            id_tokens: id_tokens(&facebook.id_tokens),
            app_id: facebook.app_id.clone(),
            app_secret: facebook.app_secret.clone(),
            graph: facebook.graph_url.clone(),
        }),
        timeouts: Timeouts::total(PATIENCE),
        at_once: settings.at_once,
        pause: settings.pause,
    })
}

fn id_tokens(settings: &settings::IdTokens) -> IdTokenAccess {
    IdTokenAccess {
        issuers: settings.issuers.clone(),
        client_ids: settings.client_ids.clone(),
        keys: settings.keys_url.clone(),
    }
}
