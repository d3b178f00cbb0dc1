//! The segments of a document: whole, in order, in their place, or not at all.

use super::super::container::{HEADER, Opener, SEALED, SEGMENT, Segments, header};
use super::*;

const CONTENT: Uuid = Uuid::from_u128(77);

/// Two whole segments and a shorter one.
const LENGTH: usize = 2 * SEGMENT + 1000;

fn sealed(key: &Key, place: &Place, content: Uuid, plain: &[u8]) -> Vec<u8> {
    let mut segments = Segments::new(key, place, content).unwrap();
    let mut sealed = header(content).to_vec();
    let mut parts: Vec<&[u8]> = plain.chunks(SEGMENT).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    let last = parts.len() - 1;
    for (number, part) in parts.into_iter().enumerate() {
        sealed.extend(segments.seal(part, number == last).unwrap());
    }
    sealed
}

/// What comes out, and whether it came to a good end.
fn opened(key: &Key, place: &Place, content: Uuid, sealed: &[u8], piece: usize) -> (Vec<u8>, bool) {
    let mut opener = Opener::new(key, place, content).unwrap();
    let mut out = Vec::new();
    for piece in sealed.chunks(piece.max(1)) {
        opener.push(piece);
        loop {
            match opener.next() {
                Ok(Some(segment)) => out.extend_from_slice(&segment),
                Ok(None) => break,
                Err(_) => return (out, false),
            }
        }
    }
    match opener.finish() {
        Ok(segment) => {
            out.extend_from_slice(&segment);
            (out, true)
        }
        Err(_) => (out, false),
    }
}

struct Document {
    key: Key,
    place: Place,
    plain: Vec<u8>,
    sealed: Vec<u8>,
}

impl Document {
    fn new(seed: u64, length: usize) -> Self {
        let (key, place, plain) = (Key::random().unwrap(), place(1), noise(seed, length));
        let sealed = sealed(&key, &place, CONTENT, &plain);
        Self { key, place, plain, sealed }
    }

    fn header(&self) -> &[u8] {
        &self.sealed[..HEADER]
    }

    fn segments(&self) -> Vec<&[u8]> {
        self.sealed[HEADER..].chunks(SEALED).collect()
    }

    /// Nothing came out but whole segments that are as they were, before the one that is not: at most so many of them.
    fn refuses(&self, changed: &[u8], good: usize, what: &str) {
        let (out, whole) = opened(&self.key, &self.place, CONTENT, changed, 8192);
        assert!(!whole, "{what} is taken");
        assert!(out.len() <= good * SEGMENT, "{what}: a segment that is not verified came out");
        assert_eq!(out, self.plain[..out.len()], "{what}");
    }
}

#[test]
fn a_document_of_any_length_comes_out_as_it_went_in_however_it_is_cut_on_its_way() {
    for length in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, LENGTH] {
        let document = Document::new(1, length);
        for piece in [1000, 8192, SEALED, SEALED + 1, 10 * SEALED] {
            let (out, whole) = opened(&document.key, &document.place, CONTENT, &document.sealed, piece);
            assert!(whole && out == document.plain, "{length} bytes in pieces of {piece}");
        }
    }
}

#[test]
fn every_changed_bit_of_the_header_and_ten_thousand_of_the_body_are_noticed() {
    let document = Document::new(2, SEGMENT + 1000);
    for bit in 0..HEADER * 8 {
        let mut changed = document.sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        document.refuses(&changed, 0, &format!("bit {bit} of the header"));
    }
    let mut changed = document.sealed.clone();
    let body = (changed.len() - HEADER) * 8;
    for random in noise(3, 10_000 * 8).chunks(8) {
        let bit = usize::try_from(u64::from_le_bytes(random.try_into().unwrap())).unwrap() % body;
        let place = HEADER + bit / 8;
        changed[place] ^= 1 << (bit % 8);
        document.refuses(&changed, (place - HEADER) / SEALED, &format!("bit {bit} of the body"));
        changed[place] ^= 1 << (bit % 8);
    }
    let (_, whole) = opened(&document.key, &document.place, CONTENT, &changed, 8192);
    assert!(whole, "the document is as it was again");
}

