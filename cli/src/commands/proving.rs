//! That it is they who act in whose name something is done: a code of their second factor says so. A name on a command line proves
//! nothing, and where two people must agree, one at one shell would be two.

use anyhow::Result;
use clap::Args;
use wolo_api::proof::{self, Proof};
use wolo_database::Pool;
use wolo_database::accounts::roles;
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

use crate::failure::refused;
use crate::system::System;

/// Goes on if the code is one that counts. It does not count again.
pub(super) async fn prove(system: &System, pool: &Pool, by: UserId, code: &str) -> Result<()> {
    match proof::proves(&system.settings, pool, by, code).await? {
        Proof::Given => Ok(()),
        Proof::Wrong => Err(refused("the code is not one that their second factor shows now")),
        Proof::NoFactor => Err(refused(
            "they have no second factor, so nothing proves that it is they who decide; signing in sets one up",
        )),
        Proof::TooMany { wait } => {
            let minutes = wait.num_minutes() + 1;
            Err(refused(format!("too many codes were wrong: wait {minutes} minutes")))
        }
    }
}

/// A reviewer, who acts in their own name.
#[derive(Args, Debug)]
pub(super) struct Reviewer {
    /// Who acts: the id of somebody with the role reviewer or superadmin
    #[arg(long, value_name = "USER", env = "WOLO_REVIEWER", hide_env_values = true)]
    pub(super) by: UserId,
    /// The code that their second factor shows now, or one of their recovery codes: they prove that it is they who act
    #[arg(long, value_name = "CODE")]
    code: String,
}

impl Reviewer {
    /// Goes on if they are one. The process looks at it again; here nobody spends a code for nothing.
    pub(super) async fn is_one(&self, pool: &Pool) -> Result<()> {
        let reviews = |role| matches!(role, Role::Reviewer | Role::Superadmin);
        let trusted = roles::of_user(pool, self.by).await?;
        if trusted.iter().any(|grant| reviews(grant.role)) { Ok(()) } else { Err(refused(NOT_A_REVIEWER)) }
    }

    pub(super) async fn proves(&self, system: &System, pool: &Pool) -> Result<()> {
        prove(system, pool, self.by, &self.code).await
    }
}

pub(super) const NOT_A_REVIEWER: &str = "only somebody with the role reviewer or superadmin does this";
