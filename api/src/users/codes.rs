//! One-time codes: asking for one, and giving it back.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_database::accounts::codes::{self, About, NewCode, Proved, Sending, Tried};
use wolo_database::accounts::registrations::{self, Made};
use wolo_database::accounts::{self, Changing};
use wolo_database::consents::Reached;
use wolo_database::{Context, Transaction};
use wolo_domain::accounts::CodePurpose;
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::ids::{ConsentId, NoticeId, UserId};
use wolo_domain::notices::{Letter, Says};

use super::letters;
use super::tokens::{Entry, SignedIn, enter};
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::contract::refusals;
use crate::credentials;
use crate::fields::{Fields, Lines};
use crate::limits::Tally;
use crate::problem::{self, Code, Problem, seconds};
use crate::state::App;

pub(crate) const DEVICE_CHARS: usize = 200;

/// A code that is on its way, or would be.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sent {
    /// What the code is given back with.
    pub(crate) code_id: Uuid,
    /// Seconds.
    pub(super) expires_in: u32,
}

impl Sent {
    pub(crate) fn accepted(self) -> Response {
        (StatusCode::ACCEPTED, Json(self)).into_response()
    }
}

/// The contact that a code goes to: a phone or a mail address, one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "phone": "+221771234567" }))]
pub(crate) struct Wanted {
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

impl Wanted {
    pub(super) fn read(self) -> Result<Contact, Problem> {
        let mut fields = Fields::default();
        let contact = fields.contact(self.phone.as_deref(), self.email.as_deref());
        fields.check()?;
        contact.ok_or_else(|| Problem::new(Code::RequestInvalid))
    }
}

/// A code, given back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "code_id": "0b5c2f5e-7d0c-4c35-9a1e-6f2d9f7f6a11", "code": "123456" }))]
pub(crate) struct Given {
    code_id: Uuid,
    code: String,
    /// As the device calls itself.
    #[serde(default)]
    #[schema(max_length = 200)]
    device: Option<String>,
}

/// A code that did not arrive.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Again {
    code_id: Uuid,
}

refusals!(NotSent: body::REFUSALS, problem::OF_THE_STORE, &[Code::TooManyCodes]);
refusals!(NotGiven: body::REFUSALS, problem::OF_THE_STORE,
    &[Code::OneTimeCodeWrong, Code::ContactTaken, Code::AccountLocked, Code::AccountUnknown]);

/// A code to sign in with.
#[utoipa::path(post, path = "/api/users/auth/otp/request", operation_id = "accounts.request_code", tag = "accounts",
    request_body = Wanted,
    responses((status = 202, description = "A code is on its way, or would be.", body = Sent), NotSent))]
pub(crate) async fn request(
    State(app): State<App>,
    asker: Asker,
    tally: Tally,
    Body { value: wanted, .. }: Body<Wanted>,
) -> Result<Response, Problem> {
    send_to_account(&app, &asker, &tally, wanted, CodePurpose::SignIn).await
}

/// The code opens a session, or makes the account that it was asked for.
#[utoipa::path(post, path = "/api/users/auth/otp/verify", operation_id = "accounts.verify_code", tag = "accounts",
    request_body = Given,
    responses((status = 200, description = "A session, or the way to the second factor.", body = SignedIn), NotGiven))]
pub(crate) async fn verify(
    State(app): State<App>,
    asker: Asker,
    Body { value: given, .. }: Body<Given>,
) -> Result<Response, Problem> {
    give(&app, &asker, given, &[CodePurpose::Register, CodePurpose::SignIn]).await
}

/// The code proves a contact, of an account that is wanted or that is there.
#[utoipa::path(post, path = "/api/users/auth/verify-email", operation_id = "accounts.verify_contact", tag = "accounts",
    request_body = Given,
    responses((status = 200, description = "A session, or the way to the second factor.", body = SignedIn),
        (status = 204, description = "The account has the contact."), NotGiven))]
pub(crate) async fn verify_contact(
    State(app): State<App>,
    asker: Asker,
    Body { value: given, .. }: Body<Given>,
) -> Result<Response, Problem> {
    give(&app, &asker, given, &[CodePurpose::Register, CodePurpose::VerifyContact]).await
}

/// Another code for the same.
#[utoipa::path(post, path = "/api/users/auth/resend-verification", operation_id = "accounts.resend_code", tag = "accounts",
    request_body = Again,
    responses((status = 202, description = "A code is on its way, or would be.", body = Sent), NotSent))]
