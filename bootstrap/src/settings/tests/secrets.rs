//! Keys and secrets: where they come from, and that nobody is shown them.

use super::*;

#[test]
fn two_payload_keys_of_one_id_are_refused() {
    let twice =
        "k:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=,k:d29sby1kZXZlbG9wbWVudC1rZXktbm90LXNlY3JldCE=";
    assert_eq!(
        problems(development(&[("temporal.payload_keys", twice)])),
        ["temporal.payload_keys: has two keys of the same id"]
    );
}

#[test]
fn the_word_for_the_codec_is_for_development_alone() {
    assert!(development(&[]).unwrap().temporal.codec_secret.is_none());
    let word = [("temporal.codec_secret", "word")];
    let given = development(&word).unwrap().temporal.codec_secret.unwrap();
    assert_eq!((given.expose_secret(), format!("{given:?}").contains("word")), ("word", false));
    assert_eq!(
        problems(production(&word)),
        ["temporal.codec_secret: is for development alone, and production refuses it"]
    );
}

#[test]
fn the_signing_key_comes_as_text_or_as_a_file_but_not_as_both() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    fs::write(&file, pem()).unwrap();
    let file = file.to_str().unwrap();
    let one_line = pem().replace('\n', "\\n");

    for set in [&[("tokens.signing_key", one_line.as_str())][..], &[("tokens.signing_key_file", file)]] {
        let tokens = development(set).unwrap().tokens;
        assert!(
            jsonwebtoken::EncodingKey::from_ed_pem(tokens.signing_key.expose_secret().as_bytes()).is_ok()
        );
    }
    assert_eq!(
        problems(development(&[("tokens.signing_key", &one_line), ("tokens.signing_key_file", file)])),
        ["tokens.signing_key: and tokens.signing_key_file are both given; only one may be"]
    );
    for wrong in ["secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
        let shown = problems(development(&[("tokens.signing_key", wrong)]));
        assert!(shown[0].starts_with("tokens.signing_key: must be an Ed25519 private key"), "{shown:?}");
    }
}

#[test]
fn certificates_are_sealed_with_a_key_of_ones_own_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    fs::write(&file, pem()).unwrap();
    let file = file.to_str().unwrap();
    let public = "old:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";

    let known = development(&[]).unwrap().certificates.sealing.unwrap();
    assert_eq!(known.key_id, "development");
    for set in [("certificates.signing_key", pem()), ("certificates.signing_key_file", file.to_owned())] {
        let given =
            production(&[(set.0, &set.1), ("certificates.public_keys", public)]).unwrap().certificates;
        assert_ne!(given.sealing.unwrap().key.expose_secret(), known.key.expose_secret());
        assert_eq!(given.public_keys[0].0, "old");
    }
    // An API of its own has no use for the private half.
    assert!(production(&[("certificates.public_keys", public)]).unwrap().certificates.sealing.is_none());

    let pem = pem();
    let both = [("certificates.signing_key", pem.as_str()), ("certificates.signing_key_file", file)];
    assert_eq!(
        problems(development(&both)),
        ["certificates.signing_key: and certificates.signing_key_file are both given; only one may be"]
    );
    let twice = [both[0], ("certificates.key_id", "old"), ("certificates.public_keys", public)];
    assert_eq!(problems(development(&twice)), ["certificates.public_keys: has two keys of the same id"]);
    for (key, wrong, words) in [
        ("certificates.signing_key", "s3cret", "must be an Ed25519 private key"),
        ("certificates.signing_key_file", "/no/such/file", "names a file that cannot be read"),
        ("certificates.public_keys", "old:AAAA", "must be id:base64"),
    ] {
        let shown = problems(development(&[(key, wrong)]));
        assert!(shown[0].starts_with(&format!("{key}: {words}")), "{shown:?}");
    }
}

