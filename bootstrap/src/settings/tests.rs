use std::collections::BTreeSet;
use std::fs;

use secrecy::ExposeSecret as _;

use super::layers::{DEFAULTS, defaults, known_keys};
use super::reader::Reader;
use super::*;

/// What production asks for at least.
const PRODUCTION: [(&str, &str); 10] = [
    ("WOLO__MODE", "production"),
    ("WOLO__DATABASE__URL", "postgres://wolo_api:s3cret-db@db.internal:5432/wolo"),
    ("WOLO__TEMPORAL__PAYLOAD_KEYS", "k2026:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="),
    ("WOLO__WAVE__URL", "https://api.wave.com"),
    ("WOLO__WAVE__API_KEY", "wave_sn_prod_s3cret-key"),
    ("WOLO__WAVE__WEBHOOK_SECRETS", "wave_sn_WHS_s3cret-hook"),
    ("WOLO__API__PUBLIC_URL", "https://wolo.example"),
    ("WOLO__TOKENS__SIGNING_KEY", ""),
    ("WOLO__CERTIFICATES__SIGNING_KEY", ""),
    ("WOLO__ACCOUNTS__PEPPER", "s3cret-pepper-of-production"),
];

fn development(set: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let layers = set.iter().fold(Layers::new(), |layers, (key, value)| layers.set(*key, *value));
    layers.read()
}

fn pem() -> String {
    Layers::new().read().unwrap().tokens.signing_key.expose_secret().to_owned()
}

fn production(set: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let layers = Layers::new().environment(PRODUCTION).set("tokens.signing_key", pem());
    set.iter().fold(layers, |layers, (key, value)| layers.set(*key, *value)).read()
}

/// The problems as they are shown, or none.
fn problems(result: Result<Settings, SettingsError>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(SettingsError::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn the_defaults_are_settings_for_development() {
    let settings = Layers::new().read().unwrap();
    assert_eq!(settings.mode, Mode::Development);
    assert_eq!(settings.temporal.payload_keys.len(), 1);
    assert_eq!(settings.wave.signing_secret.map(|_| ()), None);
    assert_eq!(settings.worker.queues, ["lifecycle", "money"]);
    assert_eq!(settings.rules.reminder_days_before, [7, 1]);
    assert_eq!(settings.rules.gift_max_xof, 1_000_000);
    assert_eq!(settings.tokens.access, Duration::from_mins(15));
    assert_eq!(settings.redis.url.map(|_| ()), None);
    assert_eq!((settings.limits.sign_in.burst.get(), settings.limits.sign_in.per_minute.get()), (20, 60));
    assert_eq!(settings.api.client_address, ClientAddress::Connection);
    assert!(settings.api.metrics_from.iter().all(IpAddr::is_loopback));
}

#[test]
fn every_key_has_a_comment_and_is_read() {
    let mut reader = Reader::new(defaults(), defaults(), Vec::new());
    checks::read(&mut reader).unwrap();
    assert_eq!(*reader.keys_read(), known_keys(&defaults()));

    let mut before = "";
    let mut keys = BTreeSet::new();
    for line in DEFAULTS.lines() {
        if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            assert!(before.starts_with("# "), "{key} has no comment");
            keys.insert(key);
        }
        before = line;
    }
    let named: BTreeSet<_> =
        known_keys(&defaults()).iter().map(|key| key.rsplit('.').next().unwrap().to_owned()).collect();
    assert_eq!(keys.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), named);
}

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
fn everything_that_is_wrong_is_said_at_once() {
    let shown = problems(development(&[
        ("mode", "prod"),
        ("api.listen", "3000"),
        ("rules.gift_min_xof", "many"),
        ("rules.payout_hour_dakar", "24"),
        ("no.such_key", "x"),
    ]));
    for expected in [
        "no.such_key: is not a setting",
        "mode: must be development or production",
        "api.listen: must be an IP address and a port, like 127.0.0.1:3000",
        "rules.gift_min_xof: must be a whole number from 1 to 1000000000",
        "rules.payout_hour_dakar: must be a whole number from 0 to 23",
    ] {
        assert!(shown.iter().any(|line| line == expected), "{expected} is not in {shown:#?}");
    }
    let error = development(&[("mode", "prod"), ("api.listen", "x")]).unwrap_err().to_string();
    assert!(error.starts_with("the settings cannot be used:\n  mode: must be"), "{error}");
}

