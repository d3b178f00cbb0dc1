//! The templates of the pages, and what they may say: every one is read in French and in English.
//!
//! `say('…', '…')` is the sentence in the page's language, printed as that language is; `francs`, `day` and `counted` are what they
//! are in messages; `asset('wolo.css')` is where a file is.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter};
use wolo_domain::{dakar, typography};

use super::assets;
use crate::asker::Language;
use crate::page::escape;

const FILES: [(&str, &str); 18] = [
    ("admin/audit.html", include_str!("../../pages/admin/audit.html")),
    ("admin/cases.html", include_str!("../../pages/admin/cases.html")),
    ("admin/code.html", include_str!("../../pages/admin/code.html")),
    ("admin/discrepancies.html", include_str!("../../pages/admin/discrepancies.html")),
    ("admin/enrol.html", include_str!("../../pages/admin/enrol.html")),
    ("admin/figures.html", include_str!("../../pages/admin/figures.html")),
    ("admin/frame.html", include_str!("../../pages/admin/frame.html")),
    ("admin/login.html", include_str!("../../pages/admin/login.html")),
    ("admin/messages.html", include_str!("../../pages/admin/messages.html")),
    ("admin/second_factor.html", include_str!("../../pages/admin/second_factor.html")),
    ("admin/stuck.html", include_str!("../../pages/admin/stuck.html")),
    ("admin/today.html", include_str!("../../pages/admin/today.html")),
    ("home.html", include_str!("../../pages/home.html")),
    ("layout.html", include_str!("../../pages/layout.html")),
    ("lost.html", include_str!("../../pages/lost.html")),
    ("picture.svg", include_str!("../../pages/picture.svg")),
    ("plain.html", include_str!("../../pages/plain.html")),
    ("pot.html", include_str!("../../pages/pot.html")),
];

pub(super) struct Templates {
    french: Environment<'static>,
    english: Environment<'static>,
}

impl Templates {
    pub(super) fn built_in() -> Self {
        Self { french: environment(Language::French), english: environment(Language::English) }
    }

    pub(super) fn fill(&self, name: &str, language: Language, values: Value) -> Result<String, Error> {
        let environment = match language {
            Language::French | Language::Wolof => &self.french,
            Language::English => &self.english,
        };
        environment.get_template(name)?.render(values)
    }
}

fn environment(language: Language) -> Environment<'static> {
    let mut pages = Environment::new();
    // Whatever a file is called, nothing in it is HTML by accident; and what is missing is a mistake, not nothing.
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    pages.set_undefined_behavior(UndefinedBehavior::Strict);
    // As everywhere else here: an address stays one that can be read.
    pages.set_formatter(|out, state, value| match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => Ok(out.write_str(&escape(text))?),
        None => escape_formatter(out, state, value),
    });
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        pages.set_syntax(syntax);
    }
    pages.add_global("language", language.as_str());
    pages.add_function("say", move |french: &str, english: &str| match language {
        Language::French | Language::Wolof => typography::set(french, language),
        Language::English => typography::set(english, language),
    });
    pages.add_function("asset", |name: &str| {
        assets::address(name).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "there is no such file"))
    });
    pages.add_filter("francs", typography::francs);
    pages.add_filter("grouped", typography::grouped);
    pages.add_filter("day", move |written: &str| {
        let day =
            written.parse().map_err(|_| Error::new(ErrorKind::InvalidOperation, "this is not a day"))?;
        Ok::<_, Error>(dakar::in_words(day, language))
    });
    pages.add_filter("counted", move |count: i64, one: &str, many: &str| {
        typography::counted(count, one, many, language)
    });
    for (name, text) in FILES {
        if let Err(error) = pages.add_template(name, text) {
            tracing::error!(%error, name, "a template cannot be read");
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_read() {
        for (name, text) in FILES {
            let read = environment(Language::French).add_template(name, text);
            assert!(read.is_ok(), "{name}: {read:?}");
            assert!(!text.contains("style=") && !text.contains("<style"), "{name} has a style of its own");
            assert!(!text.contains(" onclick="), "{name} has a script of its own");
            let scripts = text.matches("<script").count();
            assert_eq!(scripts, text.matches("<script src=\"{{ asset(").count(), "{name}");
        }
    }

    #[test]
    fn a_sentence_is_said_in_the_pages_language_and_what_is_given_is_escaped() {
        let template = "{{ say('C\\'est fait !', 'It is done!') }} {{ name }} {{ 5000 | francs }}";
        let said = |language| {
            environment(language).render_str(template, minijinja::context! { name => "<b>" }).unwrap()
        };
        assert_eq!(said(Language::French), "C’est fait\u{202f}! &lt;b&gt; 5\u{202f}000\u{a0}F\u{a0}CFA");
        assert_eq!(said(Language::English), "It is done! &lt;b&gt; 5\u{202f}000\u{a0}F\u{a0}CFA");
        assert!(environment(Language::French).render_str("{{ nothing }}", ()).is_err());
    }
}
