//! `GET /api/users/points`, with their history and those who have the most

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::points::{self, Award};
use wolo_database::{Context, Page};
use wolo_domain::dakar;
use wolo_domain::ids::{AwardId, InvitationId};
use wolo_domain::people::of;
use wolo_domain::points::{AwardReason, AwardStage, PointsRule};

use crate::asker::{Asker, Language};
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::problem::{Code, Problem, Words};
use crate::query::{self, Pairs};
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

/// Points for one thing each, and where the list goes on.
#[derive(Serialize, ToSchema)]
pub(crate) struct PointsHistory {
    awards: Vec<AwardView>,
    /// What to ask for as `after` to go on; nothing when this was all.
    #[schema(value_type = Option<schemas::AwardId>, required = true)]
    next: Option<AwardId>,
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

refusals!(NotListed: User::REFUSALS, &[Code::RequestInvalid]);

/// What brought the caller points, the last first.
#[utoipa::path(get, path = "/api/users/points/history", operation_id = "points.history", tag = "sponsorship",
    params(
        ("limit" = Option<usize>, Query, description = "How many at most; 20 where it is left out.", minimum = 1, maximum = 100),
        ("after" = Option<String>, Query, description = "The `next` of the list before.", pattern = "^awd_[0-9a-f]{32}$"),
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
    let found = points::history(&mut *tx, user, Page { after, limit: query::one_more(limit) }).await?;
    let (found, next) = query::cut(found, limit, |award| award.id);
    let awards = found.iter().map(|award| AwardView::of(award, asker.language)).collect();
    Ok(Json(PointsHistory { awards, next }))
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

/// Who has brought the most, by first names.
#[utoipa::path(get, path = "/api/users/points/leaders", operation_id = "points.leaders", tag = "sponsorship",
    security(("bearer" = [])),
    responses((status = 200, description = "The first twenty.", body = Leaders), NotShown))]
pub(crate) async fn leaders(State(app): State<App>, User(user): User) -> Result<Json<Leaders>, Problem> {
    let mut tx = Context::leaders().begin(&app.pool).await?;
    let leaders = points::leaders(&mut *tx, LEADERS).await?;
    let view = |one: points::Leader| LeaderView { you: one.user == user, name: one.name, points: one.points };
    Ok(Json(Leaders { leaders: leaders.into_iter().map(view).collect() }))
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
        (AwardStage::Revoked, _) => Words::new(
            "Ces points ont été repris par WOLO ; écrivez-nous si vous ne savez pas pourquoi.",
            "These points were taken back by WOLO; write to us if you do not know why.",
        )
        .wolof("WOLO jëlaat na points yii ; bindal nu su nga xamul lu waral."),
    }
}
