//! The words of messages: files by language, channel and kind, made into what a person reads.
//!
//! All files are compiled in, and all are read and tried with every sample before a word goes out: one that is missing, that
//! speaks of something its message does not have, or that is too long for its channel, keeps [`Words`] from being made.
//! Nothing is read while messages go out, and nothing that a value holds can change what stands around it.

mod email;
mod figures;
mod mistakes;
mod pieces;
mod push;
mod sms;
mod typography;
mod whatsapp;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use include_dir::{Dir, include_dir};
use url::Url;
use wolo_domain::contacts::Language;
use wolo_domain::notices::{Channel, Kind, Says};

pub use email::Email;
use email::{Footer, Mail};
pub use mistakes::{Mistake, Mistakes, WordsError, Wrong};
use pieces::{Piece, Pieces, Source};
use push::Notification;
pub use push::Push;
use sms::Sms;
use whatsapp::Template;
pub use whatsapp::{Purpose, RegisteredButton, Registration, WhatsAppWords};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The one page around every mail.
const LAYOUT: &str = "email.html";

/// The words of every message, in every language and for every channel.
pub struct Words {
    pieces: Pieces,
    layout: Piece,
    footers: (Footer, Footer),
    sms: Table<Sms>,
    push: Table<Notification>,
    email: Table<Mail>,
    whatsapp: Table<Template>,
}

/// How words are written for one channel.
trait Form: Sized {
    const CHANNEL: Channel;

    fn read(source: &Source<'_>, pieces: &mut Pieces) -> Result<Self, Mistake>;

    /// Tries it with a sample.
    fn check(&self, pieces: &Pieces, says: &Says) -> Result<(), Mistake>;
}

/// The words of one channel, kinds in their order. French and English have all of them.
struct Table<T> {
    french: Vec<T>,
    english: Vec<T>,
    wolof: Vec<Option<T>>,
}

impl<T> Table<T> {
    /// In the language or, where Wolof has no words, in French.
    fn get(&self, language: Language, kind: Kind) -> &T {
        let kind = kind as usize;
        match language {
            Language::English => &self.english[kind],
            Language::French => &self.french[kind],
            Language::Wolof => self.wolof[kind].as_ref().unwrap_or(&self.french[kind]),
        }
    }

    /// Every file of words once.
    fn all(&self) -> impl Iterator<Item = (Kind, &T)> {
        let of = |words: &'static [Kind; Kind::ALL.len()]| words.iter().copied();
        let french = of(&Kind::ALL).zip(&self.french);
        let english = of(&Kind::ALL).zip(&self.english);
        let wolof = of(&Kind::ALL).zip(&self.wolof);
        french.chain(english).chain(wolof.filter_map(|(kind, one)| Some((kind, one.as_ref()?))))
    }
}

impl Words {
    /// Reads what is compiled in.
    pub fn new() -> Result<Self, Mistakes> {
        let mut files = BTreeMap::new();
        gather(&FILES, &mut files);
        Self::read(&files)
    }

    fn read(files: &BTreeMap<String, &str>) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(files);
        let layout = reader.layout();
        let footers = reader.footer(Language::French).zip(reader.footer(Language::English));
        let (sms, push) = (reader.table::<Sms>(), reader.table::<Notification>());
        let (email, whatsapp) = (reader.table::<Mail>(), reader.table::<Template>());
        reader.look_for_strays();
        let Reader { pieces, mut mistakes, .. } = reader;
        let (Some(layout), Some(footers)) = (layout, footers) else { return Err(Mistakes(mistakes)) };
        let (Some(sms), Some(push), Some(email), Some(whatsapp)) = (sms, push, email, whatsapp) else {
            return Err(Mistakes(mistakes));
        };
        let words = Self { pieces, layout, footers, sms, push, email, whatsapp };
        words.check(&mut mistakes);
        if mistakes.is_empty() { Ok(words) } else { Err(Mistakes(mistakes)) }
    }

    /// Tries everything with every sample.
    fn check(&self, mistakes: &mut Vec<Mistake>) {
        check(&self.sms, &self.pieces, mistakes);
        check(&self.push, &self.pieces, mistakes);
        check(&self.email, &self.pieces, mistakes);
        check(&self.whatsapp, &self.pieces, mistakes);
        let mut names = BTreeSet::new();
        for (_, template) in self.whatsapp.all() {
            if !names.insert((template.name(), template.language().as_str())) {
                mistakes.push(template.taken());
            }
        }
    }

    pub fn sms(&self, says: &Says, language: Language) -> Result<String, WordsError> {
        Ok(self.sms.get(language, says.kind()).fill(&self.pieces, &pieces::facts(says))?)
    }

    pub fn push(&self, says: &Says, language: Language) -> Result<Push, WordsError> {
        let words = self.push.get(language, says.kind());
        Ok(words.fill(&self.pieces, &pieces::facts(says), says.link())?)
    }

