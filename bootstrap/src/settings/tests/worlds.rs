//! Development has its world and production has another; neither takes anything of the other's.

use super::*;

#[test]
fn production_wants_everything_to_be_given() {
    let settings = production(&[]).unwrap();
    assert_eq!(settings.mode, Mode::Production);

    let shown = problems(Layers::new().set("mode", "production").read());
    assert_eq!(
        shown,
        [
            "database.url: is still the default, which production refuses",
            "temporal.payload_keys: holds the development key, which production refuses",
            "wave.url: must not be on this machine: production never talks to a sandbox",
            "wave.api_key: is still the default, which production refuses",
            "wave.webhook_secrets: is still the default, which production refuses",
            "api.public_url: must be an https address that people can reach, in production",
            "tokens.signing_key: must be given in production, here or in tokens.signing_key_file",
            "certificates.signing_key: is still the default, which production refuses",
            "accounts.pepper: is still the default, which production refuses",
            "vault.key_encryption_keys: holds the development key, which production refuses",
            "vault.documents.address: is still the default, which production refuses",
            "vault.keys.address: is still the default, which production refuses",
        ]
    );
}

#[test]
fn production_refuses_the_sandbox_in_every_spelling() {
    for url in [
        "http://127.0.0.1:4010",
        "http://localhost",
        "https://[::1]:4010",
        "https://127.9.9.9",
        "http://2130706433",
    ] {
        let shown = problems(production(&[("wave.url", url)]));
        assert_eq!(
            shown,
            ["wave.url: must not be on this machine: production never talks to a sandbox"],
            "{url}"
        );
    }
    assert_eq!(
        problems(production(&[("wave.url", "http://api.wave.com")])),
        ["wave.url: must be https in production"]
    );
    let mixed = "k2:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=,development:d29sby1kZXZlbG9wbWVudC1rZXktbm90LXNlY3JldCE=";
    assert_eq!(
        problems(production(&[("temporal.payload_keys", mixed)])),
        ["temporal.payload_keys: holds the development key, which production refuses"]
    );
}

#[test]
fn a_provider_of_identities_is_off_until_our_app_is_named_and_then_has_to_be_in_its_world() {
    let social = Layers::new().read().unwrap().social;
    assert!(social.google.is_none() && social.apple.is_none() && social.facebook.is_none());

    let local = "http://127.0.0.1:4020/keys";
    let named = [("social.google.client_ids", "web, ios"), ("social.google.keys_url", local)];
    let google = development(&named).unwrap().social.google.unwrap();
    assert_eq!((google.client_ids.len(), google.issuers.len(), google.keys_url.as_str()), (2, 2, local));
    assert_eq!(
        problems(development(&named[..1])),
        ["social.google.keys_url: must be on this machine: development never talks to a real provider"]
    );

    let facebook = [("social.facebook.app_id", "221"), ("social.facebook.app_secret", "s3cret-app")];
    let real = production(&[named[0], facebook[0], facebook[1], ("social.apple.client_ids", "sn.wolo")]);
    let social = real.unwrap().social;
    assert_eq!(social.facebook.unwrap().id_tokens.client_ids, ["221"]);
    assert!(social.google.is_some() && social.apple.is_some());
    for (set, wrong) in [
        (
            &[named[0], named[1]][..],
            "social.google.keys_url: must not be on this machine: production never talks to a sandbox",
        ),
        (
            &[facebook[0], facebook[1], ("social.facebook.graph_url", "http://graph.facebook.com")],
            "social.facebook.graph_url: must be https in production",
        ),
        (
            &[facebook[0]],
            "social.facebook.app_secret: must not be empty while social.facebook.app_id is given",
        ),
        (&[named[0], ("social.google.issuers", "")], "social.google.issuers: must hold at least one name"),
    ] {
        assert_eq!(problems(production(set)), [wrong]);
    }
}
