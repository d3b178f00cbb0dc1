//! What stands around our processes in `temporal-compose.yml`: that each is told what it is to know, and tells nobody else.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compose::{compose, filled};
use super::{text, yaml};

/// What the engine's web pages read from the environment, of the template in their image (`server/docker/config-template.yaml`).
const OF_THE_PAGES: [&str; 7] = [
    "TEMPORAL_ADDRESS",
    "TEMPORAL_DEFAULT_NAMESPACE",
    "TEMPORAL_CODEC_ENDPOINT",
    "TEMPORAL_CODEC_PASS_ACCESS_TOKEN",
    "TEMPORAL_CODEC_INCLUDE_CREDENTIALS",
    "TEMPORAL_CORS_ORIGINS",
    "TEMPORAL_UI_PORT",
];

#[test]
fn the_engines_pages_ask_the_api_to_decrypt_which_allows_it_to_them_alone() {
    let services = compose().services;
    let pages = &services["temporal-ui"];
    for name in pages.environment.keys() {
        assert!(OF_THE_PAGES.contains(&name.as_str()), "the pages know nothing of {name}");
    }
    let codec = filled(&pages.environment["TEMPORAL_CODEC_ENDPOINT"]);
    let api = &services["api"].environment;
    let route = codec.strip_prefix(&filled(&api["WOLO__API__PUBLIC_URL"])).unwrap();
    let contract: Value = serde_json::from_str(&text("api/openapi.json")).unwrap();
    assert!(contract["paths"][format!("{route}/decode")]["post"].is_object(), "nothing decrypts at {route}");
    // Where they are found is where a browser may ask from, and where links lead.
    let origin = filled(&api["WOLO__TEMPORAL__UI"]);
    let published = pages.ports[0].rsplit_once(':').unwrap().0;
    assert_eq!(origin, format!("http://{published}"));
    // The API allows no cookies to them, and nobody signs in to them here.
    for off in ["TEMPORAL_CODEC_PASS_ACCESS_TOKEN", "TEMPORAL_CODEC_INCLUDE_CREDENTIALS"] {
        assert!(!pages.environment.contains_key(off), "{off} would pass on what nobody has");
    }
    let paper = text("docs/operations.md");
    for told in ["TEMPORAL_CODEC_ENDPOINT", "WOLO__TEMPORAL__UI"] {
        assert!(paper.contains(told), "nobody says what {told} is for");
    }
}

#[test]
fn no_secret_stands_in_what_a_process_is_started_with() {
    for (name, service) in compose().services {
        let check = service.healthcheck.map(|check| check.test).unwrap_or_default();
        for line in service.command.iter().chain(&check).flat_map(|part| part.lines()) {
            for (place, _) in line.match_indices("/run/secrets/") {
                let before = line[..place].trim_end_matches("cat ").trim_end_matches(['$', '(', '<', '"']);
                // A variable of the shell, or a line of what the process reads.
                let told = before.ends_with('=') || before == "requirepass ";
                assert!(told, "{name} shows a secret to all of its machine: {line}");
            }
        }
    }
}

#[test]
fn what_prometheus_reads_is_mounted() {
    let compose = compose();
    let mounts = compose.services["prometheus"].volumes.iter().map(|mount| mount.split(':').nth(1).unwrap());
    let mounts: BTreeSet<_> = mounts.collect();
    let config = yaml("deploy/prometheus/prometheus.yml").remove(0);
    let mut read: Vec<_> = config["rule_files"].as_array().unwrap().iter().collect();
    for manager in config["alerting"]["alertmanagers"].as_array().unwrap() {
        let files = manager["file_sd_configs"].as_array().unwrap().iter();
        read.extend(files.flat_map(|found| found["files"].as_array().unwrap()));
    }
    assert!(read.len() >= 2);
    for file in read.into_iter().map(|file| file.as_str().unwrap()) {
        let folder = file.rsplit_once('/').unwrap().0;
        assert!(mounts.contains(file) || mounts.contains(folder), "nobody mounts {file}");
    }
}