#[test]
fn a_signing_key_made_at_the_start_signs_tokens_that_its_public_half_accepts() {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use base64::Engine as _;

    let pem = pem();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    let public = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).unwrap();

    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    let claims = std::collections::BTreeMap::from([("sub", "user")]);
    let token = jsonwebtoken::encode(
        &header,
        &claims,
        &jsonwebtoken::EncodingKey::from_ed_pem(pem.as_bytes()).unwrap(),
    );
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    let key = jsonwebtoken::DecodingKey::from_ed_der(public.public_key().as_ref());
    let read: jsonwebtoken::TokenData<std::collections::BTreeMap<String, String>> =
        jsonwebtoken::decode(token.unwrap(), &key, &rules).unwrap();
    assert_eq!(read.claims["sub"], "user");
}

#[test]
fn no_secret_is_shown_by_debug_or_by_an_error() {
    let settings = production(&[
        ("wave.signing_secret", "s3cret-signing"),
        ("social.facebook.app_id", "221"),
        ("social.facebook.app_secret", "s3cret-app"),
    ])
    .unwrap();
    let shown = format!("{settings:?}");
    for secret in ["s3cret", "QUJDREVG", "PRIVATE"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let error = production(&[
        ("database.url", "s3cret"),
        ("temporal.payload_keys", "s3cret"),
        ("wave.url", "https://user:s3cret@api.wave.com"),
        ("tokens.signing_key", "s3cret"),
        ("api.public_url", "https://s3cret@wolo.example"),
        ("redis.url", "s3cret"),
    ]);
    let shown = format!("{:?}", error.unwrap_err());
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn any_value_may_stand_in_a_file_that_the_environment_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let secrets = [
        ("WOLO__DATABASE__URL_FILE", file("url", "postgres://wolo_api:from-a-file@db:5432/wolo\n")),
        ("WOLO__WAVE__WEBHOOK_SECRETS_FILE", file("hooks", "first,second\r\n")),
        ("WOLO__TOKENS__SIGNING_KEY_FILE", file("key.pem", &pem())),
        ("WOLO__VAULT__KEYS__SECRET_ACCESS_KEY_FILE", file("vault", " kept as it is")),
    ];
    let settings = Layers::new().environment(secrets.clone()).read().unwrap();
    assert_eq!(settings.database.url.expose_secret(), "postgres://wolo_api:from-a-file@db:5432/wolo");
    let hooks: Vec<_> = settings.wave.webhook_secrets.iter().map(SecretString::expose_secret).collect();
    assert_eq!(hooks, ["first", "second"]);

    let effective = Layers::new().environment(secrets).effective().unwrap();
    let of = |key: &str| effective.iter().find(|setting| setting.key == key).unwrap();
    assert_eq!(
        (of("wave.webhook_secrets").value.as_deref(), of("wave.webhook_secrets").from),
        (None, Source::Environment)
    );
}

#[test]
fn a_file_that_is_missing_named_twice_or_for_no_setting_is_refused_by_its_variable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, "wave_sn_test_s3cret").unwrap();
    let path = path.to_str().unwrap();
    let refused =
        |variables: &[(&str, &str)]| problems(Layers::new().environment(variables.iter().copied()).read());
    assert_eq!(
        refused(&[("WOLO__WAVE__API_KEY_FILE", "/no/such/file")]),
        ["WOLO__WAVE__API_KEY_FILE: names a file that cannot be read"]
    );
    assert_eq!(
        refused(&[("WOLO__WAVE__API_KEY_FILE", path), ("WOLO__WAVE__API_KEY", "wave_sn_test_s3cret")]),
        ["WOLO__WAVE__API_KEY_FILE: and WOLO__WAVE__API_KEY are both given; only one may be"]
    );
    assert_eq!(
        refused(&[("WOLO__WAVE__API_KEEY_FILE", path)]),
        ["WOLO__WAVE__API_KEEY_FILE: is not a setting"]
    );
}
