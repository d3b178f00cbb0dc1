//! Keeps the arrows between the crates as ARCHITECTURE.md draws them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Which of our crates each of our crates may use. What is not listed is forbidden.
const ALLOWED: [(&str, &[&str]); 13] = [
    ("domain", &[]),
    ("bootstrap", &[]),
    ("workflows", &["domain"]),
    ("database", &["domain"]),
    ("faultpoints", &[]),
    ("providers", &["domain", "faultpoints"]),
    ("sandbox", &["domain"]),
    ("activities", &["workflows", "database", "providers", "domain"]),
    ("control", &["workflows", "domain"]),
    ("worker", &["activities", "workflows", "database", "providers", "bootstrap", "domain", "faultpoints"]),
    ("api", &["control", "database", "providers", "domain", "bootstrap", "faultpoints"]),
    (
        "cli",
        &[
            "activities",
            "api",
            "bootstrap",
            "control",
            "database",
            "domain",
            "providers",
            "sandbox",
            "worker",
            "workflows",
        ],
    ),
    (
        "torture",
        &[
            "api",
            "bootstrap",
            "control",
            "database",
            "domain",
            "faultpoints",
            "providers",
            "sandbox",
            "worker",
            "workflows",
        ],
    ),
];

/// What tests may use beside that: the sandbox everywhere, whatever stands the whole house up, and the processes, of which one is
/// started by hand where nobody of the house would.
const IN_TESTS: [&str; 6] = ["sandbox", "worker", "api", "bootstrap", "control", "workflows"];

/// Names that must not be reachable from a process: with them it could do I/O.
const OUT_OF_REACH_OF_WORKFLOWS: [&str; 5] =
    ["sqlx", "reqwest", "axum", "temporalio-sdk", "temporalio-client"];

type Arrows = BTreeMap<String, BTreeSet<String>>;

fn metadata() -> Value {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    // Only what this machine needs: the packages of other platforms have never been fetched here.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--filter-platform", &host(), "--manifest-path", manifest])
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc is here, since cargo is");
    let text = String::from_utf8(output.stdout).expect("rustc writes text");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}

fn ours(name: &str) -> Option<&str> {
    name.strip_prefix("wolo-")
}

/// Arrows between our crates, as their manifests declare them. Build dependencies count like ordinary ones.
fn arrows(metadata: &Value, in_tests: bool) -> Arrows {
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .filter_map(|package| Some((ours(package["name"].as_str()?)?.to_owned(), package)))
        .map(|(name, package)| {
            let targets = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| (dependency["kind"].as_str() == Some("dev")) == in_tests)
                .filter_map(|dependency| ours(dependency["name"].as_str()?).map(str::to_owned))
                .collect();
            (name, targets)
        })
        .collect()
}

fn forbidden(arrows: &Arrows, also: &[&str]) -> Vec<String> {
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    arrows
        .iter()
        .flat_map(|(from, targets)| targets.iter().map(move |to| (from.as_str(), to.as_str())))
        .filter(|(from, to)| {
            let may = allowed.get(from).is_some_and(|targets| targets.contains(to));
            !may && !also.contains(to)
        })
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect()
}

/// Every package that a crate's ordinary dependencies bring along.
fn reach(metadata: &Value, from: &str) -> BTreeSet<String> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| (node["id"].as_str().expect("id"), node))
        .collect();
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| (package["id"].as_str().expect("id"), package["name"].as_str().expect("name")))
        .collect();
    let start = names.iter().find(|(_, name)| **name == from).map(|(id, _)| *id).expect("the crate exists");
    let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(id) = open.pop() {
        let dependencies = nodes[id]["deps"].as_array().expect("deps");
        for dependency in dependencies {
            let ordinary =
                dependency["dep_kinds"].as_array().expect("kinds").iter().any(|kind| kind["kind"].is_null());
            let id = dependency["pkg"].as_str().expect("pkg");
            if ordinary && seen.insert(names[id].to_owned()) {
                open.push(id);
            }
        }
    }
    seen
}

#[test]
fn every_arrow_is_one_that_the_drawing_shows() {
    let arrows = arrows(&metadata(), false);
    assert_eq!(arrows.len(), ALLOWED.len(), "a crate that the drawing does not know: {:?}", arrows.keys());
    assert_eq!(forbidden(&arrows, &[]), Vec::<String>::new());
}

/// Every line of a crate's source that names another crate.
fn lines_with(folder: &Path, name: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            lines_with(&path, name, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("source can be read");
            found.extend(text.lines().filter(|line| line.contains(name)).map(str::to_owned));
        }
    }
}

#[test]
fn the_command_line_takes_the_words_of_messages_from_the_deeds_and_nothing_else() {
    let mut found = Vec::new();
    lines_with(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "wolo_activities", &mut found);
    assert!(!found.is_empty(), "the walk finds nothing");
    found.retain(|line| !line.contains("wolo_activities::words"));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn tests_may_use_the_sandbox_and_the_whole_house_but_nothing_else() {
    assert_eq!(forbidden(&arrows(&metadata(), true), &IN_TESTS), Vec::<String>::new());
}

#[test]
fn a_process_cannot_reach_anything_that_does_io() {
    let reach = reach(&metadata(), "wolo-workflows");
    assert!(reach.contains("temporalio-workflow"), "the walk finds nothing");
    let found: Vec<_> = OUT_OF_REACH_OF_WORKFLOWS.into_iter().filter(|name| reach.contains(*name)).collect();
    assert_eq!(found, Vec::<&str>::new());
}

/// What a build of one package brings along, by the features that it asks for itself. In the workspace as a whole they are one
/// with those of others, which is why a release is built package by package.
fn features_of(package: &str) -> String {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal,features", "--prefix", "none", "--package", package])
        .args(["--manifest-path", manifest])
        .output()
        .expect("cargo tree runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes text")
}

#[test]
fn nothing_that_is_released_asks_for_fault_points() {
    for package in ["wolo-api", "wolo-worker", "wolo-cli"] {
        let features = features_of(package);
        assert!(features.contains("wolo-faultpoints"), "the walk finds nothing");
        assert!(!features.contains(r#"wolo-faultpoints feature "armed""#), "{package} can be made to die");
        assert!(!features.contains("rustix feature \"process\""), "{package} can kill processes");
    }
}

#[test]
fn no_fault_point_can_be_armed_in_the_binary_that_is_built_here() {
    let wolo = std::fs::read(env!("CARGO_BIN_EXE_wolo")).expect("the binary is there");
    let wolo = String::from_utf8_lossy(&wolo);
    assert!(wolo.contains("idempotency_key_in_flight"), "the search finds nothing");
    // What a binary with fault points says of itself, and where it looks for them. Without them a point is an empty function, and
    // an unoptimised build still has the names that it is called with.
    for mark in ["this process has fault points", "WOLO_FAULTPOINTS"] {
        assert!(!wolo.contains(mark), "{mark}");
    }
}

#[test]
fn a_forbidden_arrow_is_found() {
    let api_that_acts: Arrows =
        [("api".to_owned(), BTreeSet::from(["activities".to_owned(), "control".to_owned()]))].into();
    assert_eq!(forbidden(&api_that_acts, &[]), ["api -> activities"]);
}
