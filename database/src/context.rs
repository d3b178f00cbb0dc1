//! Who asks. Row level security shows a transaction what its caller may see, and nothing to one that has not said who
//! that is.
//!
//! The worker and the operator see every row and need none of this. The API opens every transaction here; what a caller
//! may *do* is decided before, in the handler's signature.

use serde::Serialize;
use sqlx::{AssertSqlSafe, Postgres};
use uuid::Uuid;
use wolo_domain::ids::{DonationId, PotId, UserId};

use crate::{Error, Pool};

/// A transaction on a caller's behalf. Dropped without a commit it leaves nothing behind.
pub type Transaction = sqlx::Transaction<'static, Postgres>;

/// A caller, and what they have named or hold a secret of. Written as the claims that the policies in `migrations` read.
#[derive(Clone, Debug, Serialize)]
pub struct Context<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    donation: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opt_out: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<Uuid>,
}

impl<'a> Context<'a> {
    const fn of(role: &'static str) -> Self {
        Self {
            role,
            sub: None,
            link: None,
            donation: None,
            opt_out: None,
            device: None,
            invitation: None,
            consent: None,
            keys: None,
            shown: None,
        }
    }

    /// Somebody who has not signed in.
    pub const fn visitor() -> Self {
        Self::of("visitor")
    }

    /// The code that lets people in, before it knows who they are.
    pub const fn gate() -> Self {
        Self::of("gate")
    }

    pub const fn user(user: UserId) -> Self {
        Self { sub: Some(user.uuid()), ..Self::of("user") }
    }

    /// Somebody who works here. What they may do has been decided; what they may see is the same for all of them.
    pub const fn staff(user: UserId) -> Self {
        Self { sub: Some(user.uuid()), ..Self::of("support") }
    }

    /// Somebody who decides identity cases, and comes for that.
    pub const fn reviewer(user: UserId) -> Self {
        Self { sub: Some(user.uuid()), ..Self::of("reviewer") }
    }

    /// Whoever is signed in, if anybody is.
    pub fn caller(user: Option<UserId>) -> Self {
        user.map_or_else(Self::visitor, Self::user)
    }

    /// Whoever makes the list of those who have the most points.
    pub const fn leaders() -> Self {
        Self::of("leaders")
    }

    /// Somebody who works here and comes for sums over everybody.
    pub const fn figures(user: UserId) -> Self {
        Self { sub: Some(user.uuid()), ..Self::of("figures") }
    }

    /// Somebody who works here and may read the trail, and comes for that.
    pub const fn trail(user: UserId) -> Self {
        Self { sub: Some(user.uuid()), ..Self::of("trail") }
    }

    /// The provider, whose webhook's signature has been checked.
    pub const fn wave() -> Self {
        Self::of("wave")
    }

    /// A provider of messages, whose word has been checked.
    pub const fn messenger() -> Self {
        Self::of("messenger")
    }

    /// Somebody's idempotency keys and nothing else.
    pub(crate) const fn keys(scope: &'a str) -> Self {
        Self { keys: Some(scope), ..Self::of("visitor") }
    }

    /// The caller has a pot's link.
    #[must_use]
    pub const fn with_link(self, slug: &'a str) -> Self {
        Self { link: Some(slug), ..self }
    }

    /// It has been decided that the caller may see this pot, with what its page shows.
    #[must_use]
    pub const fn with_shown(self, pot: PotId) -> Self {
        Self { shown: Some(pot.uuid()), ..self }
    }

    /// The caller has named a gift.
    #[must_use]
    pub const fn with_donation(self, donation: DonationId) -> Self {
        Self { donation: Some(donation.uuid()), ..self }
    }

    /// The caller has a message's opt-out link.
    #[must_use]
    pub const fn with_opt_out(self, token: &'a str) -> Self {
        Self { opt_out: Some(token), ..self }
    }

    /// The caller has a phone, which has this token.
    #[must_use]
    pub const fn with_device(self, token: &'a str) -> Self {
        Self { device: Some(token), ..self }
    }

    /// The caller has an invitation's link, whose secret has this hash in hexadecimal digits.
    #[must_use]
    pub const fn with_invitation(self, token_hash: &'a str) -> Self {
        Self { invitation: Some(token_hash), ..self }
    }

    /// The caller has a guardian's link, whose secret has this hash in hexadecimal digits.
    #[must_use]
    pub const fn with_consent(self, token_hash: &'a str) -> Self {
        Self { consent: Some(token_hash), ..self }
    }

    /// A transaction that sees what this caller may see. Said together with its beginning: every request pays for this
    /// way to the database and back. What somebody who was cut off left open on the connection ends first.
    #[tracing::instrument(name = "db.context.begin", skip_all, err)]
    pub async fn begin(&self, pool: &Pool) -> Result<Transaction, Error> {
        let opening = format!("rollback; begin; {}", self.claims());
        Ok(pool.begin_with(AssertSqlSafe(opening)).await?)
    }

    /// The statement that says who asks, until the transaction ends. It takes no parameters, so the claims are written
    /// in digits: nothing that a caller chose can end a literal.
    pub fn claims(&self) -> String {
        // A struct of texts always has a JSON form.
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!(
            "select set_config('request.jwt.claims', convert_from('\\x{}', 'UTF8'), true)",
            hex::encode(json)
        )
    }
}

/// Makes what was done in a transaction last.
#[tracing::instrument(name = "db.context.commit", skip_all, err)]
pub async fn commit(tx: Transaction) -> Result<(), Error> {
    Ok(tx.commit().await?)
}