    /// `opt_out` is where such mails are ended with one click.
    pub fn email(&self, says: &Says, language: Language, opt_out: Option<&str>) -> Result<Email, WordsError> {
        let words = self.email.get(language, says.kind());
        let (french, english) = &self.footers;
        let footer = if words.language() == Language::English { english } else { french };
        words.fill(&self.pieces, &self.layout, footer, says, opt_out)
    }

    pub fn whatsapp(&self, says: &Says, language: Language) -> Result<WhatsAppWords, WordsError> {
        self.whatsapp.get(language, says.kind()).fill(&self.pieces, says)
    }

    /// Every template of WhatsApp, for Meta to look through. `site` is where the buttons lead.
    pub fn registry(&self, site: &Url) -> Result<Vec<Registration>, WordsError> {
        let all = self.whatsapp.all();
        all.map(|(kind, template)| template.registration(&self.pieces, kind, site)).collect()
    }
}

fn check<T: Form>(table: &Table<T>, pieces: &Pieces, mistakes: &mut Vec<Mistake>) {
    for (kind, words) in table.all() {
        // One mistake of a file is enough; the others are often the same.
        mistakes.extend(Says::samples(kind).iter().find_map(|says| words.check(pieces, says).err()));
    }
}

/// Every file below a folder, by its path.
fn gather<'a>(folder: &'a Dir<'a>, files: &mut BTreeMap<String, &'a str>) {
    for file in folder.files() {
        // What is no text is no template, and is found as a stray.
        let text = file.contents_utf8().unwrap_or_default();
        files.insert(file.path().to_string_lossy().into_owned(), text);
    }
    for below in folder.dirs() {
        gather(below, files);
    }
}

/// Reads files, and goes on after a mistake to find the others.
struct Reader<'a> {
    files: &'a BTreeMap<String, &'a str>,
    pieces: Pieces,
    unread: BTreeSet<&'a str>,
    mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    fn new(files: &'a BTreeMap<String, &'a str>) -> Self {
        let unread = files.keys().map(String::as_str).collect();
        Self { files, pieces: Pieces::new(), unread, mistakes: Vec::new() }
    }

    fn text(&mut self, file: &str) -> Option<&'a str> {
        self.unread.remove(file);
        self.files.get(file).copied()
    }

    fn keep<T>(&mut self, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    /// Reads a file that must be there.
    fn must<T>(
        &mut self,
        language: Language,
        file: String,
        variables: BTreeSet<String>,
        read: impl FnOnce(&Source<'a>, &mut Pieces) -> Result<T, Mistake>,
    ) -> Option<T> {
        let Some(text) = self.text(&file) else {
            self.mistakes.push(Mistake { file, line: 1, wrong: Wrong::Missing });
            return None;
        };
        let read = read(&Source { language, file, text, variables }, &mut self.pieces);
        self.keep(read)
    }

    fn layout(&mut self) -> Option<Piece> {
        let variables = ["lang", "subject", "preheader", "blocks", "footer"].map(str::to_owned).into();
        self.must(Language::French, LAYOUT.to_owned(), variables, Source::whole)
    }

    fn footer(&mut self, language: Language) -> Option<Footer> {
        let variables = ["kind", "category", "opt_out"].map(str::to_owned).into();
        self.must(language, format!("{language}/email/footer.txt"), variables, Footer::read)
    }

    fn words<T: Form>(&mut self, language: Language, kind: Kind) -> Option<T> {
        let file = format!("{language}/{}/{kind}.txt", T::CHANNEL);
        self.must(language, file, pieces::variables(&Says::sample(kind)), T::read)
    }

    fn table<T: Form>(&mut self) -> Option<Table<T>> {
        // All are read, so that all mistakes are found.
        let [french, english] = [Language::French, Language::English].map(|language| {
            let all: Vec<_> = Kind::ALL.iter().map(|kind| self.words::<T>(language, *kind)).collect();
            all.into_iter().collect::<Option<Vec<_>>>()
        });
        let wolof = Kind::ALL.iter().map(|kind| {
            let file = format!("{}/{}/{kind}.txt", Language::Wolof, T::CHANNEL);
            // Meta does not know Wolof.
            let may_be = T::CHANNEL != Channel::WhatsApp && self.files.contains_key(&file);
            may_be.then(|| self.words::<T>(Language::Wolof, *kind)).flatten()
        });
        let wolof = wolof.collect();
        Some(Table { french: french?, english: english?, wolof })
    }

    fn look_for_strays(&mut self) {
        let strays = self.unread.iter();
        let strays = strays.map(|file| Mistake { file: (*file).to_owned(), line: 1, wrong: Wrong::Stray });
        self.mistakes.extend(strays);
    }
}
