//! The figures of the business as an operator looks at them and takes them away.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::dev::json;
use crate::payout::until;
use crate::{said, wolo};

pub(crate) fn are_shown_and_taken_away_and_that_is_written_down(home: &Path) {
    let told = json(home, &["stats", "--figure", "gifts", "--json"]);
    let gifts = &told["figures"][0];
    assert_eq!(gifts["rows"].as_array().unwrap().len(), 30);
    let (count, francs) = (&gifts["total"]["values"]["gifts"], &gifts["total"]["values"]["francs"]);
    assert!(count.as_i64().unwrap() > 0, "{told}");
    let entries = json(home, &["ledger", "entries", "--limit", "1000", "--json"]);
    let posted = entries.as_array().unwrap().iter().filter(|one| one["kind"] == "donation");
    let amounts =
        posted.flat_map(|one| one["entries"].as_array().unwrap()).map(|one| one["amount"].as_i64().unwrap());
    assert_eq!(amounts.filter(|amount| *amount > 0).sum::<i64>(), francs.as_i64().unwrap());
    let (code, out, err) = said(wolo(home).args(["stats", "--by", "week"]));
    assert!(code == 0 && out.contains("INVITATION FUNNEL") && out.contains("POTS BY STATE"), "{out}{err}");
    let bars = out.lines().find(|line| line.starts_with("  gifts")).unwrap();
    assert!(bars.contains('█') && bars.ends_with(&count.to_string()), "{bars}");
    for (wrong, why) in [
        (["--from", "2026-02-02", "--to", "2026-02-01"], "the last day is before the first"),
        (["--from", "2020-01-01", "--to", "2026-01-01"], "these are more than 1000 parts"),
    ] {
        let (code, _, err) = said(wolo(home).arg("stats").args(wrong));
        assert!(code == 2 && err.contains(why), "{err}");
    }
    are_taken_away(home, count.as_i64().unwrap());
}

fn are_taken_away(home: &Path, gifts: i64) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("gifts.csv");
    let export = ["export", "gifts", "--out", file.to_str().unwrap()];
    let (code, out, err) = said(wolo(home).args(export));
    assert!(code == 0 && out.ends_with(&format!("of gifts stand in {}.\n", file.display())), "{out}{err}");
    let lines = std::fs::read_to_string(&file).unwrap();
    assert!(lines.starts_with("requested_at,gift,pot,giver,"), "{lines}");
    let confirmed = lines.lines().filter(|line| line.contains(",confirmed,")).count();
    assert!(i64::try_from(confirmed).unwrap() <= gifts, "{lines}");
    let (code, _, err) = said(wolo(home).args(export));
    assert_eq!((code, err), (3, format!("wolo: {} is there already\n", file.display())));

    let (code, out, err) = said(wolo(home).args(["export", "ledger", "--format", "ndjson"]));
    assert_eq!((code, err.as_str()), (0, ""));
    let amount = |line: &str| serde_json::from_str::<Value>(line).unwrap()["amount"].as_i64().unwrap();
    assert_eq!(out.lines().map(amount).sum::<i64>(), 0);
    assert_eq!(said(wolo(home).args(["export", "users"])).0, 2);

    let noted = || {
        let trail = json(home, &["audit", "show", "--by", "operator:tester", "--json"]);
        let entries = trail["entries"].as_array().unwrap().clone();
        let of = |what| entries.iter().filter(|one| one["about"] == what).count();
        [of("gifts"), of("ledger")]
    };
    until(|| (noted() == [1, 1]).then_some(()));
}
