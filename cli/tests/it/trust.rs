//! What an operator trusts somebody with, and how at once it ends.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::dev::{Dev, json as told, post};
use crate::payout::until;
use crate::{said, wolo};

/// The status of a question that only those may ask who work here.
fn asked_by(dev: &Dev, token: &str) -> u16 {
    let url = format!("{}/services", dev.addresses["api"].as_str().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let timeouts = wolo_providers::http::Timeouts::total(Duration::from_secs(30));
        let http = wolo_providers::http::client(timeouts).unwrap();
        http.get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
    })
}

/// A token that was minted for a role is good until the role is taken away, and the next one from then on.
pub(crate) fn ends_with_the_role(home: &Path, dev: &Dev, user: &str) {
    let mint = || {
        let minted = told(home, &["tokens", "mint", "--user", user, "--role", "support", "--json"]);
        minted["token"].as_str().unwrap().to_owned()
    };
    let decide = |words: &[&str]| {
        let (code, _, err) = said(wolo(home).args(words));
        assert_eq!(code, 0, "wolo {words:?}: {err}");
    };
    decide(&["users", "grant", user, "support", "--reason", "a test"]);
    let token = mint();
    assert_eq!(asked_by(dev, &token), 200);
    decide(&["users", "revoke", user, "support", "--reason", "a test is over", "--by", "fatou"]);
    assert_eq!(asked_by(dev, &token), 401);
    assert_eq!(asked_by(dev, &mint()), 200);
    stands_in_the_audit_trail(home, user);
}

/// Who did it and why is in the trail, whose end somebody keeps elsewhere.
fn stands_in_the_audit_trail(home: &Path, user: &str) {
    let entries = until(|| {
        let shown = told(home, &["audit", "show", "--about", user, "--json"]);
        let entries = shown["entries"].as_array().unwrap().clone();
        (entries.len() == 2).then_some(entries)
    });
    assert_eq!(entries[0]["by"], "operator:fatou");
    assert_eq!(entries[0]["action"], "role_revoked");
    assert_eq!(entries[0]["reason"], "a test is over");
    assert_eq!(entries[0]["details"], json!({ "role": "support" }));
    let (_, out, _) = said(wolo(home).args(["audit", "show", "--by", "operator:fatou"]));
    assert!(out.contains("role revoked, role support"), "{out}");

    let (code, _, err) = said(wolo(home).args(["audit", "checkpoint"]));
    assert_eq!(code, 3, "{err}");
    assert_eq!(said(wolo(home).args(["schedules", "trigger", "audit-checkpoint"])).0, 0);
    let kept = until(|| {
        let (code, out, _) = said(wolo(home).args(["audit", "checkpoint"]));
        (code == 0).then_some(out)
    });
    let file = home.join("checkpoints");
    std::fs::write(&file, &kept).unwrap();
    let verify = ["audit", "verify", "--against", file.to_str().unwrap()];
    let (code, out, err) = said(wolo(home).args(verify));
    assert_eq!(code, 0, "{err}");
    // The first tells of whom this world hired.
    assert!(out.starts_with("The audit trail is whole: 3 lines, up to "), "{out}");
    // Somebody's word that more was done is believed when it is sealed, and not otherwise.
    std::fs::write(&file, kept.replacen("/3 ", "/4 ", 1)).unwrap();
    assert_eq!(said(wolo(home).args(verify)).0, 1);
}

/// An address stands in an account only when somebody answers for it; then a code opens the account by it.
pub(crate) fn vouches_for_an_address(home: &Path, dev: &Dev) {
    let add = ["users", "add", "--name", "Dieynaba Sy", "--birth-date", "1990-01-02", "--phone", "781234579"];
    let vouched = [&add[..], &["--email", "dieynaba@example.sn", "--proved", "--json"]].concat();
    let user = told(home, &vouched)["id"].as_str().unwrap().to_owned();
    let shown = told(home, &["users", "show", &user, "--json"]);
    assert_eq!(shown["person"]["email"], "d…@example.sn");
    assert_eq!(shown["identities"], Value::Array(Vec::new()));
    let request = format!("{}/api/users/auth/otp/request", dev.addresses["api"].as_str().unwrap());
    let sent = post(&request, None, &json!({ "email": "dieynaba@example.sn" }));
    assert!(sent["code_id"].is_string(), "{sent}");
}
