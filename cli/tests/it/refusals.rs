//! What is not understood, and what is not allowed.

use std::fmt::Write as _;

use tempfile::TempDir;

use crate::{said, wolo};

const POT: &str = "pot_0192f0c1a2b3c4d5e6f708192a3b4c5d";

#[test]
fn what_is_not_understood_ends_with_two() {
    let home = TempDir::new().unwrap();
    for words in [
        "",
        "pot",
        "pots list --stage shut",
        "pots list --limit 0",
        "pots close",
        "pots close P --yes",
        "payouts resolve P --reason R",
        "payouts resolve P --ask-again --order-anew --reason R",
        "payouts resolve P --ask-again --reason R --yes",
        "time forward P ten-days",
        "tokens mint --user awa",
        "users add --name A --birth-date 31/12/1999 --phone 771234567",
        "users add --name A --birth-date 1999-12-31 --phone 12",
        "users add --name A --birth-date 1999-12-31 --phone 771234567 --email awa",
        "users add --name A --birth-date 1999-12-31 --phone 771234567 --email awa@example.sn",
        "users add --name A --birth-date 1999-12-31 --phone 771234567 --proved",
        "bench api --concurrency 0",
        "bench gifts --count 0",
        "cases list --mine",
        "cases list --stage decided",
        "cases open P --reason R",
        "cases reject P --reason R",
        "consents text --language de",
        "completions cobol",
    ] {
        let (code, out, err) = said(wolo(home.path()).args(words.split_whitespace()));
        assert_eq!((code, out.as_str()), (2, ""), "wolo {words}: {err}");
    }
}

#[test]
fn usage_errors_name_what_is_wrong() {
    let home = TempDir::new().unwrap();
    let mut all = String::new();
    for words in [
        "pots list --stage shut",
        "time forward P 12h1d",
        "payouts resolve P --reason R",
        "tokens mint --user awa",
    ] {
        let (_, _, err) = said(wolo(home.path()).args(words.split_whitespace()));
        writeln!(all, "$ wolo {words}\n{err}").unwrap();
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("usage-errors", all);
    });
}

#[test]
fn a_person_is_added_by_the_rules_of_the_pages() {
    let home = TempDir::new().unwrap();
    for (name, birth_date, words) in [
        (" ", "1999-12-31", "wolo: a person has a name\n"),
        (
            "\u{200b}",
            "1999-12-31",
            "wolo: the name cannot be used\n  because: nothing of this text can be seen\n",
        ),
        ("Awa", "2999-12-31", "wolo: the day of birth is not possible\n"),
        ("Awa", "1850-12-31", "wolo: the day of birth is not possible\n"),
    ] {
        let add = ["users", "add", "--name", name, "--birth-date", birth_date, "--phone", "771234567"];
        let (code, out, err) = said(wolo(home.path()).args(add));
        assert_eq!((code, out.as_str(), err.as_str()), (1, "", words));
    }
}

#[test]
fn a_system_that_is_not_there_is_one_sentence_and_its_cause() {
    let home = TempDir::new().unwrap();
    let (code, out, err) = said(
        wolo(home.path())
            .args(["pots", "list", "--json"])
            .env("WOLO__DATABASE__URL", "postgres://wolo@127.0.0.1:1/wolo"),
    );
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("wolo: the database is not to be had"), "{err}");
    assert!(err.contains("\n  because: "), "{err}");
}

#[test]
fn a_missing_settings_file_is_said() {
    let home = TempDir::new().unwrap();
    let (code, _, err) = said(wolo(home.path()).args(["--config", "/no/such/file", "pots", "list"]));
    assert_eq!(code, 1);
    assert!(err.starts_with("wolo: the settings file /no/such/file cannot be read"), "{err}");
}

#[test]
fn a_world_is_not_started_beside_real_providers() {
    let home = TempDir::new().unwrap();
    for (name, value) in [
        ("WOLO__WAVE__URL", "https://api.wave.com"),
        ("WOLO__WAVE__API_KEY", "wave_sn_prod_secret"),
        ("WOLO__SOCIAL__GOOGLE__CLIENT_IDS", "web"),
        ("WOLO__MODE", "production"),
    ] {
        for command in ["dev", "demo"] {
            let (code, _, err) = said(wolo(home.path()).arg(command).env(name, value));
            assert_eq!(code, 3, "{name} {command}: {err}");
            assert!(err.contains("a local world is not started beside real providers"), "{err}");
            assert!(!err.contains("secret"), "{err}");
        }
    }
}

#[test]
fn time_is_not_moved_in_production() {
    let home = TempDir::new().unwrap();
    let settings = home.path().join("production.toml");
    let key = {
        // Any Ed25519 key will do; development settings make one.
        use secrecy::ExposeSecret as _;
        wolo_bootstrap::settings::Layers::new().read().unwrap().tokens.signing_key.expose_secret().to_owned()
    };
    let text = format!(
        "mode = \"production\"\n[database]\nurl = \"postgres://w:p@db.example.sn/wolo\"\n[temporal]\n\
         payload_keys = [\"one:{}=\"]\n[wave]\nurl = \"https://api.wave.com\"\napi_key = \"wave_sn_prod_x\"\n\
         webhook_secrets = [\"wave_sn_WHS_x\"]\n[api]\npublic_url = \"https://wolo.example.sn\"\n[tokens]\n\
         signing_key = \"\"\"{key}\"\"\"\n[certificates]\nsigning_key = \"\"\n[accounts]\npepper = \"not-the-default-pepper\"\n\
         [vault]\nkey_encryption_keys = []\n",
        "A".repeat(43)
    );
    std::fs::write(&settings, text).unwrap();
    let (code, _, err) =
        said(wolo(home.path()).arg("--config").arg(&settings).args(["time", "forward", POT, "1d"]));
    assert_eq!(code, 3, "{err}");
    assert!(err.starts_with("wolo: time is real in production"), "{err}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let home = TempDir::new().unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_wolo"))
        .args(["completions", "bash"])
        .env("WOLO_DATA", home.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn completions_are_written_for_each_shell() {
    let home = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, _) = said(wolo(home.path()).args(["completions", shell]));
        assert_eq!(code, 0);
        assert!(out.contains("wolo"), "{shell}");
    }
}
