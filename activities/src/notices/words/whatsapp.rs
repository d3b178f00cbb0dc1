//! WhatsApp: from one source the template that Meta looks through, what one message fills it with, and what the person sees.
//!
//! Between values the text is fixed, for that is what Meta has approved. Other words are another template: whoever changes a
//! file gives it a new name.

use std::collections::BTreeMap;

use minijinja::Value;
use url::{Position, Url};
use wolo_domain::contacts::Language;
use wolo_domain::notices::{Channel, Kind, Says};

use super::Form;
use super::mistakes::{Mistake, WordsError, Wrong};
use super::pieces::{Failed, Piece, Pieces, Source, facts};
use super::typography::{clipped, printed};

/// Meta's limits, in characters.
const LONGEST_NAME: usize = 512;
const LONGEST_TEXT: usize = 1024;
const LONGEST_LABEL: usize = 20;
/// Meta takes no empty value.
const NOTHING: &str = "–";

/// What a template is for, by Meta's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Utility,
    Marketing,
    Authentication,
}

impl Purpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utility => "UTILITY",
            Self::Marketing => "MARKETING",
            Self::Authentication => "AUTHENTICATION",
        }
    }
}

/// One message: which template, and what it is filled with.
#[derive(Clone, PartialEq, Eq)]
pub struct WhatsAppWords {
    pub template: String,
    pub language: Language,
    pub purpose: Purpose,
    /// For `{{1}}`, `{{2}}` and so on.
    pub parameters: Vec<String>,
    /// What its button is filled with: the end of the address that it opens, which is all that follows the host, or the code that it
    /// copies.
    pub button: Option<String>,
    /// As the person sees it; around a code whoever has not written to us within the day sees Meta's words.
    pub text: String,
}

/// A template, as Meta is asked to look through it. Everything in it is a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    pub kind: Kind,
    pub name: String,
    pub language: Language,
    pub purpose: Purpose,
    /// With `{{1}}`, `{{2}}` and so on. Around a code Meta puts words of its own; ours are for whoever has written to us within the day.
    pub body: String,
    /// What could stand for each of them.
    pub examples: Vec<String>,
    pub button: Option<RegisteredButton>,
}

/// What can be pressed below a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisteredButton {
    /// Opens an address.
    Open {
        label: String,
        /// Ends in `{{1}}`.
        url: String,
        /// A whole address.
        example: String,
    },
    /// Copies the code.
    Copy { label: String },
}

pub(super) struct Template {
    name: String,
    language: Language,
    purpose: Purpose,
    body: Vec<Part>,
    button: Option<String>,
    /// Where the body begins, to say what is wrong with it.
    start: (String, usize),
}

enum Part {
    Fixed(String),
    Value(Piece),
}

impl Form for Template {
    const CHANNEL: Channel = Channel::WhatsApp;

    fn read(source: &Source<'_>, pieces: &mut Pieces) -> Result<Self, Mistake> {
        let form = |line, why| source.mistake(line, Wrong::Form(why));
        let (head, text) = source
            .text
            .split_once("\n---\n")
            .ok_or_else(|| form(1, "a template has a head, a line of `---`, and a body"))?;
        let mut lines = BTreeMap::new();
        for (at, line) in head.lines().enumerate() {
            let (key, value) = line.split_once(": ").unwrap_or((line, ""));
            if !matches!(key, "name" | "category" | "button") || lines.insert(key, (at + 1, value)).is_some()
            {
                return Err(form(at + 1, "a head has one `name`, one `category`, and at most one `button`"));
            }
        }
        let (line, name) = lines.get("name").copied().unwrap_or((1, ""));
        let named = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(named) {
            return Err(form(line, "a name is made of small letters, digits and `_`"));
        }
        let (line, purpose) = lines.get("category").copied().unwrap_or((1, ""));
        let purpose = [Purpose::Utility, Purpose::Marketing, Purpose::Authentication]
            .into_iter()
            .find(|one| one.as_str() == purpose)
            .ok_or_else(|| form(line, "a category is UTILITY, MARKETING or AUTHENTICATION"))?;
        let button = match lines.get("button") {
            Some((line, button)) => Some(label(source, *line, button, purpose)?),
            None => None,
        };
        let start = head.lines().count() + 2;
        let body = parts(source, pieces, start, text.trim_end())?;
        let values = body.iter().filter(|part| matches!(part, Part::Value(_))).count();
        if !matches!(&body[..], [Part::Fixed(_), .., Part::Fixed(_)] | [Part::Fixed(_)]) {
            return Err(form(start, "Meta takes no body that begins or ends with a value"));
        }
        if purpose == Purpose::Authentication && (values != 1 || button.is_none()) {
            return Err(form(
                start,
                "a template for codes has one value, the code, and a button that copies it",
            ));
        }
        let (name, language) = (name.to_owned(), source.language);
        Ok(Self { name, language, purpose, body, button, start: (source.file.clone(), start) })
    }

