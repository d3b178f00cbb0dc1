//! Finding a pot by what a caller knows of it, and what of it they get to see.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};
use wolo_control::ids;
use wolo_database::Context;
use wolo_database::pots::{self, Access, Pot};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::pots::{HoldReason, PotStage, Visibility};

use crate::asker::Language;
use crate::contract::schemas;
use crate::problem::{Code, Problem, hold_words};
use crate::state::App;

/// What a caller knows of a pot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Id(PotId),
    /// The part of the link that nobody can guess.
    Slug(String),
}

impl Reference {
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let slug = (16..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if slug { Ok(Self::Slug(text.to_owned())) } else { Err(Problem::new(Code::PotUnknown)) }
    }
}

impl Reference {
    /// The caller, with what they know of the pot.
    pub(crate) fn known_to<'a>(&'a self, caller: Context<'a>) -> Context<'a> {
        match self {
            Self::Id(_) => caller,
            Self::Slug(slug) => caller.with_link(slug),
        }
    }
}

impl IntoParams for Reference {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(pot_[0-9a-f]{32}|[A-Za-z0-9_-]{16,64})$"))
            .examples(["pot_0193a5c2f0f07c3ab1d2e3f405162738"]);
        let parameter = ParameterBuilder::new()
            .name("pot")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The pot's id, or the part of its link that nobody can guess."))
            .schema(Some(schema));
        vec![parameter.build()]
    }
}

/// What cannot be a pot's name is a pot that does not exist.
impl<S: Send + Sync> FromRequestParts<S> for Reference {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) => Self::read(&text),
            Err(_) => Err(Problem::new(Code::PotUnknown)),
        }
    }
}

/// The pot, as far as it exists for this caller.
pub(crate) async fn find(app: &App, caller: Context<'_>, reference: &Reference) -> Result<Pot, Problem> {
    let mut tx = reference.known_to(caller).begin(&app.pool).await?;
    let found = match reference {
        Reference::Id(id) => pots::pot(&mut *tx, *id).await?,
        Reference::Slug(slug) => pots::by_slug(&mut *tx, slug).await?,
    };
    found.ok_or_else(|| Problem::new(Code::PotUnknown))
}

/// Who may see the pot, as far as it exists for this caller: all that is needed where its sums are not shown.
pub(crate) async fn find_access(
    app: &App,
    caller: Context<'_>,
    reference: &Reference,
) -> Result<Access, Problem> {
    let mut tx = reference.known_to(caller).begin(&app.pool).await?;
    let found = match reference {
        Reference::Id(id) => pots::access(&mut *tx, *id).await?,
        Reference::Slug(slug) => pots::access_by_slug(&mut *tx, slug).await?,
    };
    found.ok_or_else(|| Problem::new(Code::PotUnknown))
}

/// A caller in front of a pot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer {
    pub(crate) owner: bool,
    pub(crate) knows_link: bool,
}

impl Viewer {
    pub(crate) fn of(pot: &Access, user: Option<UserId>, reference: &Reference) -> Self {
        let owner = user == Some(pot.owner);
        Self { owner, knows_link: owner || matches!(reference, Reference::Slug(_)) }
    }

    /// A minor's pot without consent, and one under moderation, show themselves to their owner alone.
    pub(crate) fn may_see(self, pot: &Access) -> bool {
        let stopped = pot.holds.iter().any(|reason| reason.stops_everything());
        self.owner
            || !stopped
                && match pot.visibility {
                    Visibility::Private => false,
                    Visibility::Link => self.knows_link,
                    Visibility::Public => true,
                }
    }
}

/// A pot as one caller sees it.
#[expect(clippy::struct_excessive_bools, reason = "the owner's switches, as the owner sets them")]
#[derive(Serialize, ToSchema)]
#[schema(as = Pot)]
pub(crate) struct PotView {
    #[schema(value_type = schemas::PotId)]
    id: PotId,
    /// The part of the link that nobody can guess: for the owner alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, pattern = "^[A-Za-z0-9_-]{16,64}$")]
    slug: Option<String>,
    #[schema(example = "Les 30 ans d'Awa")]
    title: String,
    description: String,
    /// What it aims at; an aim, not a condition.
    #[schema(value_type = schemas::Francs)]
    target: Xof,
    /// Everything given so far; left out where the owner does not show amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schemas::Francs, required = false)]
    collected: Option<Xof>,
    #[schema(minimum = 0)]
    gifts: i64,
    #[schema(value_type = schemas::PotStage)]
    stage: PotStage,
    held: bool,
    /// Why it is held: for the owner alone, because a reason tells something about a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<HoldView>, required = false)]
    holds: Option<Vec<HoldView>>,
    #[schema(value_type = schemas::Visibility)]
    visibility: Visibility,
    show_donor_names: bool,
    show_amounts: bool,
    allow_anonymous: bool,
    allow_messages: bool,
    surprise: bool,
    birthday: NaiveDate,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false)]
    closed_at: Option<DateTime<Utc>>,
    /// The process behind it.
    #[schema(pattern = "^pot/pot_[0-9a-f]{32}$")]
    process: String,
    links: Links,
}

/// A hold, for the pot's owner.
#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
struct HoldView {
    #[schema(value_type = schemas::HoldReason)]
    reason: HoldReason,
    /// The same for people, in the caller's language.
    words: String,
    since: DateTime<Utc>,
}

/// Where to go from here.
#[derive(Serialize, ToSchema)]
struct Links {
    #[serde(rename = "self")]
    #[schema(format = Uri)]
    this: String,
}

impl PotView {
    pub(crate) fn new(app: &App, pot: Pot, viewer: Viewer, language: Language) -> Self {
        // Nobody waits for a pot that has ended, though what hid it hides it still.
        let waits: &[pots::Hold] = if pot.stage.has_ended() { &[] } else { &pot.holds };
        let holds = viewer.owner.then(|| {
            let view = |hold: &pots::Hold| HoldView {
                reason: hold.reason,
                words: hold_words(hold.reason).read(language).to_owned(),
                since: hold.since,
            };
            waits.iter().map(view).collect()
        });
        // The link is shown to those who have it; to others the id leads to the same pot, as long as it is public.
        let share = if viewer.knows_link { pot.slug.clone() } else { pot.id.to_string() };
        Self {
            id: pot.id,
            title: pot.settings.title,
            description: pot.settings.description,
            target: pot.settings.target,
            // A surprise hides who gave what, never the sum.
            collected: (viewer.owner || pot.settings.show_amounts).then_some(pot.totals.given),
            gifts: pot.totals.donations,
            stage: pot.stage,
            held: !waits.is_empty(),
            holds,
            visibility: pot.settings.visibility,
            show_donor_names: pot.settings.show_donor_names,
            show_amounts: pot.settings.show_amounts,
            allow_anonymous: pot.settings.allow_anonymous,
            allow_messages: pot.settings.allow_messages,
            surprise: pot.settings.surprise,
            birthday: pot.birthday,
            opens_at: pot.opens_at,
            closes_at: pot.closes_at,
            closed_at: pot.closed_at,
            process: ids::pot_lifecycle(pot.id),
            links: Links { this: app.link(&format!("/api/pots/{share}")) },
            slug: viewer.owner.then_some(pot.slug),
        }
    }
}
