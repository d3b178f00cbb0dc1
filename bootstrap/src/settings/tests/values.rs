//! What is wrong with a value, in words, at its key.

use super::*;

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
        ("worker.build_id", "a b", "must be up to 64 letters, digits, - and _"),
        ("worker.versioning", "on", "must be off or auto_upgrade"),
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
        ("retention.closed_account_days", "0", "must be a whole number from 1 to 365"),
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
        ("api.metrics_from", "localhost", "must be IP addresses, or networks like 10.42.0.0/16"),
        ("api.list_cache_seconds", "61", "must be a whole number from 0 to 60"),
        ("redis.url", "127.0.0.1:6379", "must be redis://user:password@host:port"),
        ("limits.read", "5", "must be how many at once, and how many a minute"),
        ("limits.read", "", "must be how many at once, and how many a minute"),
        ("tokens.signing_key_file", "/no/such/file", "names a file that cannot be read"),
        ("tokens.key_id", " ", "must not be empty"),
        ("tokens.access_minutes", "61", "must be a whole number from 1 to 60"),
        ("worker.queues", "money,money", "must name at least one queue, and none twice"),
        ("books.reconcile_today_at_minute", "60", "must be a whole number from 0 to 59"),
        ("books.reconcile_yesterday_at_hour", "24", "must be a whole number from 0 to 23"),
        ("books.check_every_minutes", "0", "must be a whole number from 1 to 1440"),
        ("sponsorship.invitations_a_day", "0", "must be a whole number from 1 to 1000"),
        ("sponsorship.invitations_per_contact", "0", "must be a whole number from 1 to 100"),
        ("sponsorship.contact_days", "91", "must be a whole number from 1 to 90"),
        ("sponsorship.phone_prefixes", "221", "must be beginnings of phone numbers, like +221"),
        ("sponsorship.phone_prefixes", "+221,+0", "must be beginnings of phone numbers, like +221"),
        ("sponsorship.phone_prefixes", "+33 6", "must be beginnings of phone numbers, like +221"),
        ("sponsorship.phone_prefixes", "+", "must be beginnings of phone numbers, like +221"),
        ("sponsorship.reminder_days_after", "5,2", "must rise, and end below sponsorship.invitation_days"),
        ("consents.requests", "0", "must be a whole number from 1 to 100"),
        ("consents.reminder_days_after", "5,2", "must rise, and end below consents.answer_days"),
        ("consents.reminder_days_after", "14", "must rise, and end below consents.answer_days"),
        ("identities.approvals_for_minors", "1", "must be a whole number from 2 to 5"),
        ("identities.keep_approved_days", "31", "must be a whole number from 0 to 30"),
        ("identities.keep_rejected_days", "8", "must be a whole number from 0 to 7"),
        ("sponsorship.reminder_days_after", "7", "must rise, and end below sponsorship.invitation_days"),
        ("books.discrepancy_days", "0", "must be a whole number from 1 to 365"),
        ("rules.gift_min_xof", "1000001", "must not be more than rules.gift_max_xof"),
        (
            "rules.longest_pause_minutes",
            "1",
            "must not be shorter than rules.payout_recheck_seconds and rules.checkout_grace_seconds",
        ),
        ("rules.sweep_hour_dakar", "24", "must be a whole number from 0 to 23"),
        ("rules.punctuality_minutes", "0", "must be a whole number from 1 to 1440"),
        ("rules.reminder_days_before", "1,7", "must fall, and begin below rules.opens_days_before"),
        ("rules.reminder_days_before", "30", "must fall, and begin below rules.opens_days_before"),
        ("rules.reminder_days_before", "7,soon", "must be whole numbers from 1 to 180"),
    ];
    for (key, value, words) in cases {
        assert_eq!(problems(development(&[(*key, *value)])), [format!("{key}: {words}")], "{value}");
    }
}

#[test]
fn a_channel_is_complete_or_absent() {
    let channels = Layers::new().read().unwrap().channels;
    assert!(channels.whatsapp.is_none() && channels.sendgrid.is_none() && channels.smtp.is_none());
    assert!(channels.orange.is_none() && channels.twilio.is_none() && channels.fcm.is_none());
    let lacking = |key: &str| format!("{key}: must be given too, or nothing of its channel");
    for (set, lacks) in [
        (
            ("whatsapp.access_token", "EAA"),
            &["whatsapp.phone_number_id", "whatsapp.webhook_verify_token"][..],
        ),
        (("sendgrid.api_key", "SG.x"), &["sendgrid.from_email"]),
        (("sendgrid.from_email", "fete@wolo.example"), &["sendgrid.api_key"]),
        (("smtp.host", "mail.example"), &["smtp.from_email"]),
        (("orange.client_id", "x"), &["orange.client_secret", "orange.receipt_secrets"]),
        (("twilio.account_sid", "AC1"), &["twilio.auth_token", "twilio.sender"]),
    ] {
        let lacks: Vec<_> = lacks.iter().map(|key| lacking(key)).collect();
        assert_eq!(problems(development(&[set])), lacks, "{set:?}");
    }
    let half = development(&[("smtp.user", "wolo")]);
    assert_eq!(problems(half), ["smtp: needs user and password, or none of them"]);
    let wrong = development(&[
        ("sendgrid.url", "http://127.0.0.1:1"),
        ("sendgrid.from_email", "fete"),
        ("sendgrid.api_key", "SG.x"),
    ]);
    assert_eq!(problems(wrong), ["sendgrid.from_email: must be a mail address"]);
}

#[test]
fn workers_that_are_told_apart_say_which_build_they_are() {
    let versioned = ("worker.versioning", "auto_upgrade");
    let expected = "worker.build_id: must say which build it is when worker.versioning is not off";
    assert_eq!(problems(development(&[versioned])), [expected]);
    let worker = development(&[versioned, ("worker.build_id", "67aeaa4")]).unwrap().worker;
    assert_eq!((worker.versioned, worker.build_id.as_deref()), (true, Some("67aeaa4")));
}