#[test]
fn each_wrong_value_is_said_in_words_at_its_key() {
    let cases: &[(&str, &str, &str)] = &[
        ("database.url", "mysql://u:p@h/d", "must be postgres://user:password@host:port/database"),
        ("database.url", "postgres://host/db", "must be postgres://user:password@host:port/database"),
        ("database.max_connections", "0", "must be a whole number from 1 to 1000"),
        (
            "temporal.address",
            "127.0.0.1:7233",
            "must be an http or https address without user, query or fragment",
        ),
        ("temporal.namespace", "", "must not be empty"),
        ("temporal.payload_keys", "", "must hold at least one key"),
        ("temporal.payload_keys", "k1:AAAA", "key 1: must be base64 of exactly 32 bytes"),
        ("temporal.payload_keys", "k1", "key 1: must be an id, a colon and base64"),
        (
            "wave.url",
            "https://u:p@127.0.0.1",
            "must be an http or https address without user, query or fragment",
        ),
        (
            "wave.url",
            "https://api.wave.com",
            "must be on this machine: development never talks to a real provider",
        ),
        (
            "wave.url",
            "http://127.0.0.1.nip.io",
            "must be on this machine: development never talks to a real provider",
        ),
        (
            "wave.url",
            "http://10.0.0.1:4010",
            "must be on this machine: development never talks to a real provider",
        ),
        ("wave.api_key", "", "must not be empty"),
        ("wave.api_key", "wave_sn_prod_x", "is a key of a real wallet, which development refuses"),
        ("wave.webhook_secrets", "", "must hold at least one secret, and none that is empty"),
        ("wave.timeout_seconds", "1.5", "must be a whole number from 1 to 120"),
        ("api.body_limit_bytes", "-1", "must be a whole number from 1024 to 16777216"),
        ("accounts.leftovers_days", "1", "must be a whole number from 2 to 365"),
        ("api.head_timeout_seconds", "0", "must be a whole number from 1 to 300"),
        ("api.request_timeout_seconds", "", "must be a whole number from 1 to 300"),
        ("api.patience_seconds", "20", "must be less than api.request_timeout_seconds"),
        (
            "api.cors_origins",
            "https://wolo.example/",
            "must be origins like https://wolo.example, without a path",
        ),
        ("api.cors_origins", "*", "must be origins like https://wolo.example, without a path"),
        ("api.client_address", "x-real-ip", "must be connection or rightmost-x-forwarded-for"),
        ("api.most_in_flight", "0", "must be a whole number from 1 to 100000"),
        ("api.metrics_from", "localhost", "must be IP addresses"),
        ("api.list_cache_seconds", "61", "must be a whole number from 0 to 60"),
        ("redis.url", "127.0.0.1:6379", "must be redis://user:password@host:port"),
        ("limits.read", "5", "must be how many at once, and how many a minute"),
        ("limits.read", "", "must be how many at once, and how many a minute"),
        ("tokens.signing_key_file", "/no/such/file", "names a file that cannot be read"),
        ("tokens.key_id", " ", "must not be empty"),
        ("tokens.access_minutes", "61", "must be a whole number from 1 to 60"),
        ("worker.queues", "money,money", "must name at least one queue, and none twice"),
        ("rules.gift_min_xof", "1000001", "must not be more than rules.gift_max_xof"),
        (
            "rules.longest_pause_minutes",
            "1",
            "must not be shorter than rules.payout_recheck_seconds and rules.checkout_grace_seconds",
        ),
        ("rules.reminder_days_before", "1,7", "must fall, and begin below rules.opens_days_before"),
        ("rules.reminder_days_before", "30", "must fall, and begin below rules.opens_days_before"),
        ("rules.reminder_days_before", "7,soon", "must be whole numbers from 1 to 180"),
    ];
    for (key, value, words) in cases {
        assert_eq!(problems(development(&[(*key, *value)])), [format!("{key}: {words}")], "{value}");
    }
}

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
fn the_names_of_the_earlier_system_are_read_below_the_file_and_the_new_names() {
    let former = [
        ("WAVE_API_URL", "http://127.0.0.1:1"),
        ("WAVE_API_KEY", "wave_sn_test_former"),
        ("WAVE_WEBHOOK_SECRET", "wave_sn_WHS_former"),
        ("PATH", "passed over"),
    ];
    let settings = Layers::new().environment(former).read().unwrap();
    assert_eq!(settings.wave.url.as_str(), "http://127.0.0.1:1/");
    assert_eq!(settings.wave.api_key.expose_secret(), "wave_sn_test_former");
    assert_eq!(settings.wave.webhook_secrets[0].expose_secret(), "wave_sn_WHS_former");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wolo.toml");
    fs::write(&file, "wave.url = \"http://127.0.0.1:2\"").unwrap();
    let layers = Layers::new().environment(former).environment([("WOLO__WAVE__API_KEY", "wave_sn_test_new")]);
    let settings = layers.file(file).read().unwrap();
    assert_eq!(settings.wave.url.as_str(), "http://127.0.0.1:2/");
    assert_eq!(settings.wave.api_key.expose_secret(), "wave_sn_test_new");
}

