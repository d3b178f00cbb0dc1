//! Reading what stands after the question mark: each name known, each once.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::fields::Fields;
use crate::problem::{Problem, Words};

/// How long a page of a list is where nobody says, and how long it may be.
const USUAL: usize = 20;
const MOST: usize = 100;

/// The pairs of a query, in their order.
pub(crate) struct Pairs(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Pairs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<Vec<(String, String)>>::from_request_parts(parts, state).await {
            // No text that Postgres keeps has a NUL in it.
            Ok(Query(pairs)) if !pairs.iter().any(|(_, value)| value.contains('\0')) => Ok(Self(pairs)),
            _ => Err(Problem::invalid(Vec::new())),
        }
    }
}

impl Pairs {
    /// The value of a name, where it is given. What is left when all names have been taken is unknown.
    pub(crate) fn take(&mut self, name: &str, fields: &mut Fields) -> Option<String> {
        let place = self.0.iter().position(|(given, _)| given == name)?;
        let (_, value) = self.0.remove(place);
        if self.0.iter().any(|(given, _)| given == name) {
            self.0.retain(|(given, _)| given != name);
            fields.wrong(
                name,
                Words::new("ce paramètre est donné deux fois", "this parameter is given twice")
                    .wolof("paramètre bii ñaari yoon lañu ko joxe"),
            );
        }
        Some(value)
    }

    pub(crate) fn end(self, fields: &mut Fields) {
        for (name, _) in self.0.iter().take(8) {
            let name: String = name.chars().take(64).collect();
            fields.wrong(
                &name,
                Words::new("ce paramètre est inconnu", "this parameter is not known")
                    .wolof("paramètre bii xamuñu ko"),
            );
        }
    }
}

/// The value of a name as what it must be. `no_word` says that what stands there is none.
pub(crate) fn word<T: FromStr>(
    pairs: &mut Pairs,
    fields: &mut Fields,
    name: &str,
    no_word: impl FnOnce() -> Words,
) -> Option<T> {
    let word = pairs.take(name, fields)?.parse().ok();
    if word.is_none() {
        fields.wrong(name, no_word());
    }
    word
}

/// A page of a list that knows nothing else: how long it is to be, and after what. `no_id` says that what stands there is none.
pub(crate) fn page<Id: FromStr>(
    mut pairs: Pairs,
    no_id: impl FnOnce() -> Words,
) -> Result<(usize, Option<Id>), Problem> {
    let mut fields = Fields::default();
    let limit = limit(&mut pairs, &mut fields);
    let after = word(&mut pairs, &mut fields, "after", no_id);
    pairs.end(&mut fields);
    fields.check().map(|()| (limit, after))
}

/// One more than wanted tells whether there are more.
pub(crate) fn one_more(limit: usize) -> u32 {
    u32::try_from(limit + 1).unwrap_or(u32::MAX)
}

/// What was asked for with one more: the page, and after what the list goes on.
pub(crate) fn cut<T, Id>(mut found: Vec<T>, limit: usize, id: impl Fn(&T) -> Id) -> (Vec<T>, Option<Id>) {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(id);
    (found, next)
}

/// How long a page is to be.
pub(crate) fn limit(pairs: &mut Pairs, fields: &mut Fields) -> usize {
    let Some(text) = pairs.take("limit", fields) else { return USUAL };
    match text.parse() {
        Ok(limit) if (1..=MOST).contains(&limit) => limit,
        _ => {
            fields.wrong(
                "limit",
                Words::new(
                    format!("ce doit être un nombre de 1 à {MOST}"),
                    format!("this must be a number from 1 to {MOST}"),
                )
                .wolof(format!("dafa war a nekk lim diggante 1 ak {MOST}")),
            );
            USUAL
        }
    }
}