    fn check(&self, pieces: &Pieces, says: &Says) -> Result<(), Mistake> {
        let parameters = self.parameters(pieces, &facts(says))?;
        let (file, line) = self.start.clone();
        let is = self.text(&parameters).chars().count();
        if is > LONGEST_TEXT {
            let wrong = Wrong::TooLong { what: "the text", is, most: LONGEST_TEXT };
            return Err(Mistake { file, line, wrong });
        }
        if parameters.iter().any(String::is_empty) {
            return Err(Mistake { file, line, wrong: Wrong::Form("a value is empty") });
        }
        Ok(())
    }
}

/// `label -> {{ link }}`, or `label -> {{ code }}` where codes are said.
fn label(source: &Source<'_>, line: usize, button: &str, purpose: Purpose) -> Result<String, Mistake> {
    let (what, end, form) = match purpose {
        Purpose::Authentication => {
            ("code", " -> {{ code }}", "a button is written `label -> {{ code }}`, and copies nothing else")
        }
        Purpose::Utility | Purpose::Marketing => {
            ("link", " -> {{ link }}", "a button is written `label -> {{ link }}`, and opens nothing else")
        }
    };
    let label = button.strip_suffix(end).filter(|label| !label.is_empty());
    let label = label.ok_or_else(|| source.mistake(line, Wrong::Form(form)))?;
    if !source.variables.contains(what) {
        return Err(source.mistake(line, Wrong::Unknown(what.to_owned())));
    }
    let label = printed(label, source.language);
    let is = label.chars().count();
    if is > LONGEST_LABEL {
        let wrong = Wrong::TooLong { what: "the button", is, most: LONGEST_LABEL };
        return Err(source.mistake(line, wrong));
    }
    Ok(label)
}

/// Cuts a body at its values.
fn parts(source: &Source<'_>, pieces: &mut Pieces, start: usize, body: &str) -> Result<Vec<Part>, Mistake> {
    let mut parts = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let line = start + body[..body.len() - rest.len()].matches('\n').count();
        let fixed = rest.find("{{").unwrap_or(rest.len());
        if rest[..fixed].contains(['{', '}']) {
            let why = "Meta knows no conditions: a body has nothing but text and `{{ }}`";
            return Err(source.mistake(line, Wrong::Form(why)));
        }
        if fixed > 0 {
            parts.push(Part::Fixed(printed(&rest[..fixed], source.language)));
            rest = &rest[fixed..];
            continue;
        }
        let end = rest.find("}}").map_or(rest.len(), |end| end + 2);
        // Two values on one line are two pieces, so a piece is named for its place among the values too.
        let place = parts.len();
        parts.push(Part::Value(source.piece_at(pieces, line, place, &rest[..end])?));
        rest = &rest[end..];
    }
    Ok(parts)
}

impl Template {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn language(&self) -> Language {
        self.language
    }

    /// Where its name stands.
    pub(super) fn taken(&self) -> Mistake {
        Mistake { file: self.start.0.clone(), line: 1, wrong: Wrong::Taken(self.name.clone()) }
    }

