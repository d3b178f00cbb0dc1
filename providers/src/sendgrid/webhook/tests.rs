use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::messages::{Fate, Refusal, Remedy};

const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEp3/bm0mfrDVj5DpMHD8jpDnyLLMnePD6lF08fzrtyazYjGcpKSIJfv7vdHRYVji00WXMmBsNUb1++R1umleoYg==";
const OTHER_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEK21FjIoDkBoS6ewPRSN7v72jaqedWhKDkbgHNxSQ1va37ZbVotD+MaImxaTqle7nBpe6RGVyRbT1YnVBpjyW4A==";
const TIMESTAMP: &str = "1780000000";
const BODY: &str = "W3siZW1haWwiOiJhd2FAZXhhbXBsZS5jb20iLCJ0aW1lc3RhbXAiOjE3ODAwMDAwMDAsImV2ZW50IjoiZGVsaXZlcmVkIiwic2dfZXZlbnRfaWQiOiJldnQtd29sby0xIiwic2dfbWVzc2FnZV9pZCI6Im1zZ3dvbG8xLmZpbHRlcjAwMDEiLCJub3RpZmljYXRpb25faWQiOiJudGZfMSJ9XQ0K";
const SIGNATURE: &str =
    "MEUCIEFc5d2kmur3iK6CPwAod2M2sHXCa8uT/Pi8Ej9EEgPRAiEA1RjJgd2INZNpXuVX1iRKM3u13IKq3Ad9GAo2aHuweXc=";

fn body() -> Vec<u8> {
    STANDARD.decode(BODY).unwrap()
}

fn keys(texts: &[&str]) -> Vec<PublicKey> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn after(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
}

fn check(body: &[u8], signature: &str, timestamp: &str) -> Result<(), WebhookError> {
    verify(body, signature, timestamp, &keys(&[KEY]), after(0))
}

/// The first thing that a delivery of this event alone says.
fn told(more: &Value) -> Event {
    all_told(more).remove(0)
}

fn all_told(more: &Value) -> Vec<Event> {
    let mut event = json!({"email": "Awa@example.com", "timestamp": 1_780_000_000, "sg_event_id": "evt-1",
        "sg_message_id": "msgwolo1.filter0001.1.0", "notification_id": "ntf_1", "category": ["pot"]});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let raw = Value::Array(vec![event]).to_string();
    parse(raw.as_bytes()).unwrap()
}

