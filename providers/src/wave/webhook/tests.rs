use proptest::prelude::*;

use super::*;

const SECRET: &str = "wave_sn_WHS_wolo_test_secret";
const OLD_SECRET: &str = "wave_sn_WHS_wolo_old_secret";
const SIGNED_AT: i64 = 1_780_000_000;
const BODY: &str = r#"{"id":"EV_wolo0001","type":"checkout.session.completed","data":{"id":"cos-1wolo00000001","amount":"5000","currency":"XOF","checkout_status":"complete","payment_status":"succeeded","client_reference":"don_01J0WOLO","transaction_id":"TWOLO000001"}}"#;
const TAG: &str = "48aa2f230a017b24bda92a26a34be14224441cecd1ee96644e7b690dc6f0336c";
const OLD_TAG: &str = "7ead33bc9f588690e5e36cbda6d7b77db61113d9c57c2f498d78367600753f52";

fn at(unix_seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(unix_seconds, 0).unwrap()
}

fn secrets(texts: &[&str]) -> Vec<SecretString> {
    texts.iter().map(|text| SecretString::from(*text)).collect()
}

fn check(body: &[u8], header: &str, age: i64) -> Result<(), SignatureError> {
    verify(body, header, &secrets(&[SECRET]), at(SIGNED_AT + age))
}

fn header() -> String {
    format!("t={SIGNED_AT},v1={TAG}")
}

#[test]
fn the_published_vector_is_accepted() {
    assert_eq!(BODY.len(), 246);
    assert_eq!(check(BODY.as_bytes(), &header(), 0), Ok(()));
}

#[test]
fn during_a_rotation_either_side_may_be_ahead() {
    let both = format!("t={SIGNED_AT},v1={TAG},v1={OLD_TAG}");
    let old_only = format!("t={SIGNED_AT},v1={OLD_TAG}");
    let now = at(SIGNED_AT);
    for known in [&[SECRET][..], &[OLD_SECRET], &[SECRET, OLD_SECRET], &["another", OLD_SECRET]] {
        assert_eq!(verify(BODY.as_bytes(), &both, &secrets(known), now), Ok(()), "{known:?}");
    }
    assert_eq!(verify(BODY.as_bytes(), &old_only, &secrets(&[SECRET, OLD_SECRET]), now), Ok(()));
    assert_eq!(verify(BODY.as_bytes(), &old_only, &secrets(&[SECRET]), now), Err(SignatureError::Mismatch));
}

#[test]
fn the_window_is_five_minutes_back_and_half_a_minute_ahead() {
    for age in [0, 1, 299, 300, -1, -30] {
        assert_eq!(check(BODY.as_bytes(), &header(), age), Ok(()), "{age}");
    }
    assert_eq!(check(BODY.as_bytes(), &header(), 301), Err(SignatureError::TooOld));
    assert_eq!(check(BODY.as_bytes(), &header(), -31), Err(SignatureError::FromTheFuture));
}

#[test]
fn absurd_times_are_refused_without_overflow() {
    let cases = [
        ("0", SignatureError::TooOld),
        ("18446744073709551615", SignatureError::FromTheFuture),
        ("99999999999999999999", SignatureError::FromTheFuture),
        ("999999999999999999999", SignatureError::Malformed),
        ("-1", SignatureError::Malformed),
        ("+1780000000", SignatureError::Malformed),
        ("1780000000.0", SignatureError::Malformed),
        (" 1780000000", SignatureError::Malformed),
        ("", SignatureError::Malformed),
    ];
    for (time, expected) in cases {
        assert_eq!(check(BODY.as_bytes(), &format!("t={time},v1={TAG}"), 0), Err(expected), "{time}");
    }
    for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(verify(BODY.as_bytes(), &header(), &secrets(&[SECRET]), now).is_err());
    }
}

