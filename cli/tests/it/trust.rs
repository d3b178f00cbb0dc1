//! What an operator trusts somebody with, and how at once it ends.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::dev::{Dev, json as told, post};
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
    decide(&["users", "revoke", user, "support"]);
    assert_eq!(asked_by(dev, &token), 401);
    assert_eq!(asked_by(dev, &mint()), 200);
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
