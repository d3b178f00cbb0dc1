//! The search attributes of our processes, as the two who register them want to hear it: a running server, and a
//! sandbox that starts one.

use anyhow::{Result, bail};
use wolo_bootstrap::temporal::IndexedValueType;
use wolo_sandbox::temporal::SearchAttribute;
use wolo_workflows::attributes;

pub(crate) fn for_server() -> Result<Vec<(&'static str, IndexedValueType)>> {
    attributes::ALL
        .into_iter()
        .map(|(name, kind)| {
            let kind = match kind {
                "Keyword" => IndexedValueType::Keyword,
                "Datetime" => IndexedValueType::Datetime,
                "Bool" => IndexedValueType::Bool,
                other => bail!("the type {other} of the search attribute {name} is not known here"),
            };
            Ok((name, kind))
        })
        .collect()
}

pub(super) fn for_sandbox() -> Result<Vec<SearchAttribute>> {
    attributes::ALL.into_iter().map(|(name, kind)| Ok(SearchAttribute::new(name, kind.parse()?))).collect()
}
