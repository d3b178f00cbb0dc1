//! `wolo bench`: what it measures is right, whatever the figures are on this machine and in this build.

use serde_json::Value;
use tempfile::TempDir;

use crate::{said, wolo};

#[test]
fn the_api_and_pgbench_do_the_same_work_without_an_error() {
    let home = TempDir::new().unwrap();
    let words = ["bench", "api", "--seconds", "1", "--concurrency", "2", "--rounds", "1", "--json"];
    let (code, out, err) = said(wolo(home.path()).args(words));
    assert_eq!(code, 0, "{err}\n{out}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["errors"], 0);
    let routes = report["routes"].as_array().unwrap();
    let names: Vec<_> = routes.iter().map(|route| route["route"].as_str().unwrap()).collect();
    assert_eq!(names, ["GET /api/pots/{id}", "GET /api/payments/status/{id}", "POST /api/payments/webhook"]);
    for route in routes {
        for side in ["ours", "pgbench"] {
            let figure = |name: &str| route[side][name].as_u64().unwrap();
            assert!(figure("per_second") > 0, "{route}");
            assert!(0 < figure("p50_us") && figure("p50_us") <= figure("p99_us"), "{route}");
        }
        let reached = route["ratio_percent"].as_u64() >= route["goal_percent"].as_u64();
        assert_eq!(route["ok"], reached, "{route}");
    }
}
