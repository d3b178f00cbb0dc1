//! `GET /api/users/points`, with their history and those who have the most

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::points::{self, Award, Conversion, Line};
use wolo_database::{Context, Page};
use wolo_domain::dakar;
use wolo_domain::ids::{AwardId, ConversionId, InvitationId, PotId};
use wolo_domain::invitations::NoPoints;
use wolo_domain::money::Xof;
use wolo_domain::people::of;
use wolo_domain::points::{AwardReason, AwardStage, LineId, PointsRule};

use crate::asker::{Asker, Language};
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::problem::{Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::sponsorship::why_no_points;
use crate::state::App;

/// How many are shown of those who have the most.
const LEADERS: u32 = 20;

/// The caller's points.
#[derive(Serialize, ToSchema)]
pub(crate) struct PointsView {
    /// They are not to be used yet.
    pending: i64,
    /// They can be used, or have been.
    matured: i64,
    /// They were taken back.
    revoked: i64,
    spent: i64,
    /// What can be used. Less than nothing where points were taken back that had been used.
    available: i64,
    streak: StreakView,
}

/// Days in a row on which the caller has invited others.
#[derive(Serialize, ToSchema)]
struct StreakView {
    /// Up to today, or up to yesterday where today has none yet.
    current: i64,
    longest: i64,
}

refusals!(NotShown: User::REFUSALS);

/// The sums of the caller's points, and on how many days in a row they have invited others.
#[utoipa::path(get, path = "/api/users/points", operation_id = "points.show", tag = "sponsorship",
    security(("bearer" = [])),
    responses((status = 200, description = "The points.", body = PointsView), NotShown))]
pub(crate) async fn show(State(app): State<App>, User(user): User) -> Result<Json<PointsView>, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let sums = points::of_user(&mut *tx, user).await?;
    let streak = points::streak(&mut *tx, user).await?;
    Ok(Json(PointsView {
        pending: sums.pending,
        matured: sums.matured,
        revoked: sums.revoked,
        spent: sums.spent,
        available: sums.available(),
        streak: StreakView { current: streak.current, longest: streak.longest },
    }))
}

/// A page of what happened to points, by what it was; within each kind the last stands first. Where the list goes on.
#[derive(Serialize, ToSchema)]
pub(crate) struct PointsHistory {
    /// Points that were given.
    awards: Vec<AwardView>,
    /// Points that were used in the same time.
    conversions: Vec<ConversionView>,
    /// What to ask for as `after` to go on; nothing when this was all.
    #[schema(value_type = Option<schemas::PointsLineId>, required = true)]
    next: Option<LineId>,
}

/// Points for one thing that happened.
#[derive(Serialize, ToSchema)]
struct AwardView {
    #[schema(value_type = schemas::AwardId)]
    id: AwardId,
    #[schema(value_type = schemas::PointsRule)]
    rule: PointsRule,
    points: u32,
    #[schema(value_type = schemas::AwardStage)]
    stage: AwardStage,
    /// What brought them and what became of them, in the caller's language.
    why: String,
    #[schema(value_type = schemas::InvitationId)]
    invitation: InvitationId,
    awarded_at: DateTime<Utc>,
    matures_at: DateTime<Utc>,
}

impl AwardView {
    fn of(award: &Award, language: Language) -> Self {
        let why = format!("{} {}", cause(award).read(language), fate(award).read(language));
        let Award { id, rule, points, stage, invitation, awarded_at, matures_at, .. } = *award;
        Self { id, rule, points, stage, why, invitation, awarded_at, matures_at }
    }
}

/// Points that became credit in a pot.
#[derive(Serialize, ToSchema)]
struct ConversionView {
    #[schema(value_type = schemas::ConversionId)]
    id: ConversionId,
    points: u32,
    #[schema(value_type = schemas::Francs)]
    credit: Xof,
    #[schema(value_type = schemas::PotId)]
    pot: PotId,
    /// What became of them, in the caller's language.
    why: String,
    at: DateTime<Utc>,
    /// The pot was given up then, and the points came back.
    #[schema(required = true)]
    returned_at: Option<DateTime<Utc>>,
}

impl ConversionView {
    fn of(conversion: &Conversion, language: Language) -> Self {
        let why = use_of(conversion).read(language).to_owned();
        let Conversion { id, points, credit, pot, at, returned_at } = *conversion;
        Self { id, points, credit, pot, why, at, returned_at }
    }
}

refusals!(NotListed: User::REFUSALS, &[Code::RequestInvalid]);

/// What brought the caller points, and what they were used for, the last first.
#[utoipa::path(get, path = "/api/users/points/history", operation_id = "points.history", tag = "sponsorship",
    params(
        ("limit" = Option<usize>, Query, description = "How many at most; 20 where it is left out.", minimum = 1, maximum = 100),
        ("after" = Option<String>, Query, description = "The `next` of the list before.", pattern = "^(awd|cnv)_[0-9a-f]{32}$"),
    ),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Points.", body = PointsHistory, links(
            ("go_on" = (operation_id = "points.history", parameters(("after" = "$response.body#/next")))),
        )),
        NotListed,
    ))]
pub(crate) async fn history(
    State(app): State<App>,
    User(user): User,
    asker: Asker,
    pairs: Pairs,
) -> Result<Json<PointsHistory>, Problem> {
    let (limit, after) = query::page(pairs, || {
        Words::new("ce n'est pas l'identifiant de points", "this is not an id of points")
            .wolof("lii du identifiant points")
    })?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let found = points::history(&mut tx, user, Page { after, limit: query::one_more(limit) }).await?;
    let (found, next) = query::cut(found, limit, Line::id);
    let (mut awards, mut conversions) = (Vec::new(), Vec::new());
    for line in &found {
        match line {
            Line::Award(award) => awards.push(AwardView::of(award, asker.language)),
            Line::Conversion(conversion) => conversions.push(ConversionView::of(conversion, asker.language)),
        }
    }
    Ok(Json(PointsHistory { awards, conversions, next }))
}

