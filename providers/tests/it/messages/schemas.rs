//! The vendors' own documents (`providers/tests/schemas`), as judges of what our clients send.
//!
//! Meta's is corrected where it contradicts itself; each correction names the contradiction, and a test shows that what is
//! wrong is still refused.

use jsonschema::Validator;
use serde_json::{Value, json};

const META: &str = include_str!("../../schemas/meta.json");
const SENDGRID: &str = include_str!("../../schemas/sendgrid.json");

/// Judges by the schema at this place in a document.
fn validator(mut document: Value, pointer: &str) -> Validator {
    document["$ref"] = json!(format!("#{pointer}"));
    jsonschema::options().should_validate_formats(true).build(&document).unwrap()
}

fn judge(validator: &Validator, body: &Value) -> Result<(), String> {
    let errors: Vec<_> =
        validator.iter_errors(body).map(|error| format!("{error} at {}", error.instance_path())).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
}

fn meta() -> Value {
    let mut document: Value = serde_json::from_str(META).unwrap();
    let schemas = &mut document["components"]["schemas"];
    // A part of a message may have no other fields than its own, which forbids those that every message must have. What is
    // meant is that the message as a whole has none but these.
    for name in ["TextMessage", "DocumentMessage", "InteractiveMessage"] {
        let schema = &mut schemas[name];
        schema["allOf"][1].as_object_mut().unwrap().remove("additionalProperties").unwrap();
        schema["unevaluatedProperties"] = json!(false);
    }
    schemas["TemplateMessage"]["unevaluatedProperties"] = json!(false);
    // Not in this version of the document; the platform's pages on webhooks have it.
    schemas["BaseMessageProperties"]["properties"]["biz_opaque_callback_data"] =
        json!({"type": "string", "maxLength": 512});
    // None of the document's own examples but one has a policy.
    schemas["LanguageObject"]["required"] = json!(["code"]);
    // The examples count buttons from 0, which the pattern does not know.
    for name in ["TemplateComponent", "ButtonComponent"] {
        let index = match name {
            "TemplateComponent" => &mut schemas[name]["properties"]["index"],
            _ => &mut schemas[name]["allOf"][1]["properties"]["index"],
        };
        assert!(index["pattern"].is_string());
        index["pattern"] = json!("^[0-9]$");
    }
    document
}

/// What stands in `components` and `parameters` is told apart by `discriminator`, which a validator does not follow.
fn judge_components(document: &Value, body: &Value) -> Result<(), String> {
    let by_type = |value: &Value, base: &str| {
        let kind = value["type"].as_str().unwrap_or_default();
        let mapping = &document["components"]["schemas"][base]["discriminator"]["mapping"];
        let pointer = mapping[kind].as_str().ok_or_else(|| format!("no {base} is a {kind}"))?;
        judge(&validator(document.clone(), pointer.trim_start_matches('#')), value)
    };
    for component in body["template"]["components"].as_array().into_iter().flatten() {
        by_type(component, "TemplateComponent")?;
        let base = if component["type"] == "button" { "ButtonParameterObject" } else { "ParameterObject" };
        for parameter in component["parameters"].as_array().into_iter().flatten() {
            by_type(parameter, base)?;
        }
    }
    Ok(())
}

/// Whether Meta's document lets a message pass.
pub(crate) fn whatsapp_message(body: &Value) -> Result<(), String> {
    let document = meta();
    judge(&validator(document.clone(), "/components/schemas/Message"), body)?;
    judge_components(&document, body)
}

/// Whether Meta's document lets a template pass.
pub(crate) fn whatsapp_template(body: &Value) -> Result<(), String> {
    let pointer =
        "/paths/~1{Version}~1{WABA-ID}~1message_templates/post/requestBody/content/application~1json/schema";
    judge(&validator(meta(), &pointer.replace('{', "%7B").replace('}', "%7D")), body)
}

/// Whether SendGrid's document lets a mail pass.
pub(crate) fn sendgrid_mail(body: &Value) -> Result<(), String> {
    let document = serde_json::from_str(SENDGRID).unwrap();
    let pointer = "/components/requestBodies/PostMailSend/content/application~1json/schema";
    judge(&validator(document, pointer), body)
}

/// The value with one place in it changed, or taken away.
fn with(value: &Value, pointer: &str, new: Option<Value>) -> Value {
    let mut value = value.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap();
    match (new, parent) {
        (Some(new), parent) => parent[name] = new,
        (None, Value::Object(fields)) => drop(fields.remove(name).unwrap()),
        (None, other) => panic!("{other}"),
    }
    value
}

#[test]
fn the_documents_refuse_what_is_wrong() {
    let text = json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+221770000001",
        "type": "text", "text": {"body": "x", "preview_url": false}, "biz_opaque_callback_data": "ntf_1"});
    assert_eq!(whatsapp_message(&text), Ok(()));
    for (place, new) in [
        ("/to", None),
        ("/recipient_type", Some(json!("everybody"))),
        ("/type", Some(json!("template"))),
        ("/text/body", Some(json!(5))),
        ("/text/colour", Some(json!("red"))),
        ("/colour", Some(json!("red"))),
        ("/biz_opaque_callback_data", Some(json!("x".repeat(513)))),
    ] {
        assert!(whatsapp_message(&with(&text, place, new)).is_err(), "{place}");
    }

    let button = json!({"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "x"}]});
    let template = json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+221770000001",
        "type": "template", "template": {"name": "pot_opened", "language": {"code": "fr"}, "components": [button]}});
    assert_eq!(whatsapp_message(&template), Ok(()));
    for (place, new) in [
        ("/template/language/code", None),
        ("/template/name", None),
        ("/template/components/0/index", None),
        ("/template/components/0/sub_type", Some(json!("call"))),
        ("/template/components/0/parameters/0/text", None),
        ("/template/components/0/parameters/0/type", Some(json!("image"))),
    ] {
        assert!(whatsapp_message(&with(&template, place, new)).is_err(), "{place}");
    }

    let mail = json!({"personalizations": [{"to": [{"email": "awa@example.sn"}], "custom_args": {"a": "b"}}],
        "from": {"email": "bonjour@wolo.example"}, "subject": "x", "content": [{"type": "text/plain", "value": "x"}]});
    assert_eq!(sendgrid_mail(&mail), Ok(()));
    for (place, new) in [
        ("/from", None),
        ("/personalizations/0/to", None),
        ("/personalizations/0/to/0/email", Some(json!("awa"))),
        ("/subject", Some(json!(""))),
        ("/content/0/value", Some(json!(""))),
        ("/personalizations/0/custom_args", Some(json!("a"))),
    ] {
        assert!(sendgrid_mail(&with(&mail, place, new)).is_err(), "{place}");
    }

    let template = json!({"name": "x", "language": "fr", "category": "UTILITY", "components": [{"type": "BODY", "text": "x"}]});
    assert_eq!(whatsapp_template(&template), Ok(()));
    for (place, new) in
        [("/category", json!(5)), ("/components/0/text", json!(5)), ("/components", json!("x"))]
    {
        assert!(whatsapp_template(&with(&template, place, Some(new))).is_err(), "{place}");
    }
}
