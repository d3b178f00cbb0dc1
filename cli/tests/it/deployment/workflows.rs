//! The files of the forge: what they do, with no more rights than that takes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{files, path, text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workflow {
    #[serde(rename = "name")]
    _name: String,
    on: Value,
    permissions: BTreeMap<String, String>,
    #[serde(rename = "concurrency")]
    _concurrency: Option<Value>,
    jobs: BTreeMap<String, Work>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Work {
    #[serde(rename = "runs-on")]
    _runs_on: String,
    timeout_minutes: Option<u32>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(rename = "permissions")]
    _permissions: Option<BTreeMap<String, String>>,
    #[serde(rename = "strategy")]
    _strategy: Option<Value>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(rename = "name")]
    _name: Option<String>,
    uses: Option<String>,
    with: Option<Value>,
    run: Option<String>,
    #[serde(rename = "env")]
    _env: Option<BTreeMap<String, String>>,
}

fn workflows() -> BTreeMap<String, Workflow> {
    let read = |name: String| {
        let workflow = serde_saphyr::from_str(&text(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name.rsplit('/').next().unwrap().to_owned(), workflow)
    };
    files(".github/workflows", ".yml").into_iter().map(read).collect()
}

#[test]
fn a_job_may_only_read_unless_it_says_so_and_comes_to_an_end() {
    for (name, workflow) in workflows() {
        assert_eq!(
            workflow.permissions,
            BTreeMap::from([("contents".to_owned(), "read".to_owned())]),
            "{name}"
        );
        for (job, work) in &workflow.jobs {
            assert!(work.timeout_minutes.is_some(), "{job} of {name} may run for ever");
            assert!(work.needs.iter().all(|other| workflow.jobs.contains_key(other)), "{job} of {name}");
            for step in &work.steps {
                assert!(step.uses.is_some() != step.run.is_some(), "{job} of {name}");
                if let Some(uses) = &step.uses {
                    let version = uses.split_once('@').map(|(_, version)| version);
                    assert!(version.is_some_and(|version| !["main", "master"].contains(&version)), "{uses}");
                    let checkout = uses.starts_with("actions/checkout@");
                    assert!(
                        !checkout || step.with.as_ref().unwrap()["persist-credentials"] == false,
                        "{job} of {name}"
                    );
                }
                // What others wrote is handed over as a variable: within a script it would be a part of the script.
                assert!(!step.run.as_ref().is_some_and(|run| run.contains("${{")), "{job} of {name}");
            }
        }
    }
}

#[test]
fn a_change_is_checked_by_the_script_that_everybody_runs_and_a_release_has_what_it_should() {
    let workflows = workflows();
    let runs = |workflow: &str| {
        let steps = workflows[workflow].jobs.values().flat_map(|work| &work.steps);
        steps.filter_map(|step| step.run.clone()).collect::<Vec<_>>().join("\n")
    };
    assert!(runs("ci.yml").contains("bash .ci/run") && path(".ci/run").is_file());
    assert!(workflows["ci.yml"].on.get("pull_request").is_some());
    assert!(text(".ci/run").contains("deploy/check"));
    let release = &workflows["release.yml"];
    assert_eq!(release.on["push"]["tags"][0], "v*");
    for part in ["binaries", "sbom", "image"] {
        assert!(release.jobs["release"].needs.contains(&part.to_owned()), "a release has no {part}");
    }
    for program in ["wolo", "wolo-api", "wolo-worker"] {
        assert!(runs("release.yml").contains(&format!("target/release/{program} ")), "{program}");
    }
    let image = release.jobs["image"]
        .steps
        .iter()
        .find_map(|step| step.with.clone().filter(|with| with.get("sbom").is_some()));
    assert_eq!(image.unwrap()["sbom"], true);
}
