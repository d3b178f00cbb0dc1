//! The names of the earlier system.

use super::*;

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
            ("WOLO__WHATSAPP__URL", "http://127.0.0.1:1"),
            ("WOLO__SENDGRID__URL", "http://127.0.0.1:2"),
            ("REDIS_HOST", "redis.internal"),
            ("REDIS_PORT", "6380"),
            ("REDIS_PASSWORD", "p@ss/word"),
        ])
        .read()
        .unwrap();
    let whatsapp = settings.channels.whatsapp.unwrap();
    assert_eq!(whatsapp.access_token.expose_secret(), "EAAformer");
    assert_eq!(whatsapp.phone_number_id, "106540352242922");
    assert_eq!(whatsapp.webhook_verify_token.expose_secret(), "said again");
    let sendgrid = settings.channels.sendgrid.unwrap();
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
