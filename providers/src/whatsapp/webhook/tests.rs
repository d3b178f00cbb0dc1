use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::messages::{Fate, Refusal, Remedy};

const SECRET: &str = "wolo_app_secret";
const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
const HEADER: &str = "sha256=8dbb95c7671742833b9d0a468c62ef584565543408563d4f57867636e493a982";

fn secrets(texts: &[&str]) -> Vec<SecretString> {
    texts.iter().map(|text| SecretString::from(*text)).collect()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// What a delivery of one change says.
fn said(field: &str, value: &Value) -> Vec<Event> {
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "WABA1", "changes": [
        {"field": field, "value": value}]}]});
    parse(body.to_string().as_bytes()).unwrap()
}

fn message(content: &Value) -> Inbound {
    let mut message = json!({"from": "221770000001", "id": "wamid.IN1", "timestamp": "1780000100"});
    message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    match said("messages", &json!({"messages": [message]})).as_slice() {
        [Event::Inbound(inbound)] => inbound.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_published_vector_is_accepted_and_nothing_near_it() {
    assert_eq!(verify(BODY, HEADER, &secrets(&[SECRET])), Ok(()));
    for index in 0..BODY.len() {
        let mut body = BODY.to_vec();
        body[index] ^= 1;
        assert_eq!(verify(&body, HEADER, &secrets(&[SECRET])), Err(WebhookError::Mismatch), "byte {index}");
    }
    for index in 7..HEADER.len() {
        let mut header = HEADER.as_bytes().to_vec();
        header[index] = if header[index] == b'0' { b'1' } else { b'0' };
        let header = String::from_utf8(header).unwrap();
        assert_eq!(verify(BODY, &header, &secrets(&[SECRET])), Err(WebhookError::Mismatch), "{index}");
    }
}

#[test]
fn while_a_secret_is_replaced_either_passes() {
    for known in [&[SECRET, "new"][..], &["new", SECRET]] {
        assert_eq!(verify(BODY, HEADER, &secrets(known)), Ok(()));
    }
    assert_eq!(verify(BODY, HEADER, &secrets(&["new"])), Err(WebhookError::Mismatch));
    assert_eq!(verify(BODY, HEADER, &[]), Err(WebhookError::NoSecret));
}

#[test]
fn a_header_of_another_shape_is_malformed() {
    let tag = &HEADER[7..];
    let long = format!("{HEADER}00");
    for header in ["", "sha256=", tag, &format!("sha1={tag}"), &HEADER[..69], &long, &format!(" {HEADER}")] {
        assert_eq!(verify(BODY, header, &secrets(&[SECRET])), Err(WebhookError::Malformed), "{header}");
    }
}

#[test]
fn a_delivery_that_is_too_large_is_not_even_hashed() {
    let body = vec![b' '; DELIVERY_LIMIT + 1];
    assert_eq!(verify(&body, HEADER, &secrets(&[SECRET])), Err(WebhookError::TooLarge));
    assert_eq!(verify(&body[1..], HEADER, &secrets(&[SECRET])), Err(WebhookError::Mismatch));
}

#[test]
fn the_handshake_is_answered_only_to_who_knows_a_token() {
    let tokens = secrets(&["ours", "also-ours"]);
    for token in ["ours", "also-ours"] {
        assert_eq!(challenge("subscribe", token, "1158201444", &tokens), Some("1158201444"));
    }
    for (mode, token, said) in [
        ("subscribe", "other", "1"),
        ("subscribe", "", "1"),
        ("unsubscribe", "ours", "1"),
        ("", "ours", "1"),
        ("subscribe", "ours", ""),
        ("subscribe", "ours", "<script>"),
    ] {
        assert_eq!(challenge(mode, token, said, &tokens), None, "{mode} {token} {said}");
    }
    assert_eq!(challenge("subscribe", "", "1", &secrets(&[""])), None, "an empty token is none");
    assert_eq!(challenge("subscribe", "ours", "1", &[]), None);
}

#[test]
fn a_failed_status_is_a_receipt_with_its_remedy() {
    let raw = br#"{"object":"whatsapp_business_account","entry":[{"id":"WABA1","changes":[{"field":"messages","value":{
     "messaging_product":"whatsapp","metadata":{"display_phone_number":"221330000000","phone_number_id":"PN1"},
     "contacts":[{"profile":{"name":"Awa"},"wa_id":"221770000001","user_id":"SN.1000000000000001"}],
     "statuses":[{"id":"wamid.WOLO000001","status":"failed","timestamp":"1780000100","recipient_id":"221770000001",
      "biz_opaque_callback_data":"ntf_01J0WOLO",
      "conversation":{"id":"conv1","expiration_timestamp":"1780086400","origin":{"type":"utility"}},
      "pricing":{"billable":true,"pricing_model":"PMP","category":"utility","type":"regular"},
      "errors":[{"code":131026,"title":"Message undeliverable","message":"Message undeliverable","error_data":{"details":"x"},"href":"https://x"}]}]}}]}]}"#;
    let expected = Receipt {
        provider_id: Some("wamid.WOLO000001".to_owned()),
        reference: Some("ntf_01J0WOLO".to_owned()),
        fate: Fate::Failed(Refusal { code: "131026".to_owned(), remedy: Remedy::OtherChannel }),
        at: at(1_780_000_100),
        event_id: "wamid.WOLO000001.failed".to_owned(),
    };
    assert_eq!(parse(raw), Ok(vec![Event::Receipt(expected)]));
}

