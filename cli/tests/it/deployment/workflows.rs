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
    _runs_on: Option<String>,
    /// Another file of the forge, whose jobs have limits of their own.
    uses: Option<String>,
    timeout_minutes: Option<u32>,
    #[serde(default)]
    needs: Vec<String>,
    permissions: Option<BTreeMap<String, String>>,
    #[serde(rename = "strategy")]
    _strategy: Option<Value>,
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(rename = "if")]
    _when: Option<String>,
    uses: Option<String>,
    with: Option<Value>,
    run: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
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
            assert!(
                work.timeout_minutes.is_some() || work.uses.is_some(),
                "{job} of {name} may run for ever"
            );
            assert!(work.needs.iter().all(|other| workflow.jobs.contains_key(other)), "{job} of {name}");
            for step in &work.steps {
                assert!(step.uses.is_some() != step.run.is_some(), "{job} of {name}");
                if let Some(uses) = &step.uses {
                    let commit = uses.split_once('@').map(|(_, commit)| commit);
                    let pinned =
                        |commit: &str| commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
                    assert!(commit.is_some_and(pinned), "whoever owns {uses} may make it another one");
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

/// All that the scripts of a workflow say.
fn runs(workflow: &Workflow) -> String {
    let steps = workflow.jobs.values().flat_map(|work| &work.steps);
    steps.filter_map(|step| step.run.clone()).collect::<Vec<_>>().join("\n")
}

/// What each use of an action is given.
fn given(workflow: &Workflow, action: &str) -> Vec<Value> {
    let steps = workflow.jobs.values().flat_map(|work| &work.steps);
    let those = steps.filter(|step| step.uses.as_ref().is_some_and(|uses| uses.starts_with(action)));
    those.map(|step| step.with.clone().unwrap()).collect()
}

#[test]
fn a_change_is_checked_by_the_script_that_everybody_runs_and_with_a_browser() {
    let ci = workflows().remove("ci.yml").unwrap();
    assert!(runs(&ci).contains("bash .ci/run") && path(".ci/run").is_file());
    assert!(ci.on.get("pull_request").is_some());
    assert!(text(".ci/run").contains("deploy/check"));
    let browses = ci.jobs["check"].steps.iter().any(|step| {
        step.env.get("WOLO_BROWSER").is_some_and(|wish| wish == "required")
            && step.run.as_ref().is_some_and(|run| run.contains(".ci/run"))
    });
    assert!(browses, "nobody looks at the pages");
    assert_eq!(given(&ci, "actions/upload-artifact@")[0]["path"], "target/screenshots");
}

#[test]
fn a_release_waits_for_all_that_a_change_must_pass_and_has_what_it_should() {
    let mut workflows = workflows();
    let (release, ci) = (workflows.remove("release.yml").unwrap(), workflows.remove("ci.yml").unwrap());
    assert_eq!(release.on["push"]["tags"][0], "v*");
    assert!(ci.on.get("workflow_call").is_some());
    assert_eq!(release.jobs["check"].uses.as_deref(), Some("./.github/workflows/ci.yml"));
    for (job, work) in &release.jobs {
        let writes = work.permissions.iter().flatten().any(|(_, right)| right == "write");
        assert!(!writes || work.needs.contains(&"check".to_owned()), "{job} does not wait for the checks");
    }
    for part in ["binaries", "sbom", "image"] {
        assert!(release.jobs["release"].needs.contains(&part.to_owned()), "a release has no {part}");
    }
    for program in ["wolo", "wolo-api", "wolo-worker"] {
        assert!(runs(&release).contains(&format!("target/release/{program} ")), "{program}");
    }
    assert_eq!(given(&release, "docker/build-push-action@")[0]["sbom"], true);
    // What is released is what was made for it, and nothing that the checks left.
    assert_eq!(given(&release, "actions/download-artifact@")[0]["pattern"], "release-*");
    let uploads = given(&release, "actions/upload-artifact@");
    assert!(uploads.iter().all(|with| with["name"].as_str().unwrap().starts_with("release-")));
}