fn receipt(more: &Value) -> Receipt {
    match told(more) {
        Event::Receipt(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn our_vector_is_accepted_and_read() {
    assert_eq!(check(&body(), SIGNATURE, TIMESTAMP), Ok(()));
    let expected = Receipt {
        provider_id: Some("msgwolo1".to_owned()),
        reference: Some("ntf_1".to_owned()),
        fate: Fate::Delivered,
        at: after(0),
        event_id: "evt-wolo-1".to_owned(),
    };
    assert_eq!(parse(&body()), Ok(vec![Event::Receipt(expected)]));
}

#[test]
fn every_changed_byte_is_noticed_the_last_line_break_too() {
    for index in 0..body().len() {
        let mut body = body();
        body[index] ^= 1;
        assert_eq!(check(&body, SIGNATURE, TIMESTAMP), Err(WebhookError::Mismatch), "byte {index}");
    }
    assert_eq!(check(body().trim_ascii(), SIGNATURE, TIMESTAMP), Err(WebhookError::Mismatch));
    assert_eq!(check(&body(), SIGNATURE, "1780000001"), Err(WebhookError::Mismatch));
    assert_eq!(check(&body(), SIGNATURE, "01780000000"), Err(WebhookError::Mismatch));
}

#[test]
fn while_a_key_is_replaced_either_passes() {
    for known in [&[KEY, OTHER_KEY][..], &[OTHER_KEY, KEY]] {
        assert_eq!(verify(&body(), SIGNATURE, TIMESTAMP, &keys(known), after(0)), Ok(()));
    }
    let other = verify(&body(), SIGNATURE, TIMESTAMP, &keys(&[OTHER_KEY]), after(0));
    assert_eq!(other, Err(WebhookError::Mismatch));
    assert_eq!(verify(&body(), SIGNATURE, TIMESTAMP, &[], after(0)), Err(WebhookError::NoSecret));
}

#[test]
fn a_delivery_is_good_for_a_day_and_ten_minutes() {
    let at = |seconds| verify(&body(), SIGNATURE, TIMESTAMP, &keys(&[KEY]), after(seconds));
    for seconds in [-600, 0, 87_000] {
        assert_eq!(at(seconds), Ok(()), "{seconds}");
    }
    assert_eq!(at(87_001), Err(WebhookError::TooOld));
    assert_eq!(at(-601), Err(WebhookError::FromTheFuture));
}

#[test]
fn headers_of_another_shape_are_malformed() {
    for timestamp in ["", "-1", "+1780000000", "1780000000.0", " 1780000000", "9999999999999", "2026-11-22"] {
        assert_eq!(check(&body(), SIGNATURE, timestamp), Err(WebhookError::Malformed), "{timestamp}");
    }
    for signature in ["not Base64", &"A".repeat(132)] {
        assert_eq!(check(&body(), signature, TIMESTAMP), Err(WebhookError::Malformed), "{signature}");
    }
    assert_eq!(check(&body(), "", TIMESTAMP), Err(WebhookError::Mismatch));
    let large = vec![b' '; DELIVERY_LIMIT + 1];
    assert_eq!(check(&large, SIGNATURE, TIMESTAMP), Err(WebhookError::TooLarge));
}

#[test]
fn what_is_no_key_of_theirs_is_refused() {
    for text in ["", "MFkw", "not Base64", &KEY[..60], BODY] {
        assert!(text.parse::<PublicKey>().is_err(), "{text}");
    }
    assert!(format!(" {KEY}\n").parse::<PublicKey>().is_ok());
}

#[test]
fn an_event_moves_its_mail() {
    for (word, fate) in [
        ("processed", Fate::Sent),
        ("delivered", Fate::Delivered),
        ("open", Fate::Read),
        ("click", Fate::Read),
    ] {
        assert_eq!(receipt(&json!({"event": word})).fate, fate, "{word}");
    }
    for word in ["deferred", "of tomorrow"] {
        assert_eq!(told(&json!({"event": word})), Event::Other(word.to_owned()));
    }
}

#[test]
fn a_mail_that_came_back_says_whether_it_is_for_good() {
    let failed = |more| match receipt(&more).fate {
        Fate::Failed(Refusal { code, remedy }) => (code, remedy),
        other => panic!("{other:?}"),
    };
    let bounce = |kind: &str| json!({"event": "bounce", "type": kind, "status": "5.1.1", "reason": "550 no such user"});
    assert_eq!(failed(bounce("bounce")), ("bounce.5.1.1".to_owned(), Remedy::AddressGone));
    assert_eq!(failed(bounce("blocked")), ("blocked.5.1.1".to_owned(), Remedy::OtherChannel));
    let odd = json!({"event": "bounce", "status": "awa@example.com"});
    assert_eq!(failed(odd), ("bounce".to_owned(), Remedy::AddressGone));
    for (reason, code, remedy) in [
        ("Bounced Address", "dropped.bounced", Remedy::AddressGone),
        ("Unsubscribed Address", "dropped.unsubscribed", Remedy::OptedOut),
        ("Spam Reporting Address", "dropped.spam-reported", Remedy::OptedOut),
        ("Invalid", "dropped.invalid", Remedy::AddressGone),
        ("Invalid SMTPAPI header", "dropped.invalid-request", Remedy::Ours),
        ("Blocked Address", "dropped.blocked", Remedy::OtherChannel),
        ("Recipient List over Package Quota", "dropped", Remedy::Ours),
        ("", "dropped", Remedy::Ours),
    ] {
        let dropped = json!({"event": "dropped", "reason": reason});
        assert_eq!(failed(dropped), (code.to_owned(), remedy), "{reason}");
    }
}

#[test]
fn a_mail_that_came_back_for_good_says_whose_address_is_gone() {
    let bounce = |kind: &str| all_told(&json!({"event": "bounce", "type": kind, "status": "5.1.1"}));
    let of = "awa@example.com".parse().unwrap();
    let gone = Event::Gone(Gone { of, at: after(0), event_id: "evt-1".to_owned() });
    let events = bounce("bounce");
    assert!(matches!(events[0], Event::Receipt(_)));
    assert_eq!(events[1..], [gone]);
    assert_eq!(bounce("blocked").len(), 1);
    assert_eq!(all_told(&json!({"event": "dropped", "reason": "Bounced Address"})).len(), 2);
    assert_eq!(all_told(&json!({"event": "dropped", "reason": "Unsubscribed Address"})).len(), 1);
}

#[test]
fn who_wants_no_more_or_wants_it_again_is_heard() {
    for (word, wants_mail) in [
        ("spamreport", false),
        ("unsubscribe", false),
        ("group_unsubscribe", false),
        ("group_resubscribe", true),
    ] {
        let expected = Wish {
            of: "awa@example.com".parse().unwrap(),
            wants_mail,
            reference: Some("ntf_1".to_owned()),
            at: after(0),
            event_id: "evt-1".to_owned(),
        };
        assert_eq!(told(&json!({"event": word})), Event::Wish(expected), "{word}");
    }
    let nobody = told(&json!({"event": "unsubscribe", "email": "nobody"}));
    assert_eq!(nobody, Event::Other("unsubscribe:unreadable".to_owned()));
}

#[test]
fn a_mail_is_known_by_what_stands_before_the_server() {
    for (theirs, ours) in [
        ("msgwolo1.filter0001.1.0", "msgwolo1"),
        ("14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", "14c5d75ce93.dfd.64b469"),
        ("fuDpLCkzTp.recvd-5645d9c87f-78xjl-1-5C3E4E6B-10.0", "fuDpLCkzTp"),
        ("fuDpLCkzTp.of-tomorrow.0", "fuDpLCkzTp"),
        ("fuDpLCkzTp", "fuDpLCkzTp"),
    ] {
        let event = receipt(&json!({"event": "delivered", "sg_message_id": theirs}));
        assert_eq!(event.provider_id.as_deref(), Some(ours));
    }
    let late = receipt(&json!({"event": "bounce", "sg_message_id": null}));
    assert_eq!((late.provider_id, late.reference.as_deref()), (None, Some("ntf_1")));
}

#[test]
fn one_event_that_cannot_be_read_does_not_take_the_others_with_it() {
    let raw = r#"[7, {"event":"delivered"}, {"event":"delivered","email":"a@b.sn","timestamp":1,"sg_event_id":"e"}]"#;
    let events = parse(raw.as_bytes()).unwrap();
    let unreadable = Event::Other("unreadable".to_owned());
    assert_eq!((events.len(), &events[0], &events[1]), (3, &unreadable, &unreadable));
    assert!(matches!(events[2], Event::Receipt(_)));
    for raw in ["", "{}", "7"] {
        assert_eq!(parse(raw.as_bytes()), Err(WebhookError::Unreadable), "{raw}");
    }
}

proptest! {
    #[test]
    fn no_header_and_no_body_makes_it_panic(
        signature in "\\PC{0,80}",
        timestamp in "\\PC{0,12}",
        body in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        prop_assert!(check(&body, &signature, &timestamp).is_err());
        let _ = parse(&body);
    }
}