#[test]
fn each_status_is_told_apart_and_has_an_id_of_its_own() {
    let statuses = ["sent", "delivered", "read", "played", "failed", "of tomorrow"];
    let list: Vec<_> =
        statuses.map(|status| json!({"id": "wamid.1", "status": status, "timestamp": "1"})).into();
    let events = said("messages", &json!({"statuses": list}));
    let fates: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Receipt(receipt) => Some((receipt.event_id.as_str(), receipt.fate.clone())),
            _ => None,
        })
        .collect();
    let unsaid = Fate::Failed(Refusal { code: "unspecified".to_owned(), remedy: Remedy::Ours });
    assert_eq!(
        fates,
        [
            ("wamid.1.sent", Fate::Sent),
            ("wamid.1.delivered", Fate::Delivered),
            ("wamid.1.read", Fate::Read),
            ("wamid.1.played", Fate::Read),
            ("wamid.1.failed", unsaid),
        ]
    );
    assert_eq!(events[5], Event::Other("status:of tomorrow".to_owned()));
}

#[test]
fn what_a_person_says_is_read_in_each_of_its_forms() {
    let text = message(
        &json!({"type": "text", "text": {"body": "ARRET"}, "context": {"id": "wamid.OUT", "from": "2"}}),
    );
    assert_eq!(text.said, Said::Text("ARRET".into()));
    assert_eq!(text.from.unwrap().reveal(), "+221770000001");
    assert_eq!((text.id, text.at), ("wamid.IN1".into(), at(1_780_000_100)));
    assert_eq!(text.answers, Some("wamid.OUT".into()));

    let button =
        message(&json!({"type": "button", "button": {"payload": "STOP", "text": "Ne plus recevoir"}}));
    assert_eq!(button.said, Said::Button { payload: "STOP".to_owned(), text: "Ne plus recevoir".into() });
    for kind in ["button_reply", "list_reply"] {
        let reply = json!({"type": kind, kind: {"id": "accept_01", "title": "Accepter", "description": "x"}});
        let reply = message(&json!({"type": "interactive", "interactive": reply}));
        assert_eq!(
            reply.said,
            Said::Reply { id: "accept_01".to_owned(), title: "Accepter".into() },
            "{kind}"
        );
    }
    let moved = json!({"type": "user_changed_number", "wa_id": "221770000002", "body": "x"});
    let moved = message(&json!({"type": "system", "system": moved}));
    assert_eq!(moved.said, Said::NumberChanged("+221770000002".parse().ok()));
    for content in [
        json!({"type": "image", "image": {"id": "1"}}),
        json!({"type": "unsupported", "errors": [{"code": 131_051}]}),
        json!({"type": "text"}),
        json!({"type": "system", "system": {"type": "of_tomorrow"}}),
    ] {
        let kind = content["type"].as_str().unwrap();
        assert_eq!(message(&content).said, Said::Other(kind.to_owned()));
    }
}

#[test]
fn somebody_whom_meta_does_not_name_by_a_number_is_still_heard() {
    let value = json!({"messages": [{"id": "wamid.1", "timestamp": "1", "type": "text", "text": {"body": "x"},
        "from_user_id": "SN.1"}]});
    match said("messages", &value).as_slice() {
        [Event::Inbound(inbound)] => assert_eq!(inbound.from, None),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wish_about_marketing_is_read() {
    let wish = |value: &str| {
        json!({"wa_id": "221770000001", "detail": "x", "category": "marketing_messages", "value": value,
        "timestamp": 1_780_000_100})
    };
    let events =
        said("user_preferences", &json!({"user_preferences": [wish("stop"), wish("resume"), wish("maybe")]}));
    let expected = |wants_marketing| {
        let of = "+221770000001".parse().ok();
        Event::Preference(Preference { of, wants_marketing, at: at(1_780_000_100) })
    };
    let other = Event::Other("preference:marketing_messages:maybe".to_owned());
    assert_eq!(events, [expected(false), expected(true), other]);
}

#[test]
fn a_change_of_a_template_is_read_and_other_changes_are_named() {
    let change = json!({"event": "PAUSED", "message_template_id": 1, "message_template_name": "pot_opened",
        "message_template_language": "fr", "reason": null});
    match said("message_template_status_update", &change).as_slice() {
        [Event::TemplateChanged(TemplateChange { name, language, event })] => {
            assert_eq!((name.as_str(), language.as_str(), event.as_str()), ("pot_opened", "fr", "PAUSED"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(said("account_update", &json!({})), [Event::Other("account_update".to_owned())]);
}

#[test]
fn one_thing_that_cannot_be_read_does_not_take_the_others_with_it() {
    let good = json!({"id": "wamid.1", "status": "read", "timestamp": "1"});
    let value = json!({"statuses": [{"id": 5}, good, {"id": "x", "status": "read", "timestamp": "soon"}], "messages": [7]});
    let events = said("messages", &value);
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Receipt(_))).count(), 1);
    let unreadable = |what: &str| Event::Other(format!("{what}:unreadable"));
    assert_eq!(
        (&events[0], &events[2], &events[3]),
        (&unreadable("status"), &unreadable("status"), &unreadable("message"))
    );
}

#[test]
fn what_is_no_delivery_is_an_error() {
    for raw in ["", "[]", "{}", r#"{"entry":{}}"#, r#"{"entry":[{"changes":[{}]}]}"#] {
        assert_eq!(parse(raw.as_bytes()), Err(WebhookError::Unreadable), "{raw}");
    }
}

#[test]
fn debug_shows_nothing_of_what_somebody_said() {
    let inbound = message(&json!({"type": "text", "text": {"body": "mon secret"}}));
    let shown = format!("{inbound:?}");
    assert!(!shown.contains("secret") && !shown.contains("7700") && !shown.contains("wamid"), "{shown}");
}

proptest! {
    #[test]
    fn no_header_and_no_body_makes_it_panic(header in "\\PC{0,80}", body in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(verify(&body, &header, &secrets(&[SECRET])).is_err());
        let _ = parse(&body);
    }
}
