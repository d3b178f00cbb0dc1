//! The settings as an operator looks at them.

use tempfile::TempDir;

use crate::{said, wolo};

#[test]
fn what_is_changed_is_shown_with_its_origin_and_without_its_secret() {
    let home = TempDir::new().unwrap();
    let mut command = wolo(home.path());
    command.args(["config", "show", "--changed"]);
    command.env("WOLO__WAVE__API_KEY", "wave_sn_test_s3cret").env("WOLO__RULES__GIFT_MIN_XOF", "200");
    let (code, out, err) = said(&mut command);
    assert_eq!((code, err.as_str()), (0, ""));
    insta::assert_snapshot!(out, @r"
    SETTING             VALUE     FROM
    rules.gift_min_xof  200       environment
    wave.api_key        (secret)  environment
    ");
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_ends_with_one() {
    let home = TempDir::new().unwrap();
    let (code, out, _) = said(wolo(home.path()).args(["config", "check"]));
    assert_eq!((code, out.as_str()), (0, "The settings can be used, for development.\n"));
    let wrong = [("WOLO__MODE", "production"), ("WOLO__API__LISTEN", "here"), ("WOLO__NO__SUCH", "1")];
    let (code, out, err) = said(wolo(home.path()).args(["config", "check"]).envs(wrong));
    assert_eq!((code, out.as_str()), (1, ""));
    for problem in ["api.listen: ", "WOLO__NO__SUCH: is not a setting", "wave.api_key: is still the default"]
    {
        assert!(err.contains(problem), "{err}");
    }
    let (code, out, _) = said(wolo(home.path()).args(["config", "check", "--json"]).envs(wrong));
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["usable"]), (1, &serde_json::Value::Bool(false)));
    assert!(report["problems"].as_array().unwrap().iter().any(|one| one["key"] == "api.listen"));
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("man1");
    let (code, out, err) = said(wolo(home.path()).arg("manual").arg(&folder));
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
    for page in ["wolo.1", "wolo-pots.1", "wolo-pots-close.1", "wolo-config-check.1"] {
        let text = std::fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
}
