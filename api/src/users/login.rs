//! `POST /api/users/auth/login`

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_database::accounts::guesses::{self, Guess, Limit};
use wolo_database::accounts::{self, passwords};
use wolo_database::{Context, Transaction};
use wolo_domain::contacts::Contact;
use wolo_domain::ids::UserId;

use super::codes::DEVICE_CHARS;
use super::tokens::{Entry, SignedIn, enter};
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::contract::refusals;
use crate::credentials::Verified;
use crate::fields::{Fields, Lines};
use crate::problem::{self, Code, Problem, seconds};
use crate::state::App;

/// A contact, a phone or a mail address, and the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "phone": "+221771234567", "password": "des mangues au marché" }))]
pub(crate) struct Credentials {
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[schema(value_type = String)]
    password: SecretString,
    /// As the device calls itself; it is shown in the list of sessions.
    #[serde(default)]
    #[schema(max_length = 200)]
    device: Option<String>,
}

refusals!(NotSignedIn: body::REFUSALS, problem::OF_THE_STORE,
    &[Code::CredentialsWrong, Code::TooManyGuesses, Code::AccountLocked, Code::AccountUnknown, Code::Busy]);

/// Opens a session with a password. The guess is counted before the password is looked at, and a hash is computed whether
/// or not there is an account.
#[utoipa::path(post, path = "/api/users/auth/login", operation_id = "accounts.login", tag = "accounts",
    request_body = Credentials,
    responses((status = 200, description = "A session, or the way to the second factor.", body = SignedIn), NotSignedIn))]
pub(crate) async fn login(
    State(app): State<App>,
    asker: Asker,
    Body { value: given, .. }: Body<Credentials>,
) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    let contact = fields.contact(given.phone.as_deref(), given.email.as_deref());
    let device = fields.text("device", given.device, DEVICE_CHARS, Lines::One);
    fields.check()?;
    let contact = contact.ok_or_else(|| Problem::new(Code::RequestInvalid))?;
    let (tx, user) = with_password(&app, &contact, given.password).await?;
    enter(&app, &asker, tx, Entry { user, device, proof: "pwd" }).await
}

/// Whoever has this contact and this password. What comes of it goes on in the transaction.
pub(crate) async fn with_password(
    app: &App,
    contact: &Contact,
    password: SecretString,
) -> Result<(Transaction, UserId), Problem> {
    let mut tx = Context::gate().begin(&app.pool).await?;
    let account = accounts::by_contact(&mut *tx, contact).await?;
    let hash = match &account {
        Some(account) => passwords::hash(&mut *tx, account.id).await?,
        None => None,
    };
    drop(tx);
    // An account has one measure, by whichever contact it is tried; a contact of nobody has its own.
    let target = match &account {
        Some(account) => app.credentials.keyed.guesses("password", account.id.uuid().as_bytes()),
        None => app.credentials.keyed.guesses("password", contact.reveal().as_bytes()),
    };
    count(app, &target).await?;
    let verified = app.credentials.passwords.verify(password.clone(), hash.clone()).await?;
    let (Some(account), Verified::Right { outdated }) = (account, verified) else {
        return Err(Problem::new(Code::CredentialsWrong));
    };
    if account.locked {
        return Err(Problem::new(Code::AccountLocked));
    }
    // Hashing takes its time, and no transaction waits for it.
    let renewed = match hash.filter(|_| outdated) {
        Some(old) => Some((old, app.credentials.passwords.hash(password).await?)),
        None => None,
    };
    let mut tx = Context::gate().begin(&app.pool).await?;
    guesses::forget(&mut tx, &target).await?;
    if let Some((old, new)) = renewed {
        passwords::rehash(&mut tx, account.id, &old, &new).await?;
    }
    Ok((tx, account.id))
}

/// Counts a guess, and refuses when there have been too many.
pub(super) async fn count(app: &App, target: &[u8]) -> Result<(), Problem> {
    let numbers = &app.settings.accounts;
    let window = TimeDelta::from_std(numbers.guess_window).unwrap_or(TimeDelta::MAX);
    let mut tx = Context::gate().begin(&app.pool).await?;
    let guess = guesses::count(&mut tx, target, Limit { guesses: numbers.guesses, window }).await?;
    wolo_database::commit(tx).await?;
    match guess {
        Guess::Allowed => Ok(()),
        Guess::TooMany { wait } => Err(Problem::new(Code::TooManyGuesses).retry_after(seconds(wait))),
    }
}