/// Who has the most points that can be used or have been, the first first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Leaders {
    leaders: Vec<LeaderView>,
}

/// Somebody who has brought many.
#[derive(Serialize, ToSchema)]
struct LeaderView {
    /// A first name.
    name: String,
    points: i64,
    /// It is the caller.
    you: bool,
}

/// Who has brought the most, by first names, as it was within the last minute.
#[utoipa::path(get, path = "/api/users/points/leaders", operation_id = "points.leaders", tag = "sponsorship",
    security(("bearer" = [])),
    responses((status = 200, description = "The first twenty.", body = Leaders), NotShown))]
pub(crate) async fn leaders(State(app): State<App>, User(user): User) -> Result<Json<Leaders>, Problem> {
    let ask = async {
        let mut tx = Context::leaders().begin(&app.pool).await?;
        Ok(points::leaders(&mut *tx, LEADERS).await?.into())
    };
    let leaders = app.leaderboard.get(ask).await?;
    let view = |one: &points::Leader| LeaderView {
        name: one.name.clone(),
        points: one.points,
        you: one.user == user,
    };
    Ok(Json(Leaders { leaders: leaders.iter().map(view).collect() }))
}

fn cause(award: &Award) -> Words {
    let name = &award.invitee_name;
    let of_them = of(name);
    match award.rule {
        PointsRule::InvitationAccepted => Words::new(
            format!("{name} a accepté votre invitation."),
            format!("{name} has accepted your invitation."),
        )
        .wolof(format!("{name} nangu na sa invitation.")),
        PointsRule::PotOpened => Words::new(
            format!("La cagnotte {of_them} s'est ouverte."),
            format!("The pot of {name} has opened."),
        )
        .wolof(format!("Cagnotte {name} ubbiku na.")),
        PointsRule::FirstGift => Words::new(
            format!("La cagnotte {of_them} a reçu son premier cadeau."),
            format!("The pot of {name} has its first gift."),
        )
        .wolof(format!("Cagnotte {name} jot na kado bu njëkk.")),
    }
}

fn fate(award: &Award) -> Words {
    let day = |language| dakar::in_words(dakar::day_of(award.matures_at), language);
    match (award.stage, award.reason) {
        (AwardStage::Pending, _) => Words::new(
            format!(
                "Ces points seront utilisables le {}, ou dès que la cagnotte sera versée.",
                day(Language::French)
            ),
            format!(
                "These points can be used on {}, or when the pot has been paid out.",
                day(Language::English)
            ),
        )
        .wolof(format!(
            "Points yii dañuy mën a jëfandikoo {}, walla su ñu feyee cagnotte bi.",
            day(Language::Wolof)
        )),
        (AwardStage::Matured, _) => Words::new("Ces points sont utilisables.", "These points can be used.")
            .wolof("Points yii mën nañu leen a jëfandikoo."),
        (AwardStage::Revoked, Some(AwardReason::GiftRefunded)) => Words::new(
            "Ces points ont été repris : ce cadeau a été remboursé.",
            "These points were taken back: that gift was refunded.",
        )
        .wolof("Points yii jëlaat nañu leen : kado boobu delloo nañu ko."),
        (AwardStage::Revoked, Some(AwardReason::PotCancelled)) => Words::new(
            "Ces points ont été repris : cette cagnotte a été annulée.",
            "These points were taken back: that pot was cancelled.",
        )
        .wolof("Points yii jëlaat nañu leen : cagnotte boobu neenal nañu ko."),
        (AwardStage::Revoked, Some(AwardReason::AccountClosed)) => Words::new(
            "Ces points ont été perdus avec la fermeture du compte.",
            "These points lapsed when the account was closed.",
        ),
        (AwardStage::Revoked, reason) => taken_back(reason.and_then(AwardReason::forbidden_by)),
    }
}

/// That points were taken back, and by which rule, where it is one that the sponsor may know.
fn taken_back(rule: Option<NoPoints>) -> Words {
    let Some(rule) = rule.filter(|rule| !rule.may_pass()) else {
        return Words::new(
            "Ces points ont été repris par WOLO ; écrivez-nous si vous ne savez pas pourquoi.",
            "These points were taken back by WOLO; write to us if you do not know why.",
        )
        .wolof("WOLO jëlaat na points yii ; bindal nu su nga xamul lu waral.");
    };
    let why = why_no_points(rule);
    Words::new(
        format!("Ces points ont été repris. {}", why.french()),
        format!("These points were taken back. {}", why.english()),
    )
    .wolof(format!("Points yii jëlaat nañu leen. {}", why.read(Language::Wolof)))
}

fn use_of(conversion: &Conversion) -> Words {
    let Conversion { points, credit, .. } = conversion;
    if conversion.returned_at.is_some() {
        return Words::new(
            format!("{points} points sont devenus {credit} de crédit ; cette cagnotte a été annulée, et ils vous sont revenus."),
            format!("{points} points became {credit} of credit; that pot was cancelled, and they came back to you."),
        )
        .wolof(format!("{points} points nekkoon nañu {credit} crédit ; cagnotte boobu neenal nañu ko, delloo nañu la say points."));
    }
    Words::new(
        format!("{points} points sont devenus {credit} de crédit dans une cagnotte."),
        format!("{points} points became {credit} of credit in a pot."),
    )
    .wolof(format!("{points} points nekk nañu {credit} crédit ci cagnotte."))
}
