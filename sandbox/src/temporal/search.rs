//! Search attributes: what processes can be found by.

use std::fmt;
use std::process::Stdio;
use std::str::FromStr;
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::{Error, NAMESPACE, Temporal};
use crate::processes::SOON;

/// A new attribute reaches the server's caches within this.
const SPREAD: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexedType {
    Text,
    Keyword,
    Int,
    Double,
    Bool,
    Datetime,
    KeywordList,
}

/// The name and type of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchAttribute {
    pub name: String,
    pub indexed_type: IndexedType,
}

impl SearchAttribute {
    pub fn new(name: impl Into<String>, indexed_type: IndexedType) -> Self {
        SearchAttribute { name: name.into(), indexed_type }
    }
}

/// No type of the engine has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no type of a search attribute")]
pub struct UnknownType(String);

impl FromStr for IndexedType {
    type Err = UnknownType;

    fn from_str(name: &str) -> Result<Self, UnknownType> {
        [Self::Text, Self::Keyword, Self::Int, Self::Double, Self::Bool, Self::Datetime, Self::KeywordList]
            .into_iter()
            .find(|kind| kind.to_string() == name)
            .ok_or_else(|| UnknownType(name.to_owned()))
    }
}

impl fmt::Display for IndexedType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variants are called as the server calls them.
        fmt::Debug::fmt(self, formatter)
    }
}

impl fmt::Display for SearchAttribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.name, self.indexed_type)
    }
}

/// Registers what is missing. The server takes attributes at its start only for a namespace it has just made, so a
/// kept world would never get new ones.
pub(super) async fn register(temporal: &Temporal, wanted: &[SearchAttribute]) -> Result<(), Error> {
    let known = temporal.health.search_attributes().await.unwrap_or_default();
    let missing: Vec<&SearchAttribute> =
        wanted.iter().filter(|attribute| !known.contains(&attribute.name)).collect();
    for attribute in &missing {
        create(temporal, attribute).await?;
    }
    let began = Instant::now();
    for attribute in missing {
        while !temporal.health.search_attributes().await.unwrap_or_default().contains(&attribute.name) {
            if began.elapsed() > SPREAD {
                let problem = format!("the server does not know it after {}s", SPREAD.as_secs());
                return Err(Error::SearchAttribute { name: attribute.name.clone(), problem });
            }
            tokio::time::sleep(SOON).await;
        }
    }
    Ok(())
}

async fn create(temporal: &Temporal, attribute: &SearchAttribute) -> Result<(), Error> {
    let failed = |problem: String| Error::SearchAttribute { name: attribute.name.clone(), problem };
    let address = format!("127.0.0.1:{}", temporal.ports.grpc);
    let output = Command::new(temporal.program())
        .args(["operator", "search-attribute", "create", "--address", &address, "--namespace", NAMESPACE])
        .args(["--name", &attribute.name, "--type", &attribute.indexed_type.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