/// The Node version accepted these.
#[test]
fn any_non_empty_signature_header_passed() {
    for header in
        ["x", "valid", "t", "v1", "t=,v1=", "Bearer abc", "sha256=abc", TAG, "=", ",", "t=1780000000"]
    {
        assert_eq!(check(BODY.as_bytes(), header, 0), Err(SignatureError::Malformed), "{header}");
    }
    assert_eq!(check(BODY.as_bytes(), "", 0), Err(SignatureError::Malformed));
}

#[test]
fn a_header_of_another_shape_is_malformed() {
    for header in [
        format!("v1={TAG}"),
        format!("t={SIGNED_AT},t={SIGNED_AT},v1={TAG}"),
        format!("t={SIGNED_AT},v1={}", &TAG[..62]),
        format!("t={SIGNED_AT},v1={TAG}00"),
        format!("t={SIGNED_AT},v1={}zz", &TAG[..62]),
        format!("t={SIGNED_AT},v0={TAG}"),
        format!("t={SIGNED_AT};v1={TAG}"),
        format!("t={SIGNED_AT}{}", format!(",v1={TAG}").repeat(9)),
    ] {
        assert_eq!(check(BODY.as_bytes(), &header, 0), Err(SignatureError::Malformed), "{header}");
    }
}

#[test]
fn spaces_between_parts_other_schemes_and_upper_case_hex_change_nothing() {
    for header in [
        format!("t={SIGNED_AT}, v1={TAG}"),
        format!("v1={TAG},t={SIGNED_AT}"),
        format!("t={SIGNED_AT},v2=later,v1={TAG}"),
        format!("t={SIGNED_AT},v1={}", TAG.to_uppercase()),
    ] {
        assert_eq!(check(BODY.as_bytes(), &header, 0), Ok(()), "{header}");
    }
}

#[test]
fn the_schemes_that_others_use_do_not_pass() {
    let key = signature::key(&SecretString::from(SECRET));
    let with_dot = [SIGNED_AT.to_string().as_bytes(), b".", BODY.as_bytes()].concat();
    for message in [with_dot, BODY.as_bytes().to_vec()] {
        let header = format!("t={SIGNED_AT},v1={}", hex::encode(hmac::sign(&key, &message)));
        assert_eq!(check(BODY.as_bytes(), &header, 0), Err(SignatureError::Mismatch));
    }
}

#[test]
fn another_time_under_the_same_signature_does_not_pass() {
    let header = format!("t={},v1={TAG}", SIGNED_AT + 1);
    assert_eq!(check(BODY.as_bytes(), &header, 0), Err(SignatureError::Mismatch));
    // The digits are signed as they stand, so the same number written otherwise is another message.
    assert_eq!(check(BODY.as_bytes(), &format!("t=0{SIGNED_AT},v1={TAG}"), 0), Err(SignatureError::Mismatch));
}

#[test]
fn digits_cannot_wander_between_the_time_and_the_body() {
    // Without a separator, t=178000000 with the body "0…" is the same message; the window is what refuses it.
    let shorter = format!("t={},v1={TAG}", SIGNED_AT / 10);
    assert_eq!(check(format!("0{BODY}").as_bytes(), &shorter, 0), Err(SignatureError::TooOld));
}

