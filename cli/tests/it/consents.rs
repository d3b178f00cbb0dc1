//! A guardian's consent as an operator sees it.

use std::path::Path;

use tempfile::TempDir;

use crate::dev::json;
use crate::{said, wolo};

const HASH: &str = "9974324b9d5a523b2c4e1b9e7283fc0269cac1a2fc8d326b355af646d04c4474";

pub(crate) fn are_shown_without_the_guardian(home: &Path, minor: &str, consent: &str) {
    let listed = json(home, &["consents", "list", "--stage", "given", "--json"]);
    assert_eq!(listed[0]["consent"], consent);
    let shown = json(home, &["consents", "show", minor, "--json"]);
    assert_eq!((&shown["consent"]["consent"], &shown["phone"]), (&consent.into(), &"+221•••••32".into()));
    assert_eq!(shown["consent"]["guardian"], "A… D…");
    assert_eq!((&shown["minors_of_guardian"], &shown["flagged"]), (&1.into(), &false.into()));
    let stages: Vec<_> = shown["events"].as_array().unwrap().iter().map(|event| &event["stage"]).collect();
    assert_eq!(stages, ["requested", "given"]);
    assert_eq!(shown["events"][1]["agreed"]["shown"]["hash"], HASH);
    let (code, out, err) = said(wolo(home).args(["consents", "show", consent]));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("the guardian consents (given)") && out.contains("code_by_sms"), "{out}");
    assert!(out.contains(&format!("consent-1 fr sha256 {HASH}")), "{out}");
    assert!(!out.contains("Aminata") && !out.contains("1234632"), "{out}");
    let (_, out, _) = said(wolo(home).args(["consents", "list", "--stage", "ended"]));
    assert_eq!(out, "There is no such consent.\n");
    let (code, _, err) = said(wolo(home).args(["consents", "show", "khady"]));
    assert_eq!((code, err.as_str()), (2, "wolo: `khady` is neither a consent nor a user\n"));
}

#[test]
fn what_guardians_agree_to_is_printed_with_its_hash() {
    let home = TempDir::new().unwrap();
    let (code, out, err) = said(wolo(home.path()).args(["consents", "text", "--language", "wo"]));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("# ") && out.ends_with(&format!("consent-1 (fr), sha256 {HASH}\n")), "{out}");
    let told = json(home.path(), &["consents", "text", "consent-1", "--language", "en", "--json"]);
    assert_eq!((&told["text"], &told["language"]), (&"consent-1".into(), &"en".into()));
    let (code, _, err) = said(wolo(home.path()).args(["consents", "text", "consent-0"]));
    assert_eq!((code, err.as_str()), (3, "wolo: there is no text consent-0 in fr\n"));
}
