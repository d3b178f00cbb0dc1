//! The statements of `wolo_database`, word for word, in the form that pgbench reads.
//!
//! They come from the metadata that every build checks them with. A file there has its statement's hash in its name, so
//! one that changes stops this file from compiling until its new name stands here, and nothing is compared with the
//! statements of yesterday.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

macro_rules! statement {
    ($hash:literal) => {
        Statement(include_str!(concat!("../../../../.sqlx/query-", $hash, ".json")))
    };
}

/// `pots::pot`.
pub(super) const POT: Statement =
    statement!("755de440ee080324c5d231b68b4d5e901f3e45b03dd8ddde49d8551cdb7a4c99");
/// `donations::donation`.
pub(super) const GIFT: Statement =
    statement!("664349c0391d7d0c80c08eb7f0a762c30c0af8502abcad6abef5e2b9b65b69c6");
/// `webhooks::failed_attempts`.
pub(super) const FAILED_ATTEMPTS: Statement =
    statement!("6680c2a6ffb201b7d89dc7d80010d72b38d17c1c698aaae82eb830ea9f2b99c1");
/// `webhooks::receive`.
pub(super) const EVENT_RECEIVED: Statement =
    statement!("612d5eb6cd81ac7e3beda021be031cb98b18963b0a229b664756c26b98e20c38");
/// `webhooks::mark_handled`.
pub(super) const EVENT_HANDLED: Statement =
    statement!("ed532e8b1b8ac03a4195bc86ee0482448c0541bfc1542077ebe09d11e34f1b6b");

/// What Postgres said of a statement, with the statement in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement(&'static str);

impl Statement {
    /// The statement with these words in the places of its parameters: variables of pgbench, or `null`.
    pub(super) fn with(self, values: &[&str]) -> Result<String> {
        #[derive(Deserialize)]
        struct Known {
            query: String,
            describe: Described,
        }
        #[derive(Deserialize)]
        struct Described {
            parameters: Parameters,
        }
        #[derive(Deserialize)]
        struct Parameters {
            #[serde(rename = "Left")]
            types: Vec<serde_json::Value>,
        }

        let known: Known = serde_json::from_str(self.0).context("the metadata of a statement")?;
        let parameters = known.describe.parameters.types.len();
        ensure!(parameters == values.len(), "a statement of {parameters} parameters got {}", values.len());
        // The last one first, because the name of the tenth begins like that of the first.
        let text = (1..=parameters)
            .rev()
            .zip(values.iter().rev())
            .fold(known.query, |text, (place, value)| text.replace(&format!("${place}"), value));
        Ok(text)
    }
}

/// One transaction that leaves something behind.
pub(super) fn committed(statements: &[String]) -> String {
    transaction(statements, "commit")
}

/// One transaction that only looks: the API drops it.
pub(super) fn rolled_back(statements: &[String]) -> String {
    transaction(statements, "rollback")
}

fn transaction(statements: &[String], end: &str) -> String {
    format!("begin;\n{};\n{end};\n", statements.join(";\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_keeps_its_words_and_gets_its_values() {
        let text = EVENT_HANDLED.with(&[":provider", ":event"]).unwrap();
        assert!(text.ends_with("where provider = :provider and event_id = :event"), "{text}");
        let text = EVENT_RECEIVED.with(&["array[:provider]", ":events", ":kinds", "null", ":raws"]).unwrap();
        assert!(
            text.contains("unnest(array[:provider]::text[], :events::text[], :kinds::text[], null::text[]"),
            "{text}"
        );
        assert!(!text.contains('$'), "{text}");
    }

    #[test]
    fn a_statement_with_a_value_too_few_is_refused() {
        assert!(FAILED_ATTEMPTS.with(&[":subject"]).is_err());
    }
}
