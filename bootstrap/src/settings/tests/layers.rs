//! Which layer wins, and what is no setting in any of them.

use super::*;

#[test]
fn the_file_wins_over_defaults_the_environment_over_the_file_and_the_program_over_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wolo.toml");
    let text = "[rules]\nreminder_days_before = [3]\ngift_min_xof = 200\ngift_max_xof = 2000\n[worker]\nqueues = ['money']\n";
    fs::write(&file, text).unwrap();
    let settings = Layers::new()
        .file(file)
        .environment([
            ("WOLO__RULES__GIFT_MIN_XOF", "300"),
            ("WOLO__RULES__GIFT_MAX_XOF", "3000"),
            ("HOME", "/"),
        ])
        .set("rules.gift_max_xof", "4000")
        .read()
        .unwrap();
    assert_eq!(settings.rules.reminder_days_before, [3]);
    assert_eq!(settings.worker.queues, ["money"]);
    assert_eq!(settings.rules.gift_min_xof, 300);
    assert_eq!(settings.rules.gift_max_xof, 4000);
    assert_eq!(settings.rules.default_target_xof, 25_000);
}

#[test]
fn a_list_is_written_with_commas_in_the_environment() {
    let settings = Layers::new()
        .environment([
            ("WOLO__RULES__REMINDER_DAYS_BEFORE", "14, 7,1"),
            ("WOLO__WORKER__QUEUES", "money,"),
            ("WOLO__WAVE__WEBHOOK_SECRETS", "0123,old"),
        ])
        .read()
        .unwrap();
    assert_eq!(settings.rules.reminder_days_before, [14, 7, 1]);
    assert_eq!(settings.worker.queues, ["money"]);
    let secrets: Vec<_> = settings.wave.webhook_secrets.iter().map(SecretString::expose_secret).collect();
    assert_eq!(secrets, ["0123", "old"]);
}

#[test]
fn unknown_keys_are_refused_in_the_file_and_in_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wolo.toml");
    fs::write(&file, "surprise = 1\n[wave]\napi_keey = 'x'\n[waves]\nurl = 'x'\n[api.listen]\nport = 1\n")
        .unwrap();
    let mut shown = problems(Layers::new().file(file).environment([("WOLO__WAVE__KEY", "s3cret")]).read());
    shown.retain(|line| line.ends_with("is not a setting"));
    shown.sort();
    assert_eq!(
        shown,
        [
            "WOLO__WAVE__KEY: is not a setting",
            "api.listen.port: is not a setting",
            "surprise: is not a setting",
            "wave.api_keey: is not a setting",
            "waves.url: is not a setting",
        ]
    );
    // A whole section replaced by a value.
    assert!(!problems(Layers::new().environment([("WOLO__WAVE", "x")]).read()).is_empty());
    assert!(!problems(Layers::new().environment([("WOLO__", "x"), ("WOLO__A-[B", "x")]).read()).is_empty());
}

#[test]
fn a_file_that_is_missing_or_broken_is_named_and_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.toml");
    let error = Layers::new().file(missing).read().unwrap_err();
    assert!(matches!(error, SettingsError::File { .. }), "{error:?}");

    let broken = folder.path().join("broken.toml");
    fs::write(&broken, "[wave]\napi_key = \"s3cret\" s3cret\n").unwrap();
    let error = Layers::new().file(broken).read().unwrap_err();
    assert!(error.to_string().ends_with("broken.toml is not TOML (at line 2, column 20)"), "{error}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[test]
fn what_is_shown_says_where_it_comes_from_and_holds_no_secret() {
    let layers = Layers::new()
        .environment([("WOLO__API__BODY_LIMIT_BYTES", "2048"), ("WAVE_API_KEY", "wave_sn_test_s3cret")])
        .set("wave.url", "http://127.0.0.1:3");
    let effective = layers.effective().unwrap();
    assert_eq!(effective.len(), known_keys(&defaults()).len());
    let of = |key: &str| {
        let setting = effective.iter().find(|setting| setting.key == key).unwrap();
        (setting.value.as_deref(), setting.from)
    };
    assert_eq!(of("api.body_limit_bytes"), (Some("2048"), Source::Environment));
    assert_eq!(of("wave.api_key"), (None, Source::FormerName));
    assert_eq!(of("wave.url"), (Some("http://127.0.0.1:3"), Source::Program));
    assert_eq!(of("worker.queues"), (Some("lifecycle, money, notices, identity"), Source::Default));
    let secrets: Vec<_> = effective
        .iter()
        .filter(|setting| setting.value.is_none())
        .map(|setting| setting.key.as_str())
        .collect();
    assert_eq!(
        secrets,
        [
            "accounts.pepper",
            "certificates.signing_key",
            "database.url",
            "fcm.service_account",
            "orange.client_secret",
            "orange.receipt_secrets",
            "redis.url",
            "sendgrid.api_key",
            "smtp.password",
            "social.facebook.app_secret",
            "temporal.codec_secret",
            "temporal.payload_keys",
            "tokens.signing_key",
            "twilio.auth_token",
            "vault.documents.secret_access_key",
            "vault.key_encryption_keys",
            "vault.keys.secret_access_key",
            "wave.api_key",
            "wave.signing_secret",
            "wave.webhook_secrets",
            "whatsapp.access_token",
            "whatsapp.app_secrets",
            "whatsapp.webhook_verify_token",
        ]
    );
}