#[test]
fn without_a_secret_nothing_passes() {
    assert_eq!(verify(BODY.as_bytes(), &header(), &[], at(SIGNED_AT)), Err(SignatureError::NoSecret));
    assert_eq!(
        verify(BODY.as_bytes(), &header(), &secrets(&[""]), at(SIGNED_AT)),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn every_changed_byte_of_the_body_is_noticed() {
    for index in 0..BODY.len() {
        let mut body = BODY.as_bytes().to_vec();
        body[index] ^= 1;
        assert_eq!(check(&body, &header(), 0), Err(SignatureError::Mismatch), "byte {index}");
    }
}

#[test]
fn every_changed_digit_of_the_signature_is_noticed() {
    for index in 0..TAG.len() {
        let mut tag = TAG.as_bytes().to_vec();
        tag[index] = if tag[index] == b'0' { b'1' } else { b'0' };
        let header = format!("t={SIGNED_AT},v1={}", String::from_utf8(tag).unwrap());
        assert_eq!(check(BODY.as_bytes(), &header, 0), Err(SignatureError::Mismatch), "digit {index}");
    }
}

proptest! {
    #[test]
    fn what_was_signed_passes_and_nothing_else(
        secret in "[ -~]{1,40}",
        other in "[ -~]{1,40}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
        age in -30_i64..=300,
        cut in 0_usize..200,
    ) {
        let header = signature::header(&SecretString::from(secret.as_str()), SIGNED_AT, &body);
        let now = at(SIGNED_AT + age);
        prop_assert_eq!(verify(&body, &header, &secrets(&[&secret]), now), Ok(()));
        if other != secret {
            prop_assert_eq!(verify(&body, &header, &secrets(&[&other]), now), Err(SignatureError::Mismatch));
        }
        if cut < body.len() {
            prop_assert_eq!(verify(&body[..cut], &header, &secrets(&[&secret]), now), Err(SignatureError::Mismatch));
        }
    }

    #[test]
    fn no_header_and_no_body_makes_it_panic(header in "\\PC{0,80}", body in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(verify(&body, &header, &secrets(&[SECRET]), at(SIGNED_AT)).is_err());
        let _ = parse(&body);
    }
}

#[test]
fn a_completed_checkout_is_read() {
    let event = parse(BODY.as_bytes()).unwrap();
    assert_eq!(event.id, "EV_wolo0001");
    let EventKind::CheckoutCompleted { session } = event.kind else { panic!("{event:?}") };
    assert!(session.is_paid());
    assert_eq!(session.amount, Xof::new(5000));
    assert_eq!(session.client_reference.as_deref(), Some("don_01J0WOLO"));
    assert_eq!(session.transaction_id.as_deref(), Some("TWOLO000001"));
}

#[test]
fn a_failed_attempt_is_read_whatever_word_it_uses_for_the_payment() {
    for word in ["failed", "cancelled", "processing"] {
        let raw = format!(
            r#"{{"id":"EV_2","type":"checkout.session.payment_failed","sent":"now","data":{{"id":"cos-1","amount":"5000",
            "checkout_status":"open","currency":"XOF","payment_status":"{word}","last_payment_error":{{"code":"insufficient-funds",
            "message":"+221770000001 has no money"}},"business_name":"WOLO","new":[]}}}}"#
        );
        let event = parse(raw.as_bytes()).unwrap();
        assert!(!format!("{event:?}").contains("7700"));
        let EventKind::PaymentFailed { session } = event.kind else { panic!("{event:?}") };
        assert!(!session.is_paid());
        assert_eq!(session.last_payment_error.unwrap().code, "insufficient-funds");
    }
}

#[test]
fn any_other_type_is_only_named() {
    for raw in [
        r#"{"id":"AE_1","type":"test.test_event"}"#,
        r#"{"id":"AE_1","type":"test.test_event","data":null}"#,
        r#"{"id":"AE_1","type":"test.test_event","data":"anything"}"#,
    ] {
        let event = parse(raw.as_bytes()).unwrap();
        assert_eq!(event.kind, EventKind::Other("test.test_event".into()));
    }
}

#[test]
fn what_cannot_be_read_is_an_error_and_not_another_type() {
    for raw in ["", "[]", "{}", r#"{"type":"x"}"#, r#"{"id":"","type":"x"}"#, r#"{"id":1,"type":"x"}"#] {
        assert_eq!(parse(raw.as_bytes()), Err(EventError::Envelope), "{raw}");
    }
    for data in [
        "null",
        "{}",
        r#"{"id":"cos-1","amount":5000,"currency":"XOF","checkout_status":"complete","payment_status":"succeeded"}"#,
    ] {
        let raw = format!(r#"{{"id":"EV_1","type":"checkout.session.completed","data":{data}}}"#);
        assert_eq!(parse(raw.as_bytes()), Err(EventError::Session), "{raw}");
    }
}
