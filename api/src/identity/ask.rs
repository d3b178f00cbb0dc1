//! `POST /api/identity/consents`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wolo_control::consents::{AskAnswer, AskGuardian};
use wolo_control::ids;
use wolo_database::{Context, consents};
use wolo_domain::consents::{ConsentStage, Guardian, Guardianship};
use wolo_domain::contacts::Language;
use wolo_domain::ids::{ConsentId, UserId};
use wolo_domain::people::NAME_CHARS;

use super::process_of;
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::caller::{User, account};
use crate::contract::{refusals, schemas};
use crate::fields::{Fields, Lines};
use crate::idempotency::{Done, Key, Once, Turn};
use crate::limits::{Class, Tally};
use crate::problem::{self, Code, Problem, Words, seconds};
use crate::state::App;

/// Whom a minor names.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewConsent, example = json!({
    "guardian": { "name": "Fatou Ndiaye", "phone": "+221771234567" }, "relationship": "mother",
}))]
pub(crate) struct Wanted {
    guardian: WantedGuardian,
    /// What the guardian is to the minor.
    #[schema(value_type = schemas::Guardianship)]
    relationship: Guardianship,
    /// What the guardian reads; the caller's own language where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<schemas::Language>)]
    language: Option<Language>,
}

/// The guardian. The link, the code and in the end the money go to this phone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGuardian)]
struct WantedGuardian {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    phone: String,
    /// Where the link and the code go when the phone cannot be reached.
    #[serde(default)]
    email: Option<String>,
}

/// A guardian who is asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Asked {
    #[schema(value_type = schemas::ConsentId)]
    id: ConsentId,
    #[schema(value_type = schemas::ConsentStage)]
    stage: ConsentStage,
    /// Silence until then is a refusal.
    #[schema(required = true)]
    answer_by: Option<DateTime<Utc>>,
    /// Where the request goes, masked.
    to: String,
    /// The process behind it.
    #[schema(example = "consent/usr_0193a5c2f0f07c3ab1d2e3f405162738")]
    process: String,
}

refusals!(NotAsked: User::REFUSALS, Key::REFUSALS, body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::AccountUnknown, Code::ConsentNotNeeded, Code::ConsentThere, Code::TooManyGuardians, Code::GuardianIsMinor,
        Code::OwnGuardian]);

/// Has a guardian asked to consent for the caller, who is a minor. A guardian who was named before and has not answered is asked no
/// more: their link is good no longer.
#[utoipa::path(post, path = "/api/identity/consents", operation_id = "identity.ask_guardian", tag = "identity",
    params(Key),
    request_body = Wanted,
    security(("bearer" = [])),
    responses((status = 201, description = "The guardian is asked.", body = Asked), NotAsked))]
pub(crate) async fn ask(
    State(app): State<App>,
    User(minor): User,
    key: Key,
    asker: Asker,
    tally: Tally,
    Body { value: wanted, bytes }: Body<Wanted>,
) -> Result<Response, Problem> {
    let guardian = wanted.read(&asker)?;
    // Whoever is named hears of it, and what is answered tells a little of them.
    tally.phone(&app.limits, Class::Write, &guardian.phone).await?;
    let once = Once {
        app: &app,
        asker: &asker,
        key: &key,
        scope: minor.to_string(),
        request: [b"identity.ask_guardian", b"", &bytes],
    };
    once.run(|turn| request(&app, minor, guardian, turn)).await
}

impl Wanted {
    fn read(self, asker: &Asker) -> Result<Guardian, Problem> {
        let WantedGuardian { name, phone, email } = self.guardian;
        let mut its = Fields::default();
        let name = its.some_text("name", name, NAME_CHARS, Lines::One);
        let phone = its.phone("phone", Some(&phone)).or_else(|| {
            if phone.trim().is_empty() {
                its.wrong(
                    "phone",
                    Words::new("il faut un numéro de téléphone", "a phone number is needed")
                        .wolof("nimero telefon laaj na"),
                );
            }
            None
        });
        let email = its.email("email", email.as_deref());
        let mut fields = Fields::default();
        fields.under("guardian", its);
        fields.check()?;
        let phone = phone.ok_or_else(|| Problem::new(Code::RequestInvalid))?;
        let language = self.language.unwrap_or(asker.language);
        Ok(Guardian { name, phone, email, is: self.relationship, language })
    }
}

async fn request(app: &App, minor: UserId, guardian: Guardian, turn: Turn) -> Result<Done, Problem> {
    // The same rule in the same words as the process's; asking it here saves starting one for nothing.
    if !account(app, minor).await?.birth_date.is_minor_at(App::now()) {
        return Err(Problem::new(Code::ConsentNotNeeded));
    }
    let consent = ConsentId::from_uuid(turn.subject);
    let token = app.credentials.keyed.guardian_link(turn.subject);
    let to = guardian.phone.masked();
    let wish = AskGuardian { consent, guardian, link: app.link(&format!("/g/{token}")), token };
    let patience = app.settings.api.patience;
    let (stage, answer_by) = match app.control.ask_guardian(process_of(app, minor), wish, patience).await? {
        AskAnswer::Asked { answer_by } => (ConsentStage::Requested, answer_by),
        // The turn before this one did, and died.
        AskAnswer::AlreadyAsked => {
            let mut tx = Context::user(minor).begin(&app.pool).await?;
            let known = consents::consent(&mut *tx, consent).await?;
            known.map_or((ConsentStage::Requested, None), |known| (known.stage, known.answer_by))
        }
        answer => return Err(refusal(answer)),
    };
    Done::new(StatusCode::CREATED, &Asked { id: consent, stage, answer_by, to, process: ids::consent(minor) })
}

fn refusal(answer: AskAnswer) -> Problem {
    match answer {
        AskAnswer::AlreadyGiven => Problem::new(Code::ConsentThere),
        AskAnswer::TooMany { until } => {
            Problem::new(Code::TooManyGuardians).retry_after(seconds(until - App::now()))
        }
        AskAnswer::NotAMinor => Problem::new(Code::ConsentNotNeeded),
        AskAnswer::GuardianIsMinor => Problem::new(Code::GuardianIsMinor),
        AskAnswer::OwnPhone => own("guardian.phone"),
        AskAnswer::OwnMailbox => own("guardian.email"),
        AskAnswer::PersonUnknown => Problem::new(Code::AccountUnknown),
        AskAnswer::Asked { .. } | AskAnswer::AlreadyAsked | AskAnswer::Unfit => {
            tracing::error!("a request for consent was answered in a way that cannot be");
            Problem::new(Code::Internal)
        }
    }
}

fn own(field: &str) -> Problem {
    Problem::new(Code::OwnGuardian)
        .at(field, Words::new("c'est le vôtre", "this is your own").wolof("sa bos la"))
}
