//! What all pages of the sandbox have in common: how they look, and buttons that ask for something.

use minijinja::{Environment, Value};

/// Templates find `style` here, and `actions`: a script with which a button posts its `data-body` to its `data-path`.
pub(crate) fn environment() -> Environment<'static> {
    let mut pages = Environment::new();
    for (name, text) in [("style", include_str!("style.css")), ("actions", include_str!("actions.js"))] {
        pages.add_global(name, Value::from_safe_string(text.to_owned()));
    }
    pages
}
