//! Where Prometheus finds the processes, on one machine and in a cluster: each once, under the name that alerts and dashboards ask for.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::CronJob;
use serde_json::Value;

use super::figures::{questions, selectors};
use super::kubernetes::all;
use super::yaml;

const ONE_MACHINE: &str = "deploy/prometheus/prometheus.yml";
const A_CLUSTER: &str = "deploy/prometheus/kubernetes.yml";

/// By their names.
fn jobs(config: &str) -> BTreeMap<String, Value> {
    let jobs = yaml(config).remove(0)["scrape_configs"].as_array().unwrap().clone();
    jobs.into_iter().map(|job| (job["job_name"].as_str().unwrap().to_owned(), job)).collect()
}

/// Whether all of a text is what Prometheus reads this pattern as.
fn matches(pattern: &str, text: &str) -> bool {
    let question = format!("x{{l=~\"{pattern}\"}}");
    let selector = selectors(&question).remove(0);
    selector.matchers.matchers.iter().find(|matcher| matcher.name == "l").unwrap().is_match(text)
}

#[test]
fn alerts_and_dashboards_ask_for_jobs_that_there_are_on_one_machine_and_in_a_cluster() {
    let mut asked = BTreeSet::new();
    for selector in questions().iter().flat_map(|(_, question)| selectors(question)) {
        let matchers = selector.matchers.matchers.into_iter().filter(|matcher| matcher.name == "job");
        asked.extend(
            matchers.flat_map(|matcher| matcher.value.split('|').map(str::to_owned).collect::<Vec<_>>()),
        );
    }
    assert!(asked.contains("api") && asked.contains("worker"), "{asked:?}");
    for config in [ONE_MACHINE, A_CLUSTER] {
        let there: BTreeSet<_> = jobs(config).into_keys().collect();
        let absent: Vec<_> = asked.difference(&there).collect();
        assert!(absent.is_empty(), "{config} scrapes nothing under {absent:?}");
    }
}

#[test]
fn each_deployment_is_scraped_by_one_job_of_the_cluster() {
    let jobs = jobs(A_CLUSTER);
    for (name, deployment) in all::<Deployment>("Deployment") {
        let template = deployment.spec.template;
        let label = &template.metadata.unwrap().labels.unwrap()["app.kubernetes.io/name"];
        let port = template.spec.unwrap().containers[0].ports.as_ref().unwrap()[0].name.clone().unwrap();
        let found = jobs.iter().filter(|(_, job)| {
            let keep = &job["relabel_configs"][0];
            assert_eq!(keep["action"], "keep");
            let of_the_port = keep["source_labels"][1] == "__meta_kubernetes_pod_container_port_name";
            assert_eq!(keep["source_labels"][0], "__meta_kubernetes_pod_label_app_kubernetes_io_name");
            of_the_port && matches(keep["regex"].as_str().unwrap(), &format!("{label};{port}"))
        });
        let found: Vec<_> = found.map(|(job, _)| job.as_str()).collect();
        assert_eq!(found, [if name == "api" { "api" } else { "worker" }], "{name}");
        let where_it_is = &yaml("deploy/kubernetes/kustomization.yaml")[0]["namespace"];
        assert_eq!(&jobs[found[0]]["kubernetes_sd_configs"][0]["namespaces"]["names"][0], where_it_is);
    }
}

#[test]
fn what_kubernetes_is_asked_about_is_there_under_that_name() {
    let jobs = all::<CronJob>("CronJob");
    let mut asked = 0;
    for selector in questions().iter().flat_map(|(_, question)| selectors(question)) {
        if !selector.name.as_deref().is_some_and(|name| name.starts_with("kube_cronjob_")) {
            continue;
        }
        let matchers = selector.matchers.matchers;
        let value = |name: &str| matchers.iter().find(|one| one.name == name).unwrap().value.clone();
        assert!(jobs.contains_key(&value("cronjob")), "there is no {}", value("cronjob"));
        assert_eq!(yaml("deploy/kubernetes/kustomization.yaml")[0]["namespace"], value("namespace").as_str());
        asked += 1;
    }
    assert!(asked >= 2);
    // Its own labels are those of what it tells about, so they stay as they are.
    assert_eq!(self::jobs(A_CLUSTER)["kube-state-metrics"]["honor_labels"], true);
}
