//! Alerts and dashboards: each question is one that Prometheus understands, each figure is told by somebody, and whoever is woken
//! finds what to do.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::visitor::{ExprVisitor, walk_expr};
use serde_json::Value;

use super::{files, path, text, yaml};
use crate::dev::Dev;

/// What Prometheus says of what it scrapes, and Kubernetes of what it runs.
const OF_OTHERS: [&str; 3] = ["up", "kube_cronjob_status_last_successful_time", "kube_cronjob_created"];

struct Selectors(Vec<VectorSelector>);

impl ExprVisitor for Selectors {
    type Error = String;

    fn pre_visit(&mut self, part: &Expr) -> Result<bool, String> {
        match part {
            Expr::VectorSelector(selector) => self.0.push(selector.clone()),
            Expr::MatrixSelector(matrix) => self.0.push(matrix.vs.clone()),
            _ => {}
        }
        Ok(true)
    }
}

/// What a question asks about.
pub(super) fn selectors(question: &str) -> Vec<VectorSelector> {
    let parsed = parser::parse(question).unwrap_or_else(|error| panic!("{question}: {error}"));
    let mut selectors = Selectors(Vec::new());
    walk_expr(&mut selectors, &parsed).unwrap_or_else(|error| panic!("{question}: {error}"));
    selectors.0
}

fn named(question: &str) -> BTreeSet<String> {
    let name =
        |selector: VectorSelector| selector.name.unwrap_or_else(|| panic!("{question} asks about nothing"));
    selectors(question).into_iter().map(name).collect()
}

fn alerts() -> Vec<Value> {
    let rules = yaml("deploy/prometheus/alerts.yml").remove(0);
    let groups = rules["groups"].as_array().unwrap().clone();
    groups.into_iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn dashboards() -> Vec<(String, Value)> {
    let read = |name: String| {
        let board = serde_json::from_str(&text(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, board)
    };
    files("deploy/grafana/dashboards", ".json").into_iter().map(read).collect()
}

/// Every question of alerts and dashboards, with where it stands.
pub(super) fn questions() -> Vec<(String, String)> {
    let mut questions = Vec::new();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap().to_owned();
        questions.push((name, alert["expr"].as_str().unwrap().to_owned()));
    }
    for (name, board) in dashboards() {
        for panel in board["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let place = format!("{name}: {}", panel["title"].as_str().unwrap());
                questions.push((place, target["expr"].as_str().unwrap().to_owned()));
            }
        }
    }
    questions
}

#[test]
fn each_alert_says_how_urgent_it_is_and_has_a_runbook() {
    let operations = text("docs/operations.md");
    let headings: BTreeSet<_> =
        operations.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap().to_owned();
        assert!(["page", "ticket"].contains(&alert["labels"]["severity"].as_str().unwrap()), "{name}");
        assert!(alert["annotations"]["summary"].as_str().is_some_and(|words| words.ends_with('.')), "{name}");
        let runbook = format!("docs/operations.md#{}", name.to_lowercase());
        assert_eq!(alert["annotations"]["runbook"], runbook.as_str());
        assert!(headings.contains(&name), "{name} has no runbook in docs/operations.md");
        assert!(names.insert(name.clone()), "{name} is there twice");
    }
    let alone: Vec<_> = headings.difference(&names).collect();
    assert!(alone.is_empty(), "runbooks of no alert: {alone:?}");
}

#[test]
fn each_dashboard_is_found_by_a_name_of_its_own_and_asks_the_prometheus_that_is_provisioned() {
    let source = yaml("deploy/grafana/provisioning/datasources/prometheus.yml").remove(0);
    let uid = &source["datasources"][0]["uid"];
    let (mut uids, mut count) = (BTreeSet::new(), 0);
    for (name, board) in dashboards() {
        assert!(uids.insert(board["uid"].as_str().unwrap().to_owned()), "{name}");
        let mut ids = BTreeSet::new();
        for panel in board["panels"].as_array().unwrap() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{name} has two panels of one id");
            for target in panel["targets"].as_array().into_iter().flatten() {
                assert_eq!(&target["datasource"]["uid"], uid, "{name}");
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
    let provider = yaml("deploy/grafana/provisioning/dashboards/wolo.yml").remove(0);
    let folder = provider["providers"][0]["options"]["path"].as_str().unwrap();
    assert!(text("temporal-compose.yml").contains(&format!("./deploy/grafana/dashboards:{folder}:ro")));
}

#[test]
fn every_question_is_one_that_prometheus_understands() {
    assert!(questions().iter().all(|(_, question)| !named(question).is_empty()));
    assert_eq!(
        named("sum(rate(a_total{b=\"c\"}[5m])) / max(d) > 1"),
        BTreeSet::from(["a_total", "d"].map(str::to_owned))
    );
}

/// What the API and the worker of a world that has seen something tell, against what is asked for.
pub(crate) fn every_figure_that_is_named_is_told(dev: &Dev) {
    let settings = std::fs::read_to_string(dev.addresses["settings"].as_str().unwrap()).unwrap();
    let health = settings.lines().find_map(|line| line.strip_prefix("worker.health_listen = \"")).unwrap();
    let worker = format!("http://{}/metrics", health.trim_end_matches('"'));
    let api = format!("{}/metrics", dev.addresses["api"].as_str().unwrap());
    let told: BTreeSet<_> = [api, worker].iter().flat_map(|page| told(&crate::dev::get(page))).collect();
    for name in
        ["wolo_waiting", "wolo_queue_backlog", "temporal_num_pollers", "process_resident_memory_bytes"]
    {
        assert!(told.contains(name), "{name} is not among {told:?}");
    }
    let sdk = Sdk::sources();
    for (place, question) in questions() {
        for name in named(&question) {
            let there = OF_OTHERS.contains(&name.as_str()) || told.contains(&name) || sdk.knows(&name);
            assert!(there, "{place}: nobody tells {name}");
        }
    }
    assert!(!sdk.knows("temporal_workflow_task_execution_filed_total") && !sdk.knows("wolo_waiting"));
}

fn told(page: &str) -> BTreeSet<String> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
}

/// The engine's client tells some figures only when something has gone wrong. Their names stand in its sources, without what the
/// exporter puts around them, of which the figures that are told show that it does.
struct Sdk(String);

impl Sdk {
    fn sources() -> Self {
        // What other kinds of machines would need has not been fetched here.
        let platform = format!("--filter-platform={}", this_kind_of_machine());
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--offline", &platform, "--manifest-path"])
            .arg(path("Cargo.toml"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut sources = String::new();
        for package in metadata["packages"].as_array().unwrap() {
            let file = match package["name"].as_str().unwrap() {
                "temporalio-sdk-core" => "src/telemetry/metrics.rs",
                "temporalio-client" => "src/metrics.rs",
                _ => continue,
            };
            let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
            sources += &std::fs::read_to_string(folder.join(file)).unwrap();
        }
        assert!(!sources.is_empty());
        Self(sources)
    }

    fn knows(&self, name: &str) -> bool {
        let Some(bare) = name.strip_prefix("temporal_") else { return false };
        let seconds = |name: &str| {
            let name = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            name.and_then(|name| name.strip_suffix("_seconds")).map(str::to_owned)
        };
        let bare = bare.strip_suffix("_total").map(str::to_owned).or_else(|| seconds(bare));
        bare.is_some_and(|bare| self.0.contains(&format!("\"{bare}\"")))
    }
}

/// As the compiler names it.
fn this_kind_of_machine() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    told.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}
