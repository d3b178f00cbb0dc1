//! Looking for a value in whatever form it could have been written.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Name,
    Phone,
    Mail,
    Words,
    Code,
    Link,
    Session,
    Password,
    BirthDate,
    Document,
}

/// Something that nobody else has said.
pub(crate) struct Planted {
    pub(crate) kind: Kind,
    pub(crate) what: String,
    /// As it would be found.
    forms: Vec<Vec<u8>>,
}

impl Planted {
    pub(crate) fn text(kind: Kind, what: &str, text: &str) -> Self {
        let mut plain = vec![text.to_owned()];
        if kind == Kind::Phone {
            // Without the country, as people say it, and as an address says it.
            plain.push(text[4..].to_owned());
            plain.push(format!("%2B{}", &text[1..]));
            let own = &text[4..];
            plain.push(format!("{} {} {} {}", &own[..2], &own[2..5], &own[5..7], &own[7..]));
        }
        let encoded: String = text
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
        plain.push(encoded.replace("%20", "+"));
        plain.push(encoded);
        let mut forms: Vec<_> = plain.into_iter().map(String::into_bytes).collect();
        forms.extend(written(text.as_bytes()));
        Self { kind, what: what.to_owned(), forms }
    }

    pub(crate) fn document(what: &str, piece: &[u8]) -> Self {
        let mut forms = written(piece);
        forms.push(piece.to_vec());
        // As a list of numbers.
        forms.push(piece.iter().map(u8::to_string).collect::<Vec<_>>().join(",").into_bytes());
        forms.push(piece.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes());
        Self { kind: Kind::Document, what: what.to_owned(), forms }
    }
}

/// Base64 of it wherever in a text it stands, and hexadecimal.
fn written(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![hex::encode(bytes), hex::encode_upper(bytes)];
    for engine in [STANDARD, URL_SAFE] {
        for before in 0..3 {
            let shifted = [vec![0; before], bytes.to_vec()].concat();
            let text = engine.encode(shifted);
            // What depends on what stands before and behind is left away.
            let own = &text[[0, 2, 3][before]..text.trim_end_matches('=').len() - 2];
            if own.len() >= 8 {
                forms.push(own.to_owned());
            }
        }
    }
    forms.into_iter().map(String::into_bytes).collect()
}

/// No form is shorter than this.
const BEGINNING: usize = 6;

/// What is looked for, by how it begins: a hundred values in all their forms are found in one reading.
pub(crate) struct Search<'a> {
    planted: &'a [Planted],
    by_beginning: HashMap<&'a [u8], Vec<(usize, &'a [u8])>>,
    /// Whether any form begins with these two bytes.
    begins: Vec<bool>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(planted: &'a [Planted]) -> Self {
        let (mut by_beginning, mut begins) = (HashMap::<_, Vec<_>>::new(), vec![false; 1 << 16]);
        for (number, one) in planted.iter().enumerate() {
            for form in &one.forms {
                assert!(form.len() >= BEGINNING, "{} is too short to be found", one.what);
                begins[two(form)] = true;
                by_beginning.entry(&form[..BEGINNING]).or_default().push((number, form.as_slice()));
            }
        }
        Self { planted, by_beginning, begins }
    }

    /// What of it stands somewhere.
    pub(crate) fn found_in(&self, content: &[u8]) -> Vec<&'a Planted> {
        let mut found = BTreeSet::new();
        for at in 0..content.len().saturating_sub(BEGINNING - 1) {
            let rest = &content[at..];
            if !self.begins[two(rest)] {
                continue;
            }
            for (number, form) in self.by_beginning.get(&rest[..BEGINNING]).into_iter().flatten() {
                let whole = self.planted[*number].kind != Kind::Code || stands_alone(content, at, form.len());
                if rest.starts_with(form) && whole {
                    found.insert(*number);
                }
            }
        }
        found.into_iter().map(|number| &self.planted[number]).collect()
    }
}

fn two(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// A code is one only where it is not a part of a longer number, of an instant or a duration.
fn stands_alone(content: &[u8], at: usize, length: usize) -> bool {
    let joins =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b".-+_/".contains(byte));
    let before = at.checked_sub(1).and_then(|before| content.get(before));
    !joins(before) && !joins(content.get(at + length))
}