    pub(super) fn fill(&self, pieces: &Pieces, says: &Says) -> Result<WhatsAppWords, WordsError> {
        let mut parameters = self.parameters(pieces, &facts(says))?;
        for parameter in parameters.iter_mut().filter(|parameter| parameter.is_empty()) {
            NOTHING.clone_into(parameter);
        }
        let fixed = self.text(&[]).chars().count();
        make_fit(&mut parameters, LONGEST_TEXT.saturating_sub(fixed));
        let button = match (&self.button, says.link()) {
            (Some(_), _) if self.purpose == Purpose::Authentication => parameters.first().cloned(),
            (Some(_), Some(link)) => Some(suffix(link).ok_or(WordsError::Link { kind: says.kind() })?),
            _ => None,
        };
        Ok(WhatsAppWords {
            template: self.name.clone(),
            language: self.language,
            purpose: self.purpose,
            text: self.text(&parameters),
            parameters,
            button,
        })
    }

    /// For Meta to look through, with a sample's values as examples.
    pub(super) fn registration(
        &self,
        pieces: &Pieces,
        kind: Kind,
        site: &Url,
    ) -> Result<Registration, WordsError> {
        let sample = self.fill(pieces, &Says::sample(kind))?;
        let numbers: Vec<_> =
            (1..=sample.parameters.len()).map(|number| format!("{{{{{number}}}}}")).collect();
        let origin = site.origin().ascii_serialization();
        let button = self.button.clone().zip(sample.button).map(|(label, end)| match self.purpose {
            Purpose::Authentication => RegisteredButton::Copy { label },
            Purpose::Utility | Purpose::Marketing => RegisteredButton::Open {
                label,
                url: format!("{origin}/{{{{1}}}}"),
                example: format!("{origin}/{end}"),
            },
        });
        Ok(Registration {
            kind,
            name: sample.template,
            language: self.language,
            purpose: self.purpose,
            body: self.text(&numbers),
            examples: sample.parameters,
            button,
        })
    }

    fn parameters(&self, pieces: &Pieces, facts: &Value) -> Result<Vec<String>, Failed> {
        let values = self.body.iter().filter_map(|part| match part {
            Part::Fixed(_) => None,
            Part::Value(piece) => Some(pieces.fill(piece, facts)),
        });
        values.collect()
    }

    /// The body with these in the places of its values; without any, what is fixed in it.
    fn text(&self, parameters: &[String]) -> String {
        let mut parameters = parameters.iter();
        let parts = self.body.iter().map(|part| match part {
            Part::Fixed(text) => text.as_str(),
            Part::Value(_) => parameters.next().map_or("", String::as_str),
        });
        parts.collect()
    }
}

/// Shortens the longest until all of them together have at most so many characters.
fn make_fit(parameters: &mut [String], most: usize) {
    let length = |text: &String| text.chars().count();
    loop {
        let over = parameters.iter().map(length).sum::<usize>().saturating_sub(most);
        let Some(longest) = parameters.iter_mut().max_by_key(|text| length(text)).filter(|_| over > 0) else {
            return;
        };
        let keep = length(longest).saturating_sub(over).max(1);
        if keep == length(longest) {
            return;
        }
        *longest = clipped(longest, keep).into_owned();
    }
}

/// What follows the host and its `/`.
fn suffix(link: &str) -> Option<String> {
    let link = Url::parse(link).ok().filter(|link| matches!(link.scheme(), "http" | "https"))?;
    let end = link[Position::BeforePath..].trim_start_matches('/');
    // An empty value is not taken, and an empty query changes nothing.
    Some(if end.is_empty() { "?".to_owned() } else { end.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_whatsapp_loses_its_longest_value() {
        let mut parameters = vec!["Awa".to_owned(), "x".repeat(50), "y".repeat(40)];
        make_fit(&mut parameters, 60);
        assert_eq!(parameters.iter().map(|text| text.chars().count()).sum::<usize>(), 60);
        assert_eq!((parameters[0].as_str(), parameters[2].len()), ("Awa", 40));
        assert!(parameters[1].ends_with('…'));
    }

    #[test]
    fn a_button_opens_what_follows_the_host() {
        assert_eq!(suffix("https://wolo.example/pots/k3?x=1#y").unwrap(), "pots/k3?x=1#y");
        assert_eq!(suffix("http://127.0.0.1:3000/i/4p").unwrap(), "i/4p");
        assert_eq!(suffix("https://wolo.example").unwrap(), "?");
        for link in ["javascript:alert(1)", "pots/k3", ""] {
            assert_eq!(suffix(link), None, "{link}");
        }
    }
}
