//! E-mail: one source, of which both the text and the page are made.
//!
//! A source is cut into its blocks before anything is filled in, so whatever a value holds, it stays inside its block.

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;
use url::Url;
use wolo_domain::contacts::Language;
use wolo_domain::notices::{Channel, Kind, Says};

use super::Form;
use super::mistakes::{Mistake, WordsError, Wrong};
use super::pieces::{Failed, Piece, Pieces, Source, facts};

/// In characters; a phone shows about half of them.
const LONGEST_SUBJECT: usize = 70;

/// A mail without its addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

pub(super) struct Mail {
    subject: Piece,
    blocks: Vec<Block>,
}

/// What stands below every mail of a language.
pub(super) struct Footer(Vec<Block>);

enum Block {
    Paragraph(Piece),
    /// One thing that is to be seen at once, such as a code.
    Figure(Piece),
    /// Left out when there is no such address.
    Button {
        label: Piece,
        address: String,
    },
}

/// A block with its values in place.
#[derive(Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum Filled {
    Paragraph { lines: Vec<String> },
    Figure { text: String },
    Button { label: String, link: String },
}

/// What the layout shows.
#[derive(Serialize)]
struct Page<'a> {
    lang: &'static str,
    subject: &'a str,
    /// What a mailbox shows beside the subject.
    preheader: &'a str,
    blocks: &'a [Filled],
    footer: &'a [Filled],
}

impl Form for Mail {
    const CHANNEL: Channel = Channel::Email;

    fn read(source: &Source<'_>, pieces: &mut Pieces) -> Result<Self, Mistake> {
        let form = || source.mistake(1, Wrong::Form("a mail begins with `Subject: ` and an empty line"));
        let (first, _) = source.text.split_once("\n\n").ok_or_else(form)?;
        let subject = first.strip_prefix("Subject: ").filter(|it| !it.contains('\n')).ok_or_else(form)?;
        Ok(Self { subject: source.piece(pieces, 1, subject)?, blocks: blocks(source, pieces, 1)? })
    }

    fn check(&self, pieces: &Pieces, says: &Says) -> Result<(), Mistake> {
        let facts = facts(says);
        let is = pieces.fill(&self.subject, &facts)?.chars().count();
        if is > LONGEST_SUBJECT {
            let most = LONGEST_SUBJECT;
            return Err(self.subject.mistake(Wrong::TooLong { what: "the subject", is, most }));
        }
        let blocks = fill(&self.blocks, pieces, &facts)?;
        if !matches!(&blocks[..], [Filled::Paragraph { .. }, Filled::Paragraph { .. }, ..]) {
            let form = "after the greeting comes a paragraph, which the mailbox shows beside the subject";
            return Err(self.subject.mistake(Wrong::Form(form)));
        }
        Ok(())
    }
}

impl Footer {
    pub(super) fn read(source: &Source<'_>, pieces: &mut Pieces) -> Result<Self, Mistake> {
        blocks(source, pieces, 0).map(Self)
    }
}

/// The blocks of a file from a line on, counted from nought. Empty lines are between them.
fn blocks(source: &Source<'_>, pieces: &mut Pieces, from: usize) -> Result<Vec<Block>, Mistake> {
    let mut blocks = Vec::new();
    let mut lines = source.text.lines().enumerate().skip(from).peekable();
    while let Some((at, first)) = lines.next() {
        if first.is_empty() {
            continue;
        }
        let mut text = first.to_owned();
        while let Some((_, more)) = lines.next_if(|(_, line)| !line.is_empty()) {
            text.push('\n');
            text.push_str(more);
        }
        blocks.push(block(source, pieces, at + 1, &text)?);
    }
    Ok(blocks)
}

