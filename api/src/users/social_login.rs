//! `POST /api/users/auth/social-login`: signing in, and up, with another provider's word.
//!
//! Somebody is known again by the provider's own name for them, and by nothing else. A mail address leads to an account
//! only the first time, and only if three things are so: the provider answers for the address, our account has proved it
//! too, and nobody of the same provider has that account yet. Whoever opens it with it then is told to its holder.
//!
//! No guesses are counted: a signature cannot be guessed, and how often somebody may ask is limited as for every sign-in.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{NaiveDate, TimeDelta};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_database::accounts::{self, Account, Adding, NewAccount, identities, nonces};
use wolo_database::{Context, Transaction};
use wolo_domain::accounts::IdentityProvider;
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::ids::UserId;
use wolo_domain::notices::{Letter, Says};
use wolo_domain::people::{BirthDate, NAME_CHARS};
use wolo_domain::texts;
use wolo_providers::ProviderError;
use wolo_providers::social::{Identity, ProofError};

use super::codes::DEVICE_CHARS;
use super::letters;
use super::tokens::{Entry, SignedIn, enter, reached, roles_of};
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::contract::{refusals, schemas};
use crate::credentials;
use crate::fields::{Fields, Lines};
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

/// Longer than anybody keeps an access token that is good for ever.
const FOR_EVER: TimeDelta = TimeDelta::days(3650);

/// What a provider's proof must carry, so that it is good for one sign-in here.
#[derive(Serialize, ToSchema)]
pub(crate) struct Nonce {
    nonce: String,
    /// Seconds.
    expires_in: u64,
}

/// A proof of another provider: an identity token with the nonce that it was made for, or an access token of Facebook's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "provider": "google", "id_token": "eyJhbGciOi…", "nonce": "m9Zx…", "birth_date": "1999-12-31"
}))]
pub(crate) struct SocialProof {
    #[schema(value_type = schemas::IdentityProvider)]
    provider: IdentityProvider,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    id_token: Option<SecretString>,
    /// As it was given out here, whatever the token carries: apps for Apple's devices put its SHA-256 there.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    nonce: Option<SecretString>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    access_token: Option<SecretString>,
    /// For a new account, where the provider does not tell it.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    /// For a new account.
    #[serde(default)]
    birth_date: Option<NaiveDate>,
    /// For a new account.
    #[serde(default)]
    #[schema(value_type = Option<schemas::Language>)]
    language: Option<Language>,
    /// As the device calls itself; it is shown in the list of sessions.
    #[serde(default)]
    #[schema(max_length = 200)]
    device: Option<String>,
}

/// What was shown.
enum Shown {
    IdToken { token: SecretString, nonce: SecretString },
    AccessToken(SecretString),
}

/// What somebody says of themselves who may need an account.
struct Details {
    name: Option<String>,
    birth_date: Option<BirthDate>,
    language: Language,
}

/// What makes a proof good once, as a keyed hash.
enum Once {
    /// The nonce that we gave out, and that the token carries.
    Nonce(Vec<u8>),
    /// Facebook's access tokens carry no nonce, so nothing ties one to a question of ours. Against showing one again,
    /// each opens one session: it is remembered for as long as Facebook would call it good. Against showing one that
    /// was stolen unused, only that it must be fresh (see `wolo_providers::social`).
    AccessToken { hash: Vec<u8>, good_for: TimeDelta },
}

refusals!(NotGiven: problem::OF_THE_STORE);
refusals!(NotSignedIn: body::REFUSALS, problem::OF_THE_STORE,
    &[Code::IdentityRefused, Code::IdentityProviderOff, Code::IdentityProviderAway, Code::AccountDetailsMissing,
      Code::ContactTaken, Code::AccountLocked, Code::AccountUnknown]);

/// A nonce to take to the provider.
#[utoipa::path(post, path = "/api/users/auth/social-login/nonce", operation_id = "accounts.social_nonce", tag = "accounts",
    responses((status = 200, description = "The nonce.", body = Nonce), NotGiven))]
pub(crate) async fn nonce(State(app): State<App>) -> Result<Json<Nonce>, Problem> {
    let nonce = credentials::new_nonce().map_err(credentials::unavailable)?;
    let lives = app.settings.social.nonce;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let expires = TimeDelta::from_std(lives).unwrap_or(TimeDelta::zero());
    nonces::give(&mut tx, &app.credentials.keyed.nonce(&nonce), expires).await?;
    wolo_database::commit(tx).await?;
    Ok(Json(Nonce { nonce, expires_in: lives.as_secs() }))
}

