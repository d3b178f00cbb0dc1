//! `POST /api/pots`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Datelike as _;
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_control::AskError;
use wolo_control::pots::{PotMade, PotPlan};
use wolo_database::{Context, pots};
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{PotSettings, Timeline, Visibility};

use super::view::{PotView, Viewer};
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::caller::{User, account};
use crate::contract::{refusals, schemas};
use crate::fields::{Fields, Lines};
use crate::idempotency::{Done, Key, Once, Turn};
use crate::problem::{self, Code, Problem};
use crate::rules;
use crate::state::App;

const TITLE_CHARS: usize = 200;
const DESCRIPTION_CHARS: usize = 5000;
const LARGEST_TARGET: i64 = 1_000_000_000;

/// What an owner wants.
#[expect(clippy::struct_excessive_bools, reason = "the owner's switches, as the owner sets them")]
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Les 30 ans d'Awa", "target": 25_000, "visibility": "link" }))]
pub(crate) struct NewPot {
    /// One line.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    #[serde(default)]
    #[schema(max_length = 5000)]
    description: Option<String>,
    /// Whole francs; the usual target where it is left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    target: Option<i64>,
    #[serde(default)]
    #[schema(value_type = schemas::Visibility, default = "link")]
    visibility: Visibility,
    #[serde(default = "yes")]
    #[schema(default = true)]
    show_donor_names: bool,
    #[serde(default = "yes")]
    #[schema(default = true)]
    show_amounts: bool,
    #[serde(default = "yes")]
    #[schema(default = true)]
    allow_anonymous: bool,
    #[serde(default = "yes")]
    #[schema(default = true)]
    allow_messages: bool,
    /// The owner is not told who gave what until the day.
    #[serde(default)]
    #[schema(default = false)]
    surprise: bool,
}

fn yes() -> bool {
    true
}

refusals!(NotMade: User::REFUSALS, Key::REFUSALS, body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::AccountUnknown, Code::PotExists]);

/// Makes the pot of the caller's next birthday.
///
/// A minor's pot is made too, and held until a guardian consents.
#[utoipa::path(post, path = "/api/pots", operation_id = "pots.create", tag = "pots",
    params(Key),
    request_body = NewPot,
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The pot.", body = PotView, links(
            ("show" = (operation_id = "pots.show", parameters(("pot" = "$response.body#/id")))),
            ("close" = (operation_id = "pots.close", parameters(("pot" = "$response.body#/id")))),
        )),
        NotMade,
    ))]
pub(crate) async fn create(
    State(app): State<App>,
    User(owner): User,
    key: Key,
    asker: Asker,
    Body { value: wanted, bytes }: Body<NewPot>,
) -> Result<Response, Problem> {
    let settings = wanted.settings(&app)?;
    let birth_date = account(&app, owner).await?.birth_date;
    let once = Once {
        app: &app,
        asker: &asker,
        key: &key,
        scope: owner.to_string(),
        request: [b"pots.create", b"", &bytes],
    };
    once.run(|turn| make(&app, &asker, owner, birth_date, settings, turn)).await
}

impl NewPot {
    fn settings(self, app: &App) -> Result<PotSettings, Problem> {
        let mut fields = Fields::default();
        let target = self.target.unwrap_or(app.settings.rules.default_target_xof);
        let settings = PotSettings {
            title: fields.some_text("title", self.title, TITLE_CHARS, Lines::One),
            description: fields
                .text("description", self.description, DESCRIPTION_CHARS, Lines::Many)
                .unwrap_or_default(),
            target: if self.target.is_some() {
                fields.francs("target", target, LARGEST_TARGET)
            } else {
                Xof::new(target)
            },
            visibility: self.visibility,
            show_donor_names: self.show_donor_names,
            show_amounts: self.show_amounts,
            allow_anonymous: self.allow_anonymous,
            allow_messages: self.allow_messages,
            surprise: self.surprise,
        };
        fields.check().map(|()| settings)
    }
}

async fn make(
    app: &App,
    asker: &Asker,
    owner: UserId,
    mut birth_date: BirthDate,
    settings: PotSettings,
    turn: Turn,
) -> Result<Done, Problem> {
    let pot = loop {
        let plan = plan(app, owner, birth_date, settings.clone(), turn.subject.to_string());
        let (pot, year) = (plan.pot, plan.timeline.birthday.year());
        let patience = app.settings.api.patience;
        let mut made = app.control.schedule_pot(plan.clone(), patience).await;
        // A process that has ended made its pot long ago, or made none.
        if matches!(made, Err(AskError::Ended)) && of_year(app, owner, year).await?.is_none() {
            made = app.control.schedule_pot_anew(plan, patience).await;
        }
        match made {
            Ok(PotMade::Scheduled) => break pot,
            Ok(PotMade::PotExists) | Err(AskError::Ended) => {
                // Naming the pot that is there.
                let refusal = Problem::new(Code::PotExists);
                return Err(match of_year(app, owner, year).await? {
                    Some(there) => refusal.pot(there),
                    None => refusal,
                });
            }
            Ok(PotMade::OwnerUnknown) => return Err(Problem::new(Code::AccountUnknown)),
            // The date was corrected since it was read: the next birthday is another year's, and another pot's.
            Ok(PotMade::BirthdayOver) => birth_date = account(app, owner).await?.birth_date,
            Err(error) => return Err(error.into()),
        }
    };
    let mut tx = Context::user(owner).begin(&app.pool).await?;
    let made = pots::pot(&mut *tx, pot).await?.ok_or_else(|| {
        tracing::error!(%pot, "a pot's process says that it is written down, and it is not");
        Problem::new(Code::Internal)
    })?;
    let viewer = Viewer { owner: true, knows_link: true };
    Done::new(StatusCode::CREATED, &PotView::new(app, made, viewer, asker.language))
}

/// The pot of somebody's next birthday.
fn plan(app: &App, owner: UserId, birth_date: BirthDate, settings: PotSettings, request: String) -> PotPlan {
    let now = App::now();
    let numbers = &app.settings.rules;
    let birthday = birth_date.next_on_or_after(dakar::day_of(now));
    let of_pots = rules::of_pots(numbers);
    PotPlan {
        pot: PotId::for_birthday(owner, birthday.year()),
        owner,
        request,
        settings,
        timeline: Timeline::plan(birthday, now, &of_pots),
        rules: of_pots,
        patience: rules::pot_patience(numbers),
        carried: None,
    }
}

/// The pot that somebody has in a year; one that was imported has an id of its own.
async fn of_year(app: &App, owner: UserId, year: i32) -> Result<Option<PotId>, Problem> {
    let mut tx = Context::user(owner).begin(&app.pool).await?;
    let known = pots::of_owner(&mut *tx, owner).await?;
    Ok(known.into_iter().find(|pot| pot.birthday.year() == year).map(|pot| pot.id))
}
