//! Messages and their templates as an operator looks at them. Nothing here needs a system.

use serde_json::Value;
use tempfile::TempDir;

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
    assert_eq!(shown(&["templates", "check"]), "All words of 38 kinds of messages can be used.\n");
    assert_eq!(json(&["templates", "check"])["usable"], true);
}
