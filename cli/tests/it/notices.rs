//! Messages and their templates as an operator looks at them, and decides about them.

use std::path::Path;

use serde_json::{Value, json as value};
use tempfile::TempDir;

use crate::dev::{Dev, json as of_world, post};
use crate::payout::until;
use crate::{said, wolo};

fn shown(args: &[&str]) -> String {
    let home = TempDir::new().unwrap();
    let (code, out, err) = said(wolo(home.path()).args(args));
    assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
    out
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&shown(&[args, &["--json"]].concat())).unwrap()
}

#[test]
fn a_preview_is_what_its_receiver_would_see() {
    insta::assert_snapshot!("preview_of_every_channel", shown(&["notices", "preview", "pot_opened"]));
    let sms = shown(&["notices", "preview", "gift_receipt", "--lang", "en", "--channel", "sms"]);
    insta::assert_snapshot!("preview_of_one_channel", sms);
}

#[test]
fn a_preview_calls_people_as_it_is_told_to() {
    let invitation = ["notices", "preview", "invitation", "--channel", "whatsapp", "--name", "<b>Ndèye</b>"];
    let message = &json(&invitation)[0]["message"];
    assert_eq!(message["parameters"][0], "<b>Ndèye</b>");
    let page = shown(&["notices", "preview", "invitation", "--html", "--name", "<b>Ndèye</b>"]);
    assert!(page.starts_with("<!doctype html>") && page.contains("&lt;b&gt;Ndèye&lt;/b&gt;"), "{page}");
}

#[test]
fn a_kind_that_is_not_one_is_not_understood() {
    let home = TempDir::new().unwrap();
    let (code, out, err) = said(wolo(home.path()).args(["notices", "preview", "pot_opend"]));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("`pot_opend` is not a kind of message"), "{err}");
}

#[test]
fn templates_are_listed_as_whatsapp_gets_them() {
    let listed = shown(&["templates", "list", "--kind", "payout_sent"]);
    insta::assert_snapshot!("templates_of_a_kind", listed);
    let all = json(&["templates", "list", "--lang", "en"]);
    let all = all.as_array().unwrap();
    assert!(all.len() >= 38 && all.iter().all(|one| one["language"] == "en"), "{}", all.len());
    let opened = all.iter().find(|one| one["name"] == "pot_opened_v1").unwrap();
    assert_eq!(opened["button"]["url"], "https://wolo.example/{{1}}");
}

#[test]
fn the_words_that_are_compiled_in_can_be_used() {
    assert_eq!(shown(&["templates", "check"]), "All words of 41 kinds of messages can be used.\n");
    assert_eq!(json(&["templates", "check"])["usable"], true);
}

// What follows is asked of a world that runs.

/// The newest message that has come and is of a kind that the caller looks for.
fn arrived(home: &Path, looked_for: impl Fn(&Value) -> bool) -> Option<Value> {
    let listed = of_world(home, &["notices", "list", "--json"]);
    let has_come = |one: &&Value| ["delivered", "read"].contains(&one["stage"].as_str().unwrap());
    listed.as_array().unwrap().iter().filter(has_come).find(|one| looked_for(one)).cloned()
}

/// A code that has come is never said again; another message is, once.
pub(crate) fn are_seen_and_said_again(home: &Path, dev: &Dev) {
    let request = format!("{}/api/users/auth/otp/request", dev.addresses["api"].as_str().unwrap());
    post(&request, None, &value!({ "email": "dieynaba@example.sn" }));
    let id = |message: &Value| message["notice"].as_str().unwrap().to_owned();
    let code = until(|| arrived(home, |one| one["kind"] == "one_time_code" && one["channel"] == "email"));
    let shown = of_world(home, &["notices", "show", &id(&code), "--json"]);
    assert_eq!(shown["attempts"][0]["state"], "accepted", "{shown}");
    let (status, _, err) = said(wolo(home).args(["notices", "resend", &id(&code)]));
    assert_eq!(status, 3, "{err}");
    let other = until(|| arrived(home, |one| one["kind"] == "pot_scheduled"));
    let again = of_world(home, &["notices", "resend", &id(&other), "--json"]);
    until(|| arrived(home, |one| one["notice"] == again["notice"]));
    let (status, _, err) = said(wolo(home).args(["notices", "resend", &id(&other)]));
    assert_eq!((status, err.as_str()), (3, "wolo: it has been said again already\n"));
}

/// Nothing goes out to an address that is closed, until it is opened again.
pub(crate) fn do_not_go_to_a_closed_address(home: &Path) {
    let closed = of_world(home, &["notices", "opt-out", "+221781234599", "--json"]);
    assert_eq!(closed, value!({ "channels": ["whatsapp", "sms"], "opted_out": true }));
    let opened =
        of_world(home, &["notices", "opt-out", "+221781234599", "--channel", "sms", "--undo", "--json"]);
    assert_eq!(opened, value!({ "channels": ["sms"], "opted_out": false }));
    for refused in [&["nobody"][..], &["awa@example.sn", "--channel", "sms"]] {
        let (status, ..) = said(wolo(home).args(["notices", "opt-out"]).args(refused));
        assert_eq!(status, 3, "{refused:?}");
    }
}
