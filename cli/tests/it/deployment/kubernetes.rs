//! The Kubernetes manifests, read as the types of Kubernetes' own description of itself, so that a word that it does not know is
//! found here; and what they say to each other.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, Namespace, PersistentVolumeClaim, PodSpec, PodTemplateSpec, Probe, Service,
};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Secrets, files, has_what_it_needs, is_pinned, is_secret, text, yaml};

const FOLDER: &str = "deploy/kubernetes";

/// Reads an object as what it says that it is, and looks whether anything in it was not understood.
fn read<T: DeserializeOwned + Serialize>(object: &Value) -> T {
    let read: T = serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{object}: {error}"));
    let understood = serde_json::to_value(&read).unwrap();
    lost(object, &understood, "");
    read
}

/// What is in the first and not in the second was dropped in reading: Kubernetes knows no such word there.
fn lost(said: &Value, understood: &Value, place: &str) {
    match (said, understood) {
        (Value::Object(said), Value::Object(understood)) => {
            for (key, value) in said {
                let place = format!("{place}.{key}");
                let there = understood.get(key).unwrap_or_else(|| panic!("{place} means nothing"));
                lost(value, there, &place);
            }
        }
        (Value::Array(said), Value::Array(understood)) => {
            assert_eq!(said.len(), understood.len(), "{place}");
            for (number, (said, understood)) in said.iter().zip(understood).enumerate() {
                lost(said, understood, &format!("{place}[{number}]"));
            }
        }
        _ => assert_eq!(said, understood, "{place}"),
    }
}

fn objects() -> Vec<Value> {
    let names = files(FOLDER, ".yaml").into_iter().filter(|name| !name.ends_with("/kustomization.yaml"));
    names.flat_map(|name| yaml(&name)).collect()
}

pub(super) fn all<T: DeserializeOwned + Serialize>(kind: &str) -> BTreeMap<String, T> {
    let objects = objects().into_iter().filter(|object| object["kind"] == kind);
    objects.map(|object| (object["metadata"]["name"].as_str().unwrap().to_owned(), read(&object))).collect()
}

fn pod(template: &PodTemplateSpec) -> &PodSpec {
    template.spec.as_ref().unwrap()
}

/// Every pod that is ever started, by the name of what starts it.
fn pods() -> BTreeMap<String, PodSpec> {
    let mut pods = BTreeMap::new();
    for (name, deployment) in all::<Deployment>("Deployment") {
        pods.insert(name, pod(&deployment.spec.template).clone());
    }
    for (name, job) in all::<Job>("Job") {
        pods.insert(name, pod(&job.spec.unwrap().template).clone());
    }
    for (name, job) in all::<CronJob>("CronJob") {
        pods.insert(name, pod(&job.spec.job_template.spec.unwrap().template).clone());
    }
    pods
}

