//! `wolo verify`, as somebody meets it who has a certificate and a key and nothing else.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use tempfile::TempDir;
use uuid::Uuid;
use wolo_domain::certificates::{self, Credit, Facts, Gift, Paid};
use wolo_domain::ids::{ConversionId, DonationId, PotId};
use wolo_domain::money::Xof;
use wolo_domain::seals::SealingKey;

use crate::{said, wolo};

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + hour * 3_600, 0).unwrap()
}

fn key(name: &str) -> SealingKey {
    SealingKey::from_seed(name, &[u8::try_from(name.len()).unwrap(); 32]).unwrap()
}

/// Three gifts, one of which went back.
fn certificate() -> String {
    certificate_with(0)
}

/// The same, with so many times a thousand francs of credit.
fn certificate_with(credits: u32) -> String {
    let gift = |number: u32, amount, fee, refund| Gift {
        donation: DonationId::from_uuid(Uuid::from_u128(u128::from(number))),
        amount: Xof::new(amount),
        transaction: format!("TCN{number}"),
        paid_at: at(i64::from(number)),
        fee: Xof::new(fee),
        refund: Xof::new(refund),
    };
    let credit = |number| Credit {
        conversion: ConversionId::from_uuid(Uuid::from_u128(u128::from(number))),
        amount: Xof::new(1_000),
    };
    let facts = Facts {
        pot: PotId::from_uuid(Uuid::from_u128(7)),
        year: 2026,
        opened_at: at(0),
        closed_at: at(100),
        settled_at: at(110),
        credits: (0..credits).map(credit).collect(),
        gifts: vec![gift(1, 5_000, 50, 0), gift(2, 10_000, 100, 0), gift(3, 700, 0, 700)],
        payout: Some(Paid {
            amount: Xof::new(14_850 + 1_000 * i64::from(credits)),
            transaction: "pt-1".to_owned(),
            fee: Xof::new(149),
        }),
    };
    certificates::write(&facts, &key("ours")).unwrap().document
}

fn verify(folder: &Path, document: &str, arguments: &[&str]) -> (i32, String, String) {
    let file = folder.join("certificate.json");
    fs::write(&file, document).unwrap();
    said(wolo(folder).arg("verify").arg(&file).args(arguments))
}

fn digits(key: &SealingKey) -> String {
    hex::encode(key.public().bytes())
}

#[test]
fn a_whole_certificate_is_told_in_figures() {
    let home = TempDir::new().unwrap();
    let (code, out, err) = verify(home.path(), &certificate(), &["--key", &digits(&key("ours"))]);
    assert_eq!((code, err.as_str()), (0, ""));
    insta::assert_snapshot!(out);
}

#[test]
fn credit_is_told_where_there_was_any() {
    let home = TempDir::new().unwrap();
    let ours = digits(&key("ours"));
    let (code, out, err) = verify(home.path(), &certificate_with(2), &["--key", &ours]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("The certificate is whole, and adds up: gifts + credits = payout"), "{out}");
    assert!(out.contains("2 000 XOF, borne by WOLO"), "{out}");
    for (credits, francs) in [(0, 0), (2, 2_000)] {
        let (_, out, _) = verify(home.path(), &certificate_with(credits), &["--key", &ours, "--json"]);
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((&told["credits_xof"], &told["given_xof"]), (&francs.into(), &15_700.into()));
    }
}

#[test]
fn without_a_key_it_is_not_proved_who_sealed_it_and_no_script_takes_it_for_that() {
    let home = TempDir::new().unwrap();
    let (code, out, err) = verify(home.path(), &certificate(), &[]);
    assert_eq!(
        (code, err.as_str()),
        (3, "wolo: who sealed it is not proved: give the published key with --key\n")
    );
    assert!(out.ends_with("Not proved: that this key is WOLO's.\n"), "{out}");
    let (code, out, _) = verify(home.path(), &certificate(), &["--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["ok"], &told["whole"]), (3, &false.into(), &true.into()));
}

#[test]
fn a_key_that_is_given_proves_who_sealed_it() {
    let home = TempDir::new().unwrap();
    let set = home.path().join("keys.json");
    let jwk = format!(
        r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"ours","x":"{}"}}]}}"#,
        key("ours").public()
    );
    fs::write(&set, &jwk).unwrap();
    for given in [digits(&key("ours")), jwk, set.to_str().unwrap().to_owned()] {
        let (code, out, err) = verify(home.path(), &certificate(), &["--key", &given, "--json"]);
        assert_eq!((code, err.as_str()), (0, ""), "{given}");
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((&told["ok"], &told["key_was_given"]), (&true.into(), &true.into()));
        assert_eq!((&told["given_xof"], &told["refunds_xof"]), (&15_700.into(), &700.into()));
    }
    let (code, out, err) = verify(home.path(), &certificate(), &["--key", &digits(&key("another"))]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(err, "wolo: line 1: the key ours is not the one that was given, or not among those\n");
}

#[test]
fn the_first_wrong_line_is_named() {
    let home = TempDir::new().unwrap();
    let document = certificate();
    let lines: Vec<_> = document.lines().collect();
    let without_the_fifth = document.replace(&format!("{}\n", lines[4]), "");
    for (forged, words) in [
        (
            document.replace("\"amount\":10000", "\"amount\":10001"),
            "line 4: its seal does not fit: it was changed, or it does not belong here",
        ),
        (
            without_the_fifth,
            "line 5: it says that it is line 6: something was taken out, put in or moved here",
        ),
        (
            format!("{}\n", lines[..6].join("\n")),
            "line 7: it is missing: the certificate has no closing line",
        ),
        (
            document.replace("\"gifts\":15700", "\"gifts\":15701"),
            "line 10: it says 15701 for the gifts, and the lines make 15700",
        ),
        (
            document.replace("\"transaction\":\"TCN1\"", "\"transaction\": \"TCN1\""),
            "line 2: it is not written as a line of a certificate is",
        ),
    ] {
        assert_ne!(forged, document);
        let (code, out, err) = verify(home.path(), &forged, &[]);
        assert_eq!((code, out.as_str(), err), (1, "", format!("wolo: {words}\n")));
        let (code, out, _) = verify(home.path(), &forged, &["--json"]);
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &told["ok"]), (1, &false.into()));
        assert!(words.starts_with(&format!("line {}: ", told["line"])), "{told}");
    }
}

#[test]
fn what_cannot_be_read_ends_with_two() {
    let home = TempDir::new().unwrap();
    for text in ["", "{}", "a letter"] {
        let (code, out, err) = verify(home.path(), text, &[]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.ends_with("cannot be read: this is not a certificate\n"), "{err}");
    }
    let tomorrow = certificate().replacen("\"format\":1", "\"format\":3", 1);
    let (code, _, err) = verify(home.path(), &tomorrow, &[]);
    assert_eq!(code, 2);
    assert!(err.ends_with("written in another format, and this program knows formats 1 and 2\n"), "{err}");
    let (code, _, err) = verify(home.path(), &certificate(), &["--key", "/no/such/file"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("wolo: the keys in /no/such/file cannot be read: "), "{err}");
    let (code, ..) = said(wolo(home.path()).args(["verify", "/no/such/file"]));
    assert_eq!(code, 2);
}