fn block(source: &Source<'_>, pieces: &mut Pieces, line: usize, text: &str) -> Result<Block, Mistake> {
    if let Some(figure) = text.strip_prefix("# ") {
        return Ok(Block::Figure(source.piece(pieces, line, figure)?));
    }
    let Some((label, address)) = button(text) else {
        return Ok(Block::Paragraph(source.piece(pieces, line, text)?));
    };
    if !source.variables.contains(address) {
        return Err(source.mistake(line, Wrong::Unknown(address.to_owned())));
    }
    Ok(Block::Button { label: source.piece(pieces, line, label)?, address: address.to_owned() })
}

/// `[label]({{ address }})`
fn button(text: &str) -> Option<(&str, &str)> {
    let (label, address) = text.strip_prefix('[')?.strip_suffix("}})")?.split_once("]({{")?;
    Some((label, address.trim()))
}

fn fill(blocks: &[Block], pieces: &Pieces, facts: &Value) -> Result<Vec<Filled>, Failed> {
    let mut filled = Vec::with_capacity(blocks.len());
    for block in blocks {
        match block {
            Block::Paragraph(piece) => {
                let text = pieces.fill(piece, facts)?;
                let lines: Vec<_> =
                    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
                if !lines.is_empty() {
                    filled.push(Filled::Paragraph { lines });
                }
            }
            Block::Figure(piece) => filled.push(Filled::Figure { text: pieces.fill(piece, facts)? }),
            Block::Button { label, address } => {
                let address = facts.get_attr(address).unwrap_or_default();
                if let Some(link) = address.as_str() {
                    filled.push(Filled::Button { label: pieces.fill(label, facts)?, link: link.to_owned() });
                }
            }
        }
    }
    Ok(filled)
}

impl Mail {
    pub(super) const fn language(&self) -> Language {
        self.subject.language()
    }

    pub(super) fn fill(
        &self,
        pieces: &Pieces,
        layout: &Piece,
        footer: &Footer,
        says: &Says,
        opt_out: Option<&str>,
    ) -> Result<Email, WordsError> {
        let said = facts(says);
        let subject = pieces.fill(&self.subject, &said)?;
        let blocks = fill(&self.blocks, pieces, &said)?;
        let footer = fill(&footer.0, pieces, &below(says.kind(), opt_out))?;
        let links = blocks.iter().chain(&footer).filter_map(|block| match block {
            Filled::Button { link, .. } => Some(link),
            _ => None,
        });
        if !links.into_iter().all(|link| is_web(link)) {
            return Err(WordsError::Link { kind: says.kind() });
        }
        let lang = self.language().as_str();
        let preheader = preheader(&blocks);
        let page = Page { lang, subject: &subject, preheader, blocks: &blocks, footer: &footer };
        let html = pieces.fill(layout, &Value::from(Serde(&page)))?;
        let text = format!("{}\n\n--\n{}\n", plain(&blocks), plain(&footer));
        Ok(Email { subject, text, html })
    }
}

/// What the footer may speak of.
fn below(kind: Kind, opt_out: Option<&str>) -> Value {
    minijinja::context! { kind => kind.as_str(), category => kind.category().as_str(), opt_out }
}

/// The first words after the greeting.
fn preheader(blocks: &[Filled]) -> &str {
    let mut paragraphs = blocks.iter().filter_map(|block| match block {
        Filled::Paragraph { lines } => lines.first(),
        _ => None,
    });
    paragraphs.nth(1).map_or("", String::as_str)
}

fn plain(blocks: &[Filled]) -> String {
    let blocks = blocks.iter().map(|block| match block {
        Filled::Paragraph { lines } => lines.join("\n"),
        Filled::Figure { text } => text.clone(),
        Filled::Button { label, link } => format!("{label}\n{link}"),
    });
    blocks.collect::<Vec<_>>().join("\n\n")
}

/// Whatever else an address could do has no place in a mail of ours.
pub(super) fn is_web(link: &str) -> bool {
    Url::parse(link).is_ok_and(|link| matches!(link.scheme(), "http" | "https"))
}
