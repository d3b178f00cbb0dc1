//! The whole of WOLO, end to end: the story of `wolo demo` with every figure compared.

use serde_json::Value;
use tempfile::TempDir;

use crate::{said, wolo};

#[test]
fn the_story_ends_with_every_figure_in_agreement() {
    let home = TempDir::new().unwrap();
    let (code, out, err) = said(wolo(home.path()).args(["demo", "--json"]));
    assert_eq!(code, 0, "{err}\n{out}");
    let story: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(story["ok"], true);
    let checks = story["checks"].as_array().unwrap();
    assert!(checks.len() >= 22, "a story with few checks proves little");
    for check in checks {
        assert_eq!(check["ok"], true, "{check}");
    }
    let shown = checks.iter().find(|check| check["name"] == "the postings shown make the balance at Wave");
    // The wallet has paid the payout's fee, which touches no pot.
    assert_eq!(shown.unwrap()["found"], "-258 XOF");
    let figures = &story["figures"];
    // 5 000 + 10 000 + 2 500 + 7 500 + 1 050, and one per cent of each, rounded up.
    assert_eq!(figures["given_xof"], 26_050);
    assert_eq!(figures["fees_xof"], 261);
    assert_eq!(figures["paid_out_xof"], 25_789);
    assert_eq!(figures["float_change_xof"], figures["wallet_change_xof"]);
}