#[test]
fn the_names_of_messages_and_limits_are_read_as_well() {
    let settings = Layers::new()
        .environment([
            ("WHATSAPP_ACCESS_TOKEN", "EAAformer"),
            ("WHATSAPP_PHONE_NUMBER_ID", "106540352242922"),
            ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", "said again"),
            ("SENDGRID_API_KEY", "SG.former"),
            ("SENDGRID_FROM_EMAIL", "fete@wolo.example"),
            ("REDIS_HOST", "redis.internal"),
            ("REDIS_PORT", "6380"),
            ("REDIS_PASSWORD", "p@ss/word"),
        ])
        .read()
        .unwrap();
    let whatsapp = settings.whatsapp.unwrap();
    assert_eq!(whatsapp.access_token.expose_secret(), "EAAformer");
    assert_eq!(whatsapp.phone_number_id, "106540352242922");
    assert_eq!(whatsapp.webhook_verify_token.expose_secret(), "said again");
    let sendgrid = settings.sendgrid.unwrap();
    assert_eq!(sendgrid.api_key.expose_secret(), "SG.former");
    assert_eq!(sendgrid.from_email, "fete@wolo.example");
    assert_eq!(settings.redis.url.unwrap().expose_secret(), "redis://:p%40ss%2Fword@redis.internal:6380");
}

#[test]
fn a_former_redis_needs_a_host_and_a_port_that_is_one() {
    let of = |variables: &[(&str, &str)]| Layers::new().environment(variables.iter().copied()).read();
    let url = |settings: Settings| settings.redis.url.map(|url| url.expose_secret().to_owned());
    // What Kubernetes sets for a service called redis.
    assert_eq!(url(of(&[("REDIS_PORT", "tcp://10.0.0.11:6379")]).unwrap()), None);
    assert_eq!(url(of(&[("REDIS_HOST", "10.0.0.11")]).unwrap()).as_deref(), Some("redis://10.0.0.11"));
    let newer = [("REDIS_HOST", "old.internal"), ("WOLO__REDIS__URL", "redis://new.internal")];
    assert_eq!(url(of(&newer).unwrap()).as_deref(), Some("redis://new.internal"));
    for (variables, expected) in [
        ([("REDIS_HOST", "a"), ("REDIS_PORT", "tcp://10.0.0.11:6379")], "REDIS_PORT: must be a port"),
        ([("REDIS_HOST", "user@a"), ("REDIS_PORT", "")], "REDIS_HOST: must be a host name or an address"),
    ] {
        assert_eq!(problems(of(&variables)), [expected]);
    }
}

#[test]
fn a_channel_is_complete_or_absent() {
    let settings = Layers::new().read().unwrap();
    assert!(settings.whatsapp.is_none() && settings.sendgrid.is_none());
    for (set, expected) in [
        (
            ("whatsapp.access_token", "EAA"),
            "whatsapp: needs access_token, phone_number_id and webhook_verify_token, or none of them",
        ),
        (
            ("whatsapp.phone_number_id", "106540352242922"),
            "whatsapp: needs access_token, phone_number_id and webhook_verify_token, or none of them",
        ),
        (("sendgrid.api_key", "SG.x"), "sendgrid: needs api_key and from_email, or none of them"),
        (
            ("sendgrid.from_email", "fete@wolo.example"),
            "sendgrid: needs api_key and from_email, or none of them",
        ),
    ] {
        assert_eq!(problems(development(&[set])), [expected]);
    }
    let wrong = development(&[("sendgrid.from_email", "fete"), ("sendgrid.api_key", "SG.x")]);
    assert_eq!(problems(wrong), ["sendgrid.from_email: must be a mail address"]);
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
    assert_eq!(of("worker.queues"), (Some("lifecycle, money"), Source::Default));
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
            "redis.url",
            "sendgrid.api_key",
            "social.facebook.app_secret",
            "temporal.payload_keys",
            "tokens.signing_key",
            "wave.api_key",
            "wave.signing_secret",
            "wave.webhook_secrets",
            "whatsapp.access_token",
            "whatsapp.webhook_verify_token",
        ]
    );
}
