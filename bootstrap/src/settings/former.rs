//! Names that the earlier system read from its environment, and what they are called here.
//!
//! They stand above the defaults and below everything else, so that an installation can move over one name at a time.

/// The former name and the key.
const NAMES: [(&str, &str); 3] = [
    ("WAVE_API_URL", "wave.url"),
    ("WAVE_API_KEY", "wave.api_key"),
    ("WAVE_WEBHOOK_SECRET", "wave.webhook_secrets"),
];

/// The key of a name that was used before.
pub(super) fn key_of(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(former, _)| *former == name).map(|(_, key)| *key)
}
