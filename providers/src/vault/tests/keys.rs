//! Wrapped keys: whole, and for what they were wrapped for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretSlice;

use super::super::keys::{DocumentKey, wrapped_by};
use super::*;

fn kek(id: &str, byte: u8) -> KeyEncryptionKey {
    KeyEncryptionKey { id: id.to_owned(), bytes: SecretSlice::from(vec![byte; 32]) }
}

fn ring(keys: &[KeyEncryptionKey]) -> KeyRing {
    KeyRing::new(keys).unwrap()
}

fn document_key(subject_key: &Key) -> Vec<u8> {
    let key = Key::random().unwrap();
    let sealed = DocumentKey { key, content: Uuid::from_u128(5), bytes: 1234, sha256: [9; 32] };
    sealed.wrap(&place(1), subject_key).unwrap()
}

#[test]
fn a_wrapped_key_comes_out_for_its_subject_and_says_who_wraps_it() {
    let (ring, key) = (ring(&[kek("k1", 1)]), Key::random().unwrap());
    let wrapped = ring.wrap(Uuid::from_u128(1), &key).unwrap();
    assert!(ring.unwrap(Uuid::from_u128(1), &wrapped).unwrap().is(&key));
    assert_eq!(wrapped_by(&wrapped), Ok("k1"));
    let damaged = Some(VaultError::Damaged("the key of a subject"));
    assert_eq!(ring.unwrap(Uuid::from_u128(2), &wrapped).err(), damaged);
}

#[test]
fn a_document_key_comes_out_for_its_place_only() {
    let subject_key = Key::random().unwrap();
    let wrapped = document_key(&subject_key);
    let at = |place: &Place, key: &Key| DocumentKey::unwrap(place, key, &wrapped).map(|found| found.bytes);
    assert_eq!(at(&place(1), &subject_key), Ok(1234));
    let damaged = Err(VaultError::Damaged("the key of a document"));
    let Place { subject, document, kind } = place(1);
    let other = Uuid::from_u128(9);
    for moved in [
        Place { subject: other, document, kind },
        Place { subject, document: other, kind },
        Place { subject, document, kind: "identity_card_" },
    ] {
        assert_eq!(at(&moved, &subject_key), damaged);
    }
    assert_eq!(at(&place(1), &Key::random().unwrap()), damaged);
}

#[test]
fn every_changed_bit_and_every_shortening_of_a_wrapped_key_is_noticed() {
    let (ring, subject) = (ring(&[kek("k1", 1)]), Uuid::from_u128(1));
    let subject_key = Key::random().unwrap();
    let of_subject = ring.wrap(subject, &subject_key).unwrap();
    let of_document = document_key(&subject_key);
    let opens = |of_subject: &[u8], of_document: &[u8]| {
        (
            ring.unwrap(subject, of_subject).is_ok(),
            DocumentKey::unwrap(&place(1), &subject_key, of_document).is_ok(),
        )
    };
    assert_eq!(opens(&of_subject, &of_document), (true, true));
    // Neither is the other.
    assert_eq!(opens(&of_document, &of_subject), (false, false));
    let flipped = |whole: &[u8], bit: usize| {
        let mut changed = whole.to_vec();
        if let Some(byte) = changed.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        } else {
            changed.push(0);
        }
        changed
    };
    for bit in 0..of_document.len() * 8 {
        assert_eq!(
            opens(&flipped(&of_subject, bit), &flipped(&of_document, bit)),
            (false, false),
            "bit {bit}"
        );
    }
    for length in 0..of_document.len() {
        let cut = |whole: &[u8]| whole[..length.min(whole.len() - 1)].to_vec();
        assert_eq!(opens(&cut(&of_subject), &cut(&of_document)), (false, false), "{length} bytes");
    }
}

#[test]
fn the_ring_wraps_with_its_first_key_and_unwraps_with_all() {
    let (subject, key) = (Uuid::from_u128(1), Key::random().unwrap());
    let old = ring(&[kek("k1", 1)]);
    let both = ring(&[kek("k2", 2), kek("k1", 1)]);
    let before = old.wrap(subject, &key).unwrap();
    assert!(both.unwrap(subject, &before).unwrap().is(&key));
    let after = both.wrap(subject, &key).unwrap();
    assert_eq!(wrapped_by(&after), Ok("k2"));
    assert_eq!(old.unwrap(subject, &after).err(), Some(VaultError::UnknownKey("k2".to_owned())));
    // The same name and other bytes, and the same bytes under another name.
    let damaged = Some(VaultError::Damaged("the key of a subject"));
    assert_eq!(ring(&[kek("k1", 3)]).unwrap(subject, &before).err(), damaged);
    let mut renamed = before.clone();
    renamed[10] = b'2';
    assert_eq!(ring(&[kek("k2", 1)]).unwrap(subject, &renamed).err(), damaged);
}

#[test]
fn a_ring_that_is_none_is_refused_and_none_shows_its_keys() {
    for wrong in [
        vec![],
        vec![kek("", 1)],
        vec![kek("a b", 1)],
        vec![kek("k1", 1), kek("k1", 2)],
        vec![KeyEncryptionKey { id: "k1".to_owned(), bytes: SecretSlice::from(vec![1; 16]) }],
    ] {
        assert!(matches!(KeyRing::new(&wrong), Err(VaultError::Unusable(_))));
    }
    let shown = format!("{:?}", ring(&[kek("k1", 1)]));
    assert_eq!(shown, r#"["k1"]"#);
    assert!(!shown.contains(&STANDARD.encode([1; 32])));
}
