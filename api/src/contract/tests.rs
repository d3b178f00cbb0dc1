use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::Document;
use crate::problem::Code;
use crate::router;

fn document() -> String {
    let Document(bytes) = Document::new(router::map().into_openapi());
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// `WOLO_RECORD_OPENAPI=1` writes it anew; what changed is then for a person to look at.
#[test]
fn the_document_in_the_repository_is_the_one_that_is_given_out() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let fresh = document();
    if std::env::var_os("WOLO_RECORD_OPENAPI").is_some() {
        std::fs::write(&kept, &fresh).unwrap();
    }
    assert!(
        std::fs::read_to_string(&kept).unwrap_or_default() == fresh,
        "api/openapi.json is stale: run `WOLO_RECORD_OPENAPI=1 cargo test -p wolo-api --lib contract` and look at what changed",
    );
}

#[test]
fn the_map_names_every_address_and_takes_no_route_without_a_description() {
    let map = include_str!("../router.rs");
    for undescribed in [".route(", ".nest(", ".merge(", "_service("] {
        assert!(!map.contains(undescribed), "router.rs uses {undescribed}…), which leaves no description");
    }
    let named: BTreeSet<&str> =
        map.lines().filter_map(|line| line.split_once(")    ")?.1.trim().strip_prefix("// ")).collect();
    let document: Value = serde_json::from_str(&document()).unwrap();
    let described: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named, described);
}

#[test]
fn every_operation_has_its_own_name_an_area_and_words() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let mut names = BTreeSet::new();
    for operation in operations {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} is used twice");
        assert!(operation["tags"][0].is_string() && operation["summary"].is_string(), "{name}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["description"].is_string() || response["$ref"].is_string(), "{name} {status}");
        }
    }
}

#[test]
fn every_problem_is_one_that_some_operation_may_answer() {
    let document = document();
    for code in Code::ALL {
        let named = format!("\"$ref\": \"#/components/examples/{}\"", code.as_str());
        assert!(document.contains(&named), "{} is in no answer", code.as_str());
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(&document()).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
}