/// Opens a session for whoever the provider names, and makes the account when there is none. Until what is missing for one
/// has been given, the proof stays good.
#[utoipa::path(post, path = "/api/users/auth/social-login", operation_id = "accounts.social_login", tag = "accounts",
    request_body = SocialProof,
    responses((status = 200, description = "A session, or the way to the second factor.", body = SignedIn), NotSignedIn))]
pub(crate) async fn social_login(
    State(app): State<App>,
    asker: Asker,
    Body { value: proof, .. }: Body<SocialProof>,
) -> Result<Response, Problem> {
    let provider = proof.provider;
    let (shown, details, device) = proof.read(&asker)?;
    let (identity, once) = check(&app, &asker, provider, shown).await?;
    let (tx, user) = settle(&app, identity, once, details).await?;
    enter(&app, &asker, tx, Entry { user, device, proof: "social" }).await
}

impl SocialProof {
    fn read(self, asker: &Asker) -> Result<(Shown, Details, Option<String>), Problem> {
        let mut fields = Fields::default();
        let shown = match (self.id_token, self.nonce, self.access_token) {
            (Some(token), Some(nonce), None) => Some(Shown::IdToken { token, nonce }),
            (None, None, Some(token)) if self.provider == IdentityProvider::Facebook => {
                Some(Shown::AccessToken(token))
            }
            (Some(_), None, None) => {
                let words = Words::new("donnez le nonce de ce jeton", "give the nonce of this token")
                    .wolof("joxeel nonce bu jeton bi");
                fields.wrong("nonce", words);
                None
            }
            _ => {
                let words = Words::new(
                    "donnez id_token et nonce, ou seul l'access_token de Facebook",
                    "give id_token and nonce, or an access_token of Facebook's alone",
                )
                .wolof("joxeel id_token ak nonce, walla access_token u Facebook rekk");
                fields.wrong("id_token", words);
                None
            }
        };
        let details = Details {
            name: fields.text("name", self.name, NAME_CHARS, Lines::One),
            birth_date: self.birth_date.map(|day| fields.birth_date("birth_date", day)),
            language: self.language.unwrap_or(asker.language),
        };
        let device = fields.text("device", self.device, DEVICE_CHARS, Lines::One);
        fields.check()?;
        let shown = shown.ok_or_else(|| Problem::new(Code::RequestInvalid))?;
        Ok((shown, details, device))
    }
}

/// Who the proof names, and what makes it good once.
async fn check(
    app: &App,
    asker: &Asker,
    provider: IdentityProvider,
    shown: Shown,
) -> Result<(Identity, Once), Problem> {
    let off = || Problem::new(Code::IdentityProviderOff);
    let (social, keyed, now) = (&app.credentials.social, &app.credentials.keyed, App::now());
    let checked = match &shown {
        Shown::IdToken { token, nonce } => {
            let (token, nonce) = (token.expose_secret(), nonce.expose_secret());
            let id_tokens = social.id_tokens(provider).ok_or_else(off)?;
            let identity = id_tokens.verify(token, nonce, now).await;
            identity.map(|identity| (identity, Once::Nonce(keyed.nonce(nonce))))
        }
        Shown::AccessToken(token) => {
            let token = token.expose_secret();
            let known = social.graph().ok_or_else(off)?.verify(token, now).await;
            known.map(|known| {
                let good_for = known.good_until.map_or(FOR_EVER, |end| end - now);
                (known.identity, Once::AccessToken { hash: keyed.foreign_token(token), good_for })
            })
        }
    };
    checked.map_err(|error| not_known(&error, provider, asker))
}

fn not_known(error: &ProofError, provider: IdentityProvider, asker: &Asker) -> Problem {
    let (provider, request) = (provider.as_str(), &asker.request_id);
    match error {
        ProofError::Refused(why) => {
            tracing::info!(provider, request, %why, "a proof of another provider was refused");
            Problem::new(Code::IdentityRefused)
        }
        ProofError::Provider(cause) => {
            tracing::warn!(provider, request, cause = problem::chain(cause), "no proof can be checked");
            let problem = Problem::new(Code::IdentityProviderAway);
            match cause {
                ProviderError::Throttled { retry_after: Some(wait) } => {
                    problem.retry_after(wait.as_secs().max(1))
                }
                _ => problem,
            }
        }
    }
}

