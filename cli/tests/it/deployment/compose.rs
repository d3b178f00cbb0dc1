//! `temporal-compose.yml`: what Docker would make of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{Secrets, has_what_it_needs, is_pinned, is_secret, path, text};

/// What we use of the format. A word that is not in it is a mistake, or is added here by somebody who has looked it up.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compose {
    #[serde(rename = "name")]
    _name: String,
    pub(super) services: BTreeMap<String, Service>,
    networks: Value,
    volumes: BTreeMap<String, Value>,
    secrets: BTreeMap<String, SecretFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFile {
    file: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    image: String,
    restart: Option<String>,
    pub(super) healthcheck: Option<HealthCheck>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(default)]
    secrets: Vec<String>,
    #[serde(default)]
    depends_on: BTreeMap<String, Condition>,
    #[serde(default)]
    pub(super) volumes: Vec<String>,
    #[serde(default)]
    pub(super) ports: Vec<String>,
    #[serde(default)]
    pub(super) command: Vec<String>,
    #[serde(rename = "entrypoint")]
    _entrypoint: Option<Vec<String>>,
    #[serde(rename = "build")]
    _build: Option<String>,
    deploy: Option<Value>,
    read_only: Option<bool>,
    #[serde(default)]
    cap_drop: Vec<String>,
    security_opt: Vec<String>,
    #[serde(rename = "tmpfs")]
    _tmpfs: Option<Vec<String>>,
    #[serde(rename = "logging")]
    _logging: Value,
    #[serde(rename = "stop_grace_period")]
    _stop_grace_period: Option<String>,
    #[serde(rename = "shm_size")]
    _shm_size: Option<String>,
    networks: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthCheck {
    pub(super) test: Vec<String>,
    #[serde(rename = "interval")]
    _interval: String,
    #[serde(rename = "timeout")]
    _timeout: String,
    retries: u32,
    #[serde(rename = "start_period")]
    _start_period: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    condition: String,
}

pub(super) fn compose() -> Compose {
    let mut whole: serde_json::Map<String, Value> =
        serde_saphyr::from_str(&text("temporal-compose.yml")).unwrap();
    // Those are Docker's for whatever one likes: here, what several services share.
    whole.retain(|key, _| !key.starts_with("x-"));
    serde_json::from_value(Value::Object(whole)).unwrap()
}

/// What variables of the shell stand for; those that have to be given are given.
pub(super) fn filled(value: &str) -> String {
    let mut filled =
        value.replace("${WOLO_PUBLIC_URL:?where people reach us, https}", "https://wolo.example");
    while let Some(start) = filled.find("${") {
        let end = start + filled[start..].find('}').unwrap();
        let (_, default) = filled[start + 2..end].split_once(":-").expect("given, or with a default");
        filled = format!("{}{default}{}", &filled[..start], &filled[end + 1..]);
    }
    filled
}

impl Service {
    fn is_ours(&self) -> bool {
        self.image.starts_with("wolo:")
    }

    /// Ends when it has done what it is for.
    fn is_job(&self) -> bool {
        self.restart.as_deref() == Some("on-failure")
    }
}

#[test]
fn every_service_says_whether_it_is_well_and_is_started_again() {
    for (name, service) in compose().services {
        let image = filled(&service.image);
        assert!(is_pinned(&image), "{name} runs {image}, whichever that is");
        assert_eq!(service.security_opt, ["no-new-privileges:true"], "{name}");
        if service.is_job() {
            assert!(service.healthcheck.is_none(), "{name} ends, so nobody asks it");
        } else {
            assert_eq!(service.restart.as_deref(), Some("unless-stopped"), "{name}");
            let check = service.healthcheck.as_ref().unwrap_or_else(|| panic!("{name} has no health check"));
            assert!(check.retries > 0 && ["CMD", "CMD-SHELL"].contains(&check.test[0].as_str()), "{name}");
            // There is no shell in our image.
            assert!(!service.is_ours() || check.test[..3] == ["CMD", "wolo", "probe"], "{name}");
        }
        if service.is_ours() {
            assert_eq!(service.read_only, Some(true), "{name}");
            assert_eq!(service.cap_drop, ["ALL"], "{name}");
        }
    }
}

#[test]
fn what_a_service_waits_for_is_there_and_can_come_about() {
    let services = compose().services;
    for (name, service) in &services {
        for (on, Condition { condition }) in &service.depends_on {
            let on = services.get(on).unwrap_or_else(|| panic!("{name} waits for {on}, which there is not"));
            let can = if on.is_job() { "service_completed_successfully" } else { "service_healthy" };
            assert_eq!(condition, can, "{name}");
        }
    }
    let order = [
        "postgres",
        "temporal-schema",
        "temporal",
        "temporal-namespace",
        "migrate",
        "passwords",
        "api",
        "balancer",
    ];
    for pair in order.windows(2) {
        assert!(
            services[pair[1]].depends_on.contains_key(pair[0]),
            "{} does not wait for {}",
            pair[1],
            pair[0]
        );
    }
}

