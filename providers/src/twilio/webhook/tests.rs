use proptest::prelude::*;

use super::*;
use crate::messages::Remedy;

const TOKEN: &str = "wolo_auth_token";
const ADDRESS: &str = "https://api.wolo.example/webhooks/twilio/status";
const BODY: &str = "MessageSid=SMwolo0001&MessageStatus=delivered&To=%2B221770000001";
const SIGNATURE: &str = "5lWTulBeQEJwTXMsYQiV4/8b4BM=";
const SID: &str = "SM0123456789abcdef0123456789abcdef";

fn tokens(texts: &[&str]) -> Vec<SecretString> {
    texts.iter().map(|text| SecretString::from(*text)).collect()
}

fn check(raw: &str, address: &str, header: &str) -> Result<(), WebhookError> {
    verify(raw.as_bytes(), &address.parse().unwrap(), header, &tokens(&[TOKEN]))
}

fn signed(text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, TOKEN.as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

#[test]
fn the_published_vector_is_accepted() {
    assert_eq!(check(BODY, ADDRESS, SIGNATURE), Ok(()));
}

#[test]
fn another_address_field_token_or_signature_is_not() {
    for address in [
        "http://api.wolo.example/webhooks/twilio/status",
        "https://api.wolo.example/webhooks/twilio/status/",
        "https://api.wolo.example/webhooks/twilio/status?a=b",
        "https://api.wolo.example:8443/webhooks/twilio/status",
        "https://other.example/webhooks/twilio/status",
    ] {
        let expected = if address.contains(":8443") { Ok(()) } else { Err(WebhookError::Mismatch) };
        assert_eq!(check(BODY, address, SIGNATURE), expected, "{address}");
    }
    for body in [BODY.replace("delivered", "sent"), format!("{BODY}&More=1"), String::new()] {
        assert_eq!(check(&body, ADDRESS, SIGNATURE), Err(WebhookError::Mismatch), "{body}");
    }
    let address = ADDRESS.parse().unwrap();
    let with = |known: &[&str]| verify(BODY.as_bytes(), &address, SIGNATURE, &tokens(known));
    assert_eq!(with(&["new", TOKEN]), Ok(()));
    assert_eq!(with(&["new"]), Err(WebhookError::Mismatch));
    assert_eq!(with(&[]), Err(WebhookError::NoSecret));
    assert_eq!(with(&[""]), Err(WebhookError::NoSecret));
    for header in ["", "AAAA", &signed("another")] {
        assert_eq!(check(BODY, ADDRESS, header), Err(WebhookError::Mismatch), "{header}");
    }
    for header in ["not base64!", "5lWTulBeQEJwTXMsYQiV4/8b4BM", &"A".repeat(132)] {
        assert_eq!(check(BODY, ADDRESS, header), Err(WebhookError::Malformed), "{header}");
    }
    assert_eq!(check(&"a".repeat(LARGEST + 1), ADDRESS, SIGNATURE), Err(WebhookError::TooLarge));
}

#[test]
fn the_port_may_be_part_of_what_was_signed_or_not() {
    for (called, port) in [("https://a.example/x?y=z", 443), ("https://a.example:8443/x?y=z", 8443)] {
        for written in [format!("https://a.example:{port}/x?y=z"), "https://a.example/x?y=z".to_owned()] {
            assert_eq!(check("B=1", called, &signed(&format!("{written}B1"))), Ok(()), "{called} {written}");
        }
    }
}

#[test]
fn fields_are_signed_in_their_order_and_a_value_that_is_there_twice_once() {
    let header = signed(&format!("{ADDRESS}A1A2B3"));
    for body in ["A=1&A=2&B=3", "B=3&A=2&A=1&A=2"] {
        assert_eq!(check(body, ADDRESS, &header), Ok(()), "{body}");
    }
}

fn event(body: &str) -> Option<Event> {
    let address = format!("{ADDRESS}?reference=ntf_1");
    parse(body.as_bytes(), &address.parse().unwrap(), DateTime::UNIX_EPOCH).unwrap()
}

#[test]
fn a_receipt_says_what_became_of_the_message_and_which_of_ours_it_was() {
    let failed = |code: &str, remedy| Fate::Failed(Refusal { code: code.to_owned(), remedy });
    for (said, status, fate) in [
        ("MessageStatus=sent", "sent", Fate::Sent),
        ("MessageStatus=delivered", "delivered", Fate::Delivered),
        ("MessageStatus=read", "read", Fate::Read),
        ("MessageStatus=undelivered&ErrorCode=30003", "undelivered", failed("30003", Remedy::OtherChannel)),
        ("MessageStatus=undelivered&ErrorCode=30005", "undelivered", failed("30005", Remedy::AddressGone)),
        ("MessageStatus=failed&ErrorCode=30007", "failed", failed("30007", Remedy::Ours)),
        ("MessageStatus=failed", "failed", failed("failed", Remedy::Ours)),
        ("MessageStatus=failed&ErrorCode=%2B221x", "failed", failed("failed", Remedy::Ours)),
    ] {
        let receipt = Receipt {
            provider_id: Some(SID.to_owned()),
            reference: Some("ntf_1".to_owned()),
            fate,
            at: DateTime::UNIX_EPOCH,
            event_id: format!("{SID}.{status}"),
        };
        assert_eq!(event(&format!("MessageSid={SID}&{said}")), Some(Event::Receipt(receipt)), "{said}");
    }
    for word in ["queued", "accepted", "scheduled", "sending", "partially_delivered", "teleported"] {
        assert_eq!(event(&format!("MessageSid={SID}&MessageStatus={word}")), None, "{word}");
    }
}

#[test]
fn a_stop_by_reply_is_a_wish() {
    for (said, wish) in [
        ("Body=STOP&OptOutType=STOP", Some(Wish::Stop)),
        ("Body=START&OptOutType=START", Some(Wish::Start)),
        ("Body=merci", None),
        ("Body=HELP&OptOutType=HELP", None),
    ] {
        let body = format!("MessageSid={SID}&SmsStatus=received&From=%2B221770000001&{said}");
        let Some(Event::Answer(answer)) = event(&body) else { panic!("{said}") };
        assert_eq!((answer.from.reveal(), answer.wish), ("+221770000001", wish));
        let shown = format!("{answer:?}");
        assert!(!shown.contains("7700") && !shown.contains("merci"), "{shown}");
    }
}

#[test]
fn what_names_no_message_is_an_error() {
    for body in [
        String::new(),
        format!("MessageSid={SID}"),
        "MessageSid=SM1&MessageStatus=sent".to_owned(),
        "MessageStatus=sent".to_owned(),
        format!("MessageSid={SID}&SmsStatus=received&Body=STOP"),
        format!("MessageSid={SID}&SmsStatus=received&From=somebody&Body=STOP"),
    ] {
        let outcome = parse(body.as_bytes(), &ADDRESS.parse().unwrap(), DateTime::UNIX_EPOCH);
        assert_eq!(outcome, Err(WebhookError::Unreadable), "{body}");
    }
}

proptest! {
    #[test]
    fn no_header_and_no_body_makes_it_panic(
        header in "\\PC{0,80}",
        body in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let address = ADDRESS.parse().unwrap();
        prop_assert!(verify(&body, &address, &header, &tokens(&[TOKEN])).is_err());
        let _ = parse(&body, &address, DateTime::UNIX_EPOCH);
    }
}