#[test]
fn every_object_is_one_that_kubernetes_knows() {
    for object in objects() {
        let kind = (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
        match kind {
            ("v1", "Namespace") => drop(read::<Namespace>(&object)),
            ("v1", "ConfigMap") => drop(read::<ConfigMap>(&object)),
            ("v1", "Service") => drop(read::<Service>(&object)),
            ("v1", "PersistentVolumeClaim") => drop(read::<PersistentVolumeClaim>(&object)),
            ("apps/v1", "Deployment") => drop(read::<Deployment>(&object)),
            ("batch/v1", "Job") => drop(read::<Job>(&object)),
            ("batch/v1", "CronJob") => drop(read::<CronJob>(&object)),
            ("autoscaling/v2", "HorizontalPodAutoscaler") => drop(read::<HorizontalPodAutoscaler>(&object)),
            ("policy/v1", "PodDisruptionBudget") => drop(read::<PodDisruptionBudget>(&object)),
            ("networking.k8s.io/v1", "Ingress") => drop(read::<Ingress>(&object)),
            ("networking.k8s.io/v1", "NetworkPolicy") => drop(read::<NetworkPolicy>(&object)),
            other => panic!("{other:?} is not among what we use"),
        }
    }
    let misspelt = serde_json::json!({ "apiVersion": "v1", "kind": "Service", "metadata": {}, "spec": { "selektor": {} } });
    assert!(
        std::panic::catch_unwind(|| read::<Service>(&misspelt)).is_err(),
        "a word that means nothing is found"
    );
}

#[test]
fn everything_is_in_the_kustomization_and_the_image_gets_a_version() {
    let kustomization = yaml("deploy/kubernetes/kustomization.yaml").remove(0);
    let named = kustomization["resources"].as_array().unwrap().iter();
    let named: BTreeSet<_> = named.map(|name| format!("{FOLDER}/{}", name.as_str().unwrap())).collect();
    let there = files(FOLDER, ".yaml").into_iter().filter(|name| !name.ends_with("/kustomization.yaml"));
    assert_eq!(named, there.collect());
    let tag = &kustomization["images"][0];
    assert_eq!(tag["name"], "wolo");
    assert!(is_pinned(&format!("{}:{}", tag["newName"].as_str().unwrap(), tag["newTag"].as_str().unwrap())));
}

#[test]
fn what_runs_for_long_has_probes_and_everything_runs_as_nobody() {
    for (name, deployment) in all::<Deployment>("Deployment") {
        let spec = deployment.spec;
        assert_eq!(spec.replicas, None, "the autoscaler of {name} says how many");
        let container = &pod(&spec.template).containers[0];
        for probe in [&container.startup_probe, &container.liveness_probe, &container.readiness_probe] {
            let get = probe.as_ref().unwrap_or_else(|| panic!("{name}")).http_get.as_ref().unwrap();
            assert_eq!(get.port, IntOrString::String("http".to_owned()));
        }
        let path = |probe: Option<&Probe>| probe.unwrap().http_get.as_ref().unwrap().path.clone().unwrap();
        // An outage of Postgres or Temporal must not restart everything.
        assert_eq!(path(container.liveness_probe.as_ref()), "/health", "{name}");
        assert_eq!(path(container.readiness_probe.as_ref()), "/ready", "{name}");
    }
    for (name, pod) in pods() {
        let all = pod.security_context.clone().unwrap();
        assert_eq!(all.run_as_non_root, Some(true), "{name}");
        assert_eq!(pod.automount_service_account_token, Some(false), "{name}");
        for container in containers(&pod) {
            let own = container.security_context.clone().unwrap();
            assert_eq!(own.allow_privilege_escalation, Some(false), "{name}");
            assert_eq!(own.read_only_root_filesystem, Some(true), "{name}");
            assert_eq!(own.capabilities.unwrap().drop.unwrap(), ["ALL"], "{name}");
            assert!(container.resources.clone().unwrap().limits.unwrap().contains_key("memory"), "{name}");
            let image = container.image.clone().unwrap();
            assert!(image == "wolo" || is_pinned(&image), "{name} runs {image}, whichever that is");
        }
    }
}

fn containers(pod: &PodSpec) -> impl Iterator<Item = &Container> {
    pod.containers.iter().chain(pod.init_containers.iter().flatten())
}

#[test]
fn what_selects_scales_or_protects_names_something_that_is_there() {
    let deployments = all::<Deployment>("Deployment");
    let labels =
        |deployment: &Deployment| deployment.spec.template.metadata.as_ref().unwrap().labels.clone().unwrap();
    for (name, deployment) in &deployments {
        let selector = deployment.spec.selector.match_labels.clone().unwrap();
        assert_eq!(selector, labels(deployment), "{name}");
    }
    let selects = |selector: &BTreeMap<String, String>, deployment: &Deployment| {
        let labels = labels(deployment);
        selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    };
    let budgets = all::<PodDisruptionBudget>("PodDisruptionBudget");
    let scalers = all::<HorizontalPodAutoscaler>("HorizontalPodAutoscaler");
    for (name, deployment) in &deployments {
        let selector =
            budgets[name].spec.as_ref().unwrap().selector.as_ref().unwrap().match_labels.clone().unwrap();
        assert!(selects(&selector, deployment), "the budget of {name} protects nothing");
        let scaler = &scalers[name].spec;
        assert_eq!(
            (&scaler.scale_target_ref.kind, &scaler.scale_target_ref.name),
            (&"Deployment".to_owned(), name)
        );
        assert!(scaler.min_replicas >= Some(2), "{name} is alone, and cannot be moved");
    }
    assert_eq!((budgets.len(), scalers.len()), (deployments.len(), deployments.len()));
    for (name, service) in all::<Service>("Service") {
        let spec = service.spec.unwrap();
        assert!(selects(&spec.selector.unwrap(), &deployments[&name]), "{name}");
    }
    let ingress = all::<Ingress>("Ingress").remove("wolo").unwrap().spec.unwrap();
    let rules = ingress.rules.unwrap();
    let backend = &rules[0].http.as_ref().unwrap().paths[0].backend;
    assert_eq!(backend.service.as_ref().unwrap().name, "api");
}

#[test]
fn a_release_is_applied_at_once_because_its_migration_is_gone_when_the_next_one_comes() {
    for (name, job) in all::<Job>("Job") {
        let gone = job.spec.unwrap().ttl_seconds_after_finished;
        // Kubernetes refuses to change a Job, and with it the whole release.
        assert!(gone.is_some_and(|seconds| seconds <= 3600), "{name} stands in the way of the next release");
    }
    for (name, deployment) in all::<Deployment>("Deployment") {
        let rolling = deployment.spec.strategy.unwrap().rolling_update.unwrap();
        // Those of the release before stay until the schema is there, which is when new ones are ready.
        assert_eq!(rolling.max_unavailable, Some(IntOrString::Int(0)), "{name}");
    }
}

#[test]
fn workers_are_scaled_by_what_waits_on_their_own_queue() {
    let scalers = all::<HorizontalPodAutoscaler>("HorizontalPodAutoscaler");
    for queue in wolo_workflows::queues::ALL {
        let metrics = scalers[&format!("worker-{queue}")].spec.metrics.clone().unwrap();
        let external = metrics.iter().find_map(|metric| metric.external.clone()).unwrap();
        assert_eq!(external.metric.name, "wolo_queue_backlog");
        assert_eq!(external.metric.selector.unwrap().match_labels.unwrap()["queue"], queue);
    }
    let adapter = all::<ConfigMap>("ConfigMap").remove("prometheus-adapter").unwrap().data.unwrap();
    let rules: Value = serde_saphyr::from_str(&adapter["config.yaml"]).unwrap();
    assert_eq!(rules["externalRules"][0]["name"]["as"], "wolo_queue_backlog");
}

/// With what `deploy/secrets` is given before the first time. What it makes is put into a namespace, so that is there by then.
fn as_the_paper_has_it() -> Vec<String> {
    let paper = text("deploy/kubernetes/kustomization.yaml");
    let place = |words: &str| paper.find(words).unwrap_or_else(|| panic!("the paper does not say {words}"));
    assert!(place("deploy/secrets ") < place("kubectl apply -f deploy/kubernetes/namespace.yaml"));
    let namespace = all::<Namespace>("Namespace").into_keys().next().unwrap();
    let creates = place(&format!("kubectl -n {namespace} create secret generic wolo-secrets "));
    assert!(place("kubectl apply -f deploy/kubernetes/namespace.yaml") < creates);
    for ingress in all::<Ingress>("Ingress").into_values() {
        for tls in ingress.spec.unwrap().tls.unwrap() {
            place(&format!("kubectl -n {namespace} create secret tls {} ", tls.secret_name.unwrap()));
        }
    }
    let given = paper[place("deploy/secrets ")..].split_whitespace().skip(1);
    given.take_while(|word| word.starts_with("--")).map(str::to_owned).collect()
}

#[test]
fn each_of_our_processes_reads_its_settings_and_has_the_keys_that_it_needs() {
    let secrets = Secrets::made(&as_the_paper_has_it());
    let maps = all::<ConfigMap>("ConfigMap");
    let mut ours = 0;
    for (name, pod) in pods() {
        let volumes = pod.volumes.clone().unwrap();
        let mounted = volumes.iter().find_map(|volume| volume.secret.clone()).unwrap();
        assert_eq!(mounted.secret_name.as_deref(), Some("wolo-secrets"), "{name}");
        let given: Vec<_> = mounted.items.unwrap().into_iter().map(|item| item.key).collect();
        for secret in &given {
            assert!(secrets.has(secret), "{name} wants {secret}, which is neither made nor given");
        }
        // What has no secret looks at a folder and at nothing else.
        let reads = |container: &&Container| {
            container.volume_mounts.iter().flatten().any(|mount| mount.mount_path == "/run/secrets")
        };
        let own = containers(&pod).filter(|container| container.image.as_deref() == Some("wolo"));
        for container in own.filter(reads) {
            let mut environment = BTreeMap::new();
            for from in container.env_from.iter().flatten() {
                environment.extend(maps[&from.config_map_ref.as_ref().unwrap().name].data.clone().unwrap());
            }
            let own = container.env.iter().flatten();
            environment.extend(own.filter_map(|one| Some((one.name.clone(), one.value.clone()?))));
            let command = container.command.clone().unwrap();
            let settings = secrets.settings(&name, &environment, &given);
            has_what_it_needs(&name, &command, &settings);
            ours += 1;
        }
    }
    assert_eq!(ours, 7, "the API, four workers, the migration and the backup");
    for (name, map) in maps {
        for (variable, value) in map.data.unwrap() {
            let elsewhere = value.is_empty() || value.starts_with("/run/secrets/");
            assert!(!is_secret(&variable) || elsewhere, "{variable} of {name} is {value}");
        }
    }
}

#[test]
fn old_backups_go_when_a_new_one_has_succeeded() {
    let pod = pods().remove("backup").unwrap();
    let (create, prune) = (&pod.init_containers.as_ref().unwrap()[0], &pod.containers[0]);
    let words = |container: &Container| container.command.clone().unwrap();
    assert_eq!(words(create)[..4], ["wolo", "backup", "create", "--out"]);
    let folder = words(create)[4].rsplit_once('/').unwrap().0.to_owned();
    assert_eq!(words(prune)[..5], ["wolo", "backup", "prune", &folder, "--keep"]);
    assert!(words(prune)[5].parse::<u32>().unwrap() >= 7, "a loss may be seen late");
    assert_eq!(words(prune)[6..], ["--yes"], "nobody is there to be asked");
    let volume = |container: &Container| {
        let mounts = container.volume_mounts.clone().unwrap();
        mounts.into_iter().find(|mount| mount.mount_path == folder).unwrap().name
    };
    assert_eq!(volume(create), volume(prune));
    assert_eq!(pod.containers.len(), 1, "what runs beside it does not wait for its success");
}
