//! `wolo tokens`: access tokens from the real signing key, for whoever holds it. People sign in.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::json;
use wolo_api::tokens::Bearer;
use wolo_bootstrap::settings;
use wolo_database::accounts::sessions;
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

use super::Config;
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Subcommand, Debug)]
pub(crate) enum Tokens {
    /// Make an access token for a person
    ///
    /// It is good for as long as you say, and ends before with whatever ends all sessions of the person: a role that is
    /// granted or revoked, a lock, another password, signing out everywhere.
    Mint(Mint),
}

#[derive(Args, Debug)]
pub(crate) struct Mint {
    /// Whose token it is
    #[arg(long, value_name = "ID")]
    user: UserId,
    /// What its bearer is trusted with, beside being a user
    #[arg(long, value_name = "ROLE")]
    role: Vec<Role>,
    /// How long it is good for
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,
    #[command(flatten)]
    format: Format,
}

impl Tokens {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let Self::Mint(mint) = self;
        let system = System::find(config)?;
        // A key signs for anybody; where there is a database to ask, a mistyped id is noticed here. Without one the token is
        // good only for somebody whose sessions have never been ended.
        let epoch = match system.pool().await {
            Ok(pool) => sessions::epoch(&pool, mint.user)
                .await?
                .ok_or_else(|| refused(format!("there is nobody with the id {}", mint.user)))?,
            Err(_) => 0,
        };
        let lives = Duration::from_secs(mint.minutes * 60);
        let token = mint_token(&system.settings.tokens, mint.user, mint.role, epoch, lives)?;
        if mint.format.json {
            return output::json(&json!({ "token": token, "expires_in_seconds": mint.minutes * 60 }));
        }
        output::say(&token);
        Ok(())
    }
}

/// A token that the API of the same settings takes. In development without a key of its own, every program makes
/// one at its start and takes no other's. It ends with the epoch that it is made in, as all sessions of its person do.
pub(crate) fn mint_token(
    tokens: &settings::Tokens,
    user: UserId,
    roles: Vec<Role>,
    epoch: i32,
    lives: Duration,
) -> Result<String> {
    let bearer = Bearer { epoch, roles, amr: vec!["cli".to_owned()], ..Bearer::default() };
    wolo_api::tokens::mint(tokens, user, bearer, Utc::now(), lives).context("the token could not be made")
}
