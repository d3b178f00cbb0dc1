//! People as a provider knows them, and a few to pick from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Somebody with an account at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The provider's own name for them.
    pub subject: String,
    pub name: Option<String>,
    pub email: Option<String>,
    /// Whether the provider has seen that they read there.
    #[serde(default)]
    pub email_verified: bool,
    /// The organisation whose mailbox it is; Google says so.
    #[serde(default)]
    pub organisation: Option<String>,
}

impl Person {
    /// Somebody new, with a mailbox at Google's that nobody else has.
    pub fn fresh(name: &str) -> Self {
        let id = Uuid::new_v4().simple().to_string();
        Self {
            email: Some(format!("p{id}@gmail.com")),
            subject: id,
            name: Some(name.to_owned()),
            email_verified: true,
            organisation: None,
        }
    }

    /// Those on the page: with a mailbox of Google's, of an organisation, of somebody else, and without any.
    pub(super) fn known() -> [Self; 4] {
        let person = |subject: &str, name: &str, email: Option<&str>, organisation: Option<&str>| Self {
            subject: subject.to_owned(),
            name: Some(name.to_owned()),
            email: email.map(ToOwned::to_owned),
            email_verified: email.is_some(),
            organisation: organisation.map(ToOwned::to_owned),
        };
        [
            person("100000000000000000001", "Awa Ndiaye", Some("awa.ndiaye@gmail.com"), None),
            person(
                "100000000000000000002",
                "Moussa Diop",
                Some("moussa@teranga.example"),
                Some("teranga.example"),
            ),
            person("100000000000000000003", "Fatou Sow", Some("fatou.sow@example.sn"), None),
            person("100000000000000000004", "Ibou Fall", None, None),
        ]
    }
}
