//! How the story looks in the terminal. In JSON mode nothing of it is said.

use std::time::Duration;

use super::checks::Checks;
use crate::local::Addresses;
use crate::output::{self, Fields, Format, Paint, indented};

#[derive(Debug, Clone, Copy)]
pub(super) struct Teller {
    silent: bool,
    paint: Paint,
}

impl Teller {
    pub(super) fn new(format: Format) -> Self {
        Self { silent: format.json, paint: Paint::for_stdout() }
    }

    pub(super) fn title(self) {
        self.line(&format!("\n{}", self.paint.heading("L'anniversaire d'Awa")));
        self.line(
            "One birthday pot, from the plan to the last franc. The days are skipped, the rest is real.",
        );
    }

    pub(super) fn act(self, title: &str) {
        self.line(&format!("\n{}", self.paint.heading(title)));
    }

    /// Something that happened.
    pub(super) fn say(self, text: &str) {
        self.line(&indented(text, 2));
    }

    /// Something that went wrong on purpose, and how it was met.
    pub(super) fn trouble(self, text: &str) {
        self.line(&format!("  {} {text}", self.paint.bad("↯")));
    }

    /// A message as its receiver reads it.
    pub(super) fn message(self, channel: &str, text: &str) {
        let text = text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ");
        self.line(&format!("  {} {}", self.paint.bold(&format!("✉ {channel}:")), self.paint.faint(&text)));
    }

    pub(super) fn good(self, text: &str) {
        self.line(&format!("  {} {text}", self.paint.good("✓")));
    }

    pub(super) fn world(self, at: &Addresses, took: Duration) {
        self.act("Le décor");
        let mut fields = Fields::new();
        fields.field("API", &at.api);
        fields.field("Temporal UI", &at.temporal_ui);
        fields.field("Wave (an emulator)", format!("{}/_sandbox/", at.wave));
        self.say(&fields.text());
        let tenths = took.as_millis() / 100;
        self.say(&format!(
            "Postgres, Temporal, Wave, the API and a worker: up in {}.{} s.",
            tenths / 10,
            tenths % 10
        ));
    }

    pub(super) fn end(self, checks: &Checks, page: Option<&str>, took: Duration) {
        self.act("Le compte est bon ?");
        for check in checks.all() {
            if check.ok {
                self.good(&format!("{}: {}", check.name, self.paint.faint(&check.found)));
            } else {
                let mark = self.paint.bad("✗");
                self.line(&format!(
                    "  {mark} {}: {} expected, {} found",
                    check.name, check.expected, check.found
                ));
            }
        }
        let verdict = if checks.all_agree() {
            "Every franc is where it should be."
        } else {
            "The figures do not agree."
        };
        self.line("");
        self.say(&format!("{} ({} s)", self.paint.bold(verdict), took.as_secs()));
        if let Some(page) = page {
            self.say(&format!("The pot's whole life, step by step: {page}"));
            self.say(
                &self
                    .paint
                    .faint("(--open leaves the world up, so that the link leads somewhere)")
                    .to_string(),
            );
        }
    }

    fn line(self, text: &str) {
        if !self.silent {
            output::say(text);
        }
    }
}