pub(crate) async fn resend(
    State(app): State<App>,
    Body { value: again, .. }: Body<Again>,
) -> Result<Response, Problem> {
    let mut tx = Context::gate().begin(&app.pool).await?;
    let proving = [CodePurpose::Register, CodePurpose::VerifyContact];
    let known = codes::about(&mut tx, again.code_id).await?.filter(|(purpose, ..)| proving.contains(purpose));
    let found = match known {
        Some((purpose, contact_hash, About::Decoy)) => {
            // Counted like any other: how often one may ask again tells nothing either.
            let (sent, _) = write(&app, &mut tx, purpose, &contact_hash, About::Decoy).await?;
            Some(sent)
        }
        Some((purpose, _, about)) => match addressee(&mut tx, &about).await? {
            Some((contact, language)) => Some(send(&app, &mut tx, purpose, &contact, language, about).await?),
            None => None,
        },
        None => None,
    };
    wolo_database::commit(tx).await?;
    // Nothing is told about a code that is not known.
    let expires_in = app.settings.accounts.code_minutes * 60;
    Ok(found.unwrap_or_else(|| Sent { code_id: Uuid::new_v4(), expires_in }).accepted())
}

/// To whom a code goes that proves a contact.
async fn addressee(tx: &mut Transaction, about: &About) -> Result<Option<(Contact, Language)>, Problem> {
    Ok(match about {
        About::Registration(registration) => registrations::contact(&mut **tx, *registration).await?,
        About::NewContact(user, contact) => {
            let account = accounts::account(&mut **tx, *user).await?;
            account.map(|account| (contact.clone(), account.language))
        }
        About::User(_) | About::Invitation(_) | About::Consent(_) | About::Decoy => None,
    })
}

/// A code for whoever has the contact. Nothing tells whether anybody has.
pub(super) async fn send_to_account(
    app: &App,
    asker: &Asker,
    tally: &Tally,
    wanted: Wanted,
    purpose: CodePurpose,
) -> Result<Response, Problem> {
    let sent = send_to_holder(app, asker.language, tally, &wanted.read()?, purpose).await?;
    Ok(sent.accepted())
}

/// The same, for whoever makes an answer of their own.
pub(crate) async fn send_to_holder(
    app: &App,
    language: Language,
    tally: &Tally,
    contact: &Contact,
    purpose: CodePurpose,
) -> Result<Sent, Problem> {
    tally.contact(&app.limits, contact).await?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let found = accounts::by_contact(&mut *tx, contact).await?;
    let about = found.as_ref().map_or(About::Decoy, |account| About::User(account.id));
    let language = found.map_or(language, |account| account.language);
    let sent = send(app, &mut tx, purpose, contact, language, about).await?;
    wolo_database::commit(tx).await?;
    Ok(sent)
}

/// Writes a code and, unless it is nobody's, the letter that carries it.
pub(crate) async fn send(
    app: &App,
    tx: &mut Transaction,
    purpose: CodePurpose,
    contact: &Contact,
    language: Language,
    about: About,
) -> Result<Sent, Problem> {
    let user = match &about {
        About::User(user) | About::NewContact(user, _) => Some(*user),
        About::Registration(_) | About::Invitation(_) | About::Consent(_) | About::Decoy => None,
    };
    let is_decoy = matches!(about, About::Decoy);
    let contact_hash = app.credentials.keyed.contact(contact);
    let (sent, code) = write(app, tx, purpose, &contact_hash, about).await?;
    if !is_decoy {
        let says = Says::OneTimeCode { purpose, code, minutes: app.settings.accounts.code_minutes };
        let letter = Letter { to: contact.clone(), or_email: None, language, says };
        letters::write(app, tx, user, &format!("code/{}", sent.code_id), &letter).await?;
    }
    Ok(sent)
}