/// The account of whoever was proved. Whatever is refused on the way, or fails before the session has begun, leaves the proof
/// unused, because the transaction goes with it.
async fn settle(
    app: &App,
    identity: Identity,
    once: Once,
    details: Details,
) -> Result<(Transaction, UserId), Problem> {
    let issuer = identity.provider.issuer();
    let mut tx = Context::gate().begin(&app.pool).await?;
    let first = match &once {
        Once::Nonce(hash) => nonces::use_up(&mut tx, hash).await?,
        Once::AccessToken { hash, good_for } => nonces::take_once(&mut tx, hash, *good_for).await?,
    };
    if !first {
        return Err(Problem::new(Code::IdentityRefused));
    }
    identities::take_turns(&mut tx, issuer, &identity.subject).await?;
    let known = accounts::by_identity(&mut *tx, issuer, &identity.subject).await?;
    let user = match known {
        Some(account) => account.id,
        None => match by_proved_email(&mut tx, &identity).await? {
            Some(account) => link(app, &mut tx, account, &identity).await?,
            None => make(&mut tx, identity, details).await?,
        },
    };
    Ok((tx, user))
}

async fn by_proved_email(tx: &mut Transaction, identity: &Identity) -> Result<Option<Account>, Problem> {
    match identity.proved_email.clone() {
        Some(email) => Ok(accounts::by_contact(&mut **tx, &Contact::Email(email)).await?),
        None => Ok(None),
    }
}

/// Opens an account that is there to whoever the provider says has its address, and tells its holder.
async fn link(
    app: &App,
    tx: &mut Transaction,
    account: Account,
    identity: &Identity,
) -> Result<UserId, Problem> {
    let (user, provider) = (account.id, identity.provider);
    if account.locked {
        return Err(Problem::new(Code::AccountLocked));
    }
    // Two who come with one address take turns too, so that the second finds the first.
    identities::take_turns(tx, provider.issuer(), &user.to_string()).await?;
    // The account is another person's of the same provider: the address has changed hands. And nobody gets what those may
    // do who work here for an address alone.
    let works_here = !roles_of(tx, user).await?.is_empty();
    if works_here || identities::is_known_by(tx, user, provider.issuer()).await? {
        return Err(Problem::new(Code::ContactTaken));
    }
    identities::link(tx, user, provider.issuer(), &identity.subject).await?;
    if let Some(to) = reached(&account) {
        let says = Says::IdentityLinked { provider };
        let letter = Letter { to, or_email: None, language: account.language, says };
        letters::write(app, tx, Some(user), &format!("identity/{}", Uuid::now_v7()), &letter).await?;
    }
    Ok(user)
}

async fn make(tx: &mut Transaction, identity: Identity, details: Details) -> Result<UserId, Problem> {
    let told = || identity.name.as_ref().and_then(|name| usable(name.expose()));
    let (name, birth_date) = match (details.name.or_else(told), details.birth_date) {
        (Some(name), Some(birth_date)) => (name, birth_date),
        (name, birth_date) => return Err(missing(name.is_none(), birth_date.is_none())),
    };
    let id = UserId::from_uuid(Uuid::now_v7());
    let email = identity.proved_email;
    let new = NewAccount { id, name, birth_date, email, language: details.language };
    // Somebody else proved the address while we looked.
    if accounts::add(tx, &new).await? == Adding::Taken {
        return Err(Problem::new(Code::ContactTaken));
    }
    identities::link(tx, id, identity.provider.issuer(), &identity.subject).await?;
    Ok(id)
}

/// What a new account needs and neither the person nor the provider has told.
fn missing(name: bool, birth_date: bool) -> Problem {
    let needed = || {
        Words::new("ce champ est obligatoire pour un nouveau compte", "a new account needs this field")
            .wolof("kont bu bees dafay laaj champ bii")
    };
    let absent = [("name", name), ("birth_date", birth_date)].into_iter().filter(|(_, absent)| *absent);
    let problem = Problem::new(Code::AccountDetailsMissing);
    absent.fold(problem, |problem, (field, _)| problem.at(field, needed()))
}

/// A name as a provider has it, if it could stand in an account.
fn usable(name: &str) -> Option<String> {
    texts::text(name, NAME_CHARS, Lines::One).ok().flatten().map(str::to_owned)
}