#[test]
fn nothing_can_be_cut_off_or_added() {
    let document = Document::new(4, LENGTH);
    let length = document.sealed.len();
    let cuts = (0..200).chain((0..length).step_by(997)).chain(HEADER + SEALED - 20..HEADER + SEALED + 20);
    for cut in cuts.chain(length - 200..length) {
        let good = cut.saturating_sub(HEADER + 1) / SEALED;
        document.refuses(&document.sealed[..cut], good, &format!("{cut} bytes of it"));
    }
    for more in [1, 16, 1000, SEALED] {
        let longer = [document.sealed.as_slice(), &noise(5, more)].concat();
        document.refuses(&longer, 2, &format!("{more} bytes more"));
    }
}

#[test]
fn segments_that_are_dropped_swapped_repeated_or_added_are_noticed() {
    // The last one is whole too, so that each could stand anywhere by its length.
    let document = Document::new(6, 3 * SEGMENT);
    let [first, second, third] = document.segments()[..] else { panic!("three segments") };
    for (what, order, good) in [
        ("nothing", &[][..], 0),
        ("the first alone", &[first], 0),
        ("the last alone", &[third], 0),
        ("without the first", &[second, third], 0),
        ("without the second", &[first, third], 1),
        ("without the last", &[first, second], 1),
        ("the first two swapped", &[second, first, third], 0),
        ("the last two swapped", &[first, third, second], 1),
        ("the first repeated", &[first, first, second, third], 1),
        ("the last repeated", &[first, second, third, third], 2),
        ("the first again at the end", &[first, second, third, first], 2),
    ] {
        let changed = [document.header(), &order.concat()].concat();
        document.refuses(&changed, good, what);
    }
    let whole = [document.header(), &[first, second, third].concat()].concat();
    assert!(opened(&document.key, &document.place, CONTENT, &whole, 8192).1);
}

#[test]
fn segments_of_another_document_do_not_fit_even_in_the_same_place() {
    let (one, other) = (Document::new(7, LENGTH), Document::new(8, LENGTH));
    for number in 0..3 {
        let mut mixed = one.segments();
        mixed[number] = other.segments()[number];
        let changed = [one.header(), &mixed.concat()].concat();
        one.refuses(&changed, number, &format!("segment {number} of another"));
    }
}

#[test]
fn a_document_opens_in_its_own_place_only() {
    let document = Document::new(9, LENGTH);
    let Place { subject, document: id, kind } = document.place;
    let other = Uuid::from_u128(99);
    for moved in [
        Place { subject: other, document: id, kind },
        Place { subject, document: other, kind },
        Place { subject, document: id, kind: "selfie" },
        Place { subject: id, document: subject, kind },
    ] {
        assert_eq!(opened(&document.key, &moved, CONTENT, &document.sealed, 8192), (Vec::new(), false));
    }
    assert_eq!(opened(&document.key, &document.place, other, &document.sealed, 8192), (Vec::new(), false));
    // The name is changed with the header, and is authenticated beyond it.
    let renamed = [&header(other)[..], &document.sealed[HEADER..]].concat();
    assert_eq!(opened(&document.key, &document.place, other, &renamed, 8192), (Vec::new(), false));
    let stranger = Key::random().unwrap();
    assert_eq!(opened(&stranger, &document.place, CONTENT, &document.sealed, 8192), (Vec::new(), false));
}

#[test]
fn nothing_comes_of_noise() {
    let key = Key::random().unwrap();
    for seed in 0..2_000 {
        let length = usize::try_from(seed % 300).unwrap();
        let noise = noise(seed, length);
        assert_eq!(opened(&key, &place(1), CONTENT, &noise, 64), (Vec::new(), false));
        let headed = [&header(CONTENT)[..], &noise].concat();
        assert_eq!(opened(&key, &place(1), CONTENT, &headed, 64), (Vec::new(), false));
    }
}

#[test]
fn the_same_document_never_looks_the_same_twice() {
    let plain = noise(10, 1000);
    let [one, two] = [(); 2].map(|()| sealed(&Key::random().unwrap(), &place(1), CONTENT, &plain));
    assert!(one[HEADER..].iter().zip(&two[HEADER..]).filter(|(one, two)| one == two).count() < 50);
}

#[test]
fn the_number_of_a_segment_cannot_begin_anew() {
    let mut segments = Segments::new(&Key::random().unwrap(), &place(1), CONTENT).unwrap();
    segments.skip_to(u32::MAX);
    assert!(segments.seal(b"the last number", false).is_ok());
    for _ in 0..3 {
        assert_eq!(segments.seal(b"no number", false), Err(VaultError::Cipher));
    }
}