#[test]
fn the_api_is_there_twice_and_each_queue_has_a_worker() {
    let services = compose().services;
    assert_eq!(services["api"].deploy.as_ref().unwrap()["replicas"], 2);
    assert!(services["api"].ports.is_empty(), "people come in by the balancer");
    let served: BTreeSet<_> = services
        .values()
        .filter(|service| service.command.first().is_some_and(|program| program == "wolo-worker"))
        .map(|service| service.command[2].as_str())
        .collect();
    assert_eq!(served, wolo_workflows::queues::ALL.into_iter().collect());
}

#[test]
fn every_secret_is_a_file_that_is_made_and_only_those_have_it_who_need_it() {
    let secrets = Secrets::made(&[]);
    let compose = compose();
    let mut used = BTreeSet::new();
    for (name, service) in &compose.services {
        for secret in &service.secrets {
            assert!(compose.secrets.contains_key(secret), "{name} wants {secret}, which there is not");
            used.insert(secret.as_str());
        }
    }
    for (name, secret) in &compose.secrets {
        assert_eq!(secret.file, format!("${{WOLO_SECRETS:-./secrets}}/{name}"));
        assert!(used.contains(name.as_str()), "nobody uses {name}");
        assert!(secrets.has(name), "{name} is neither made nor given");
    }
}

#[test]
fn no_password_and_no_key_stands_in_the_file_or_has_a_default() {
    for (name, service) in compose().services {
        for (variable, value) in service.environment {
            let elsewhere = value.is_empty() || value.starts_with("/run/secrets/");
            assert!(!is_secret(&variable) || elsewhere, "{variable} of {name} is {value}");
            assert!(!value.contains("://wolo"), "{variable} of {name} names a user");
        }
    }
}

#[test]
fn each_of_our_processes_reads_its_settings_and_has_the_keys_that_it_needs() {
    let secrets = Secrets::made(&[]);
    let compose = compose();
    let ours: Vec<_> = compose.services.iter().filter(|(_, service)| service.is_ours()).collect();
    assert!(ours.len() >= 6);
    for (name, service) in ours {
        let environment =
            service.environment.iter().map(|(name, value)| (name.clone(), filled(value))).collect();
        let settings = secrets.settings(name, &environment, &service.secrets);
        has_what_it_needs(name, &service.command, &settings);
        let given: BTreeSet<_> = service.secrets.iter().map(|one| format!("/run/secrets/{one}")).collect();
        let read: BTreeSet<_> =
            service.environment.values().filter(|value| value.starts_with("/run/")).cloned().collect();
        assert_eq!(given, read, "{name} is given what it does not read");
    }
}

#[test]
fn what_is_mounted_is_there_and_figures_are_told_to_prometheus_alone() {
    let compose = compose();
    for (name, service) in &compose.services {
        for volume in &service.volumes {
            let from = volume.split(':').next().unwrap();
            let there = match from.strip_prefix("./") {
                Some(file) => path(file).exists(),
                None => compose.volumes.contains_key(from),
            };
            assert!(there, "{name} mounts {from}, which there is not");
        }
        for port in &service.ports {
            let public = name == "balancer";
            assert!(public || port.starts_with("127.0.0.1:"), "{name} is open to everybody at {port}");
        }
    }
    let prometheus = compose.services["prometheus"].networks.as_ref().unwrap();
    let address = prometheus["default"]["ipv4_address"].as_str().unwrap();
    assert_eq!(compose.services["api"].environment["WOLO__API__METRICS_FROM"], address);
    let subnet = compose.networks["default"]["ipam"]["config"][0]["subnet"].as_str().unwrap();
    assert!(address.starts_with(subnet.rsplit_once('.').unwrap().0));
    let scraped = super::yaml("deploy/prometheus/prometheus.yml");
    let jobs = scraped[0]["scrape_configs"].as_array().unwrap().iter();
    let names = jobs.flat_map(|job| job["dns_sd_configs"].as_array().cloned().unwrap_or_default());
    let names: Vec<_> = names.flat_map(|one| one["names"].as_array().cloned().unwrap()).collect();
    let ours = compose.services.iter().filter(|(_, service)| service.is_ours() && !service.is_job());
    for (name, _) in ours {
        assert!(names.contains(&Value::from(name.as_str())), "nobody scrapes {name}");
    }
}