/// The same for the guardian whom a minor has named, at the phone that was named; their mailbox only where that cannot be reached.
pub(crate) async fn send_to_guardian(
    app: &App,
    tx: &mut Transaction,
    consent: ConsentId,
    reached: Reached,
    language: Language,
) -> Result<Sent, Problem> {
    let (to, purpose) = (Contact::Phone(reached.phone), CodePurpose::Consent);
    let contact_hash = app.credentials.keyed.contact(&to);
    let (sent, code) = write(app, tx, purpose, &contact_hash, About::Consent(consent)).await?;
    let says = Says::OneTimeCode { purpose, code, minutes: app.settings.accounts.code_minutes };
    let letter = Letter { to, or_email: reached.email, language, says };
    let event = letters::write(app, tx, None, &format!("code/{}", sent.code_id), &letter).await?;
    codes::note_carrier(tx, sent.code_id, NoticeId::of_letter(event)).await?;
    Ok(sent)
}

/// Writes a code down, if one more may be sent to the contact.
async fn write(
    app: &App,
    tx: &mut Transaction,
    purpose: CodePurpose,
    contact_hash: &[u8],
    about: About,
) -> Result<(Sent, String), Problem> {
    let numbers = &app.settings.accounts;
    let code = credentials::new_code().map_err(credentials::unavailable)?;
    let new = NewCode {
        purpose,
        contact_hash,
        code_hash: &app.credentials.keyed.code(&code),
        about,
        tries: numbers.code_tries,
        lives: TimeDelta::minutes(numbers.code_minutes.into()),
    };
    let code_id = match codes::write(tx, &new).await? {
        Sending::Written(id) => id,
        Sending::TooMany { again_at } => {
            return Err(Problem::new(Code::TooManyCodes).retry_after(seconds(again_at - App::now())));
        }
    };
    Ok((Sent { code_id, expires_in: numbers.code_minutes * 60 }, code))
}

/// Takes a try at a code of one of these purposes. A wrong one is gone at once. A right one is used up together with what it
/// is for: that goes on in the same transaction, and if it comes to nothing, the code stays good.
pub(crate) async fn attempt(
    app: &App,
    code_id: Uuid,
    code: &str,
    purposes: &[CodePurpose],
) -> Result<(Transaction, Proved), Problem> {
    let hash = app.credentials.keyed.code(code.trim());
    let mut tx = Context::gate().begin(&app.pool).await?;
    for purpose in purposes {
        if let Tried::Right(proved) = codes::attempt(&mut tx, code_id, *purpose, &hash).await? {
            return Ok((tx, proved));
        }
    }
    wolo_database::commit(tx).await?;
    Err(Problem::new(Code::OneTimeCodeWrong))
}

/// The same for what is not done in one transaction: a right one stays good until [`codes::use_up`] says that it is done. Nothing
/// comes of a wrong one.
pub(crate) async fn prove(
    app: &App,
    code_id: Uuid,
    code: &str,
    purpose: CodePurpose,
) -> Result<Option<(Transaction, Proved)>, Problem> {
    let hash = app.credentials.keyed.code(code.trim());
    let mut tx = Context::gate().begin(&app.pool).await?;
    match codes::prove(&mut tx, code_id, purpose, &hash).await? {
        Tried::Right(proved) => Ok(Some((tx, proved))),
        Tried::Wrong => {
            wolo_database::commit(tx).await?;
            Ok(None)
        }
    }
}

async fn give(app: &App, asker: &Asker, given: Given, purposes: &[CodePurpose]) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    let device = fields.text("device", given.device, DEVICE_CHARS, Lines::One);
    fields.check()?;
    let (mut tx, proved) = attempt(app, given.code_id, &given.code, purposes).await?;
    match proved {
        Proved::Registration(registration) => {
            let user = UserId::from_uuid(Uuid::now_v7());
            match registrations::fulfil(&mut tx, registration, user).await? {
                Made::Account(user) => enter(app, asker, tx, Entry { user, device, proof: "otp" }).await,
                Made::ContactTaken => Err(Problem::new(Code::ContactTaken)),
                Made::Gone => Err(Problem::new(Code::OneTimeCodeWrong)),
            }
        }
        Proved::User(user) => enter(app, asker, tx, Entry { user, device, proof: "otp" }).await,
        Proved::NewContact(user, contact) => {
            match accounts::set_contact(&mut tx, user, &contact).await? {
                Changing::Changed => wolo_database::commit(tx).await?,
                Changing::Taken => return Err(Problem::new(Code::ContactTaken)),
            }
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        // Such a code is given back with the invitation, or on the guardian's page, that it is for.
        Proved::Invitation(_) | Proved::Consent { .. } => Err(Problem::new(Code::OneTimeCodeWrong)),
    }
}
