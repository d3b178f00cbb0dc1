//! Reports of pots: who may write one, that a person's counts once, and that a moderator ends them.

use uuid::Uuid;
use wolo_database::audit::Doer;
use wolo_database::reports::{self, Report};
use wolo_database::{Context, today};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::reports::ReportReason;

use crate::scene::Scene;

const DOER: Doer<'static> = Doer::new("operator:fatou", "it is what it says");

fn report(pot: PotId, reporter: Option<UserId>, words: Option<&str>) -> Report<'_> {
    Report { id: Uuid::now_v7(), pot, reporter, reason: ReportReason::Fraud, words }
}

async fn told(scene: &Scene, context: Context<'_>, report: Report<'_>) -> bool {
    let api = scene.pool_as("wolo_api").await;
    let mut tx = context.begin(&api).await.expect("a transaction");
    let told = reports::record(&mut tx, report).await;
    told.is_ok() && wolo_database::commit(tx).await.is_ok()
}

#[tokio::test]
async fn a_person_reports_a_pot_once_until_a_moderator_has_decided() {
    let scene = Scene::new().await;
    let (pot, user) = (scene.open().await, scene.person().await.id);
    let link: String =
        scene.read(&format!("select slug from pots.pots where pot_id = '{}'", pot.uuid())).await;
    let seen = |context: Context<'static>| (context, link.clone());
    for words in ["what they wrote", "once more"] {
        let (context, link) = seen(Context::user(user));
        assert!(
            told(&scene, context.with_link(&link).with_shown(pot), report(pot, Some(user), Some(words)))
                .await
        );
        let open = reports::open(&scene.pool, 10).await.expect("the list");
        assert_eq!(open[0].words, ["what they wrote"]);
    }
    let (visitor, link) = seen(Context::visitor());
    assert!(told(&scene, visitor.with_link(&link).with_shown(pot), report(pot, None, None)).await);
    let open = reports::open(&scene.pool, 10).await.expect("the list");
    assert_eq!((open.len(), open[0].pot, open[0].reports), (1, pot, 2));
    assert_eq!(open[0].reasons, [ReportReason::Fraud]);
    let waiting = today::waiting(&scene.pool).await.expect("a count");
    assert_eq!(waiting.reported_pots, 1);

    assert_eq!(reports::resolve(&scene.pool, pot, DOER).await.expect("an end"), 2);
    assert_eq!(reports::resolve(&scene.pool, pot, DOER).await.expect("an end"), 0, "nothing is left of it");
    assert_eq!(reports::open(&scene.pool, 10).await.expect("the list"), []);
    let noted: i64 = scene
        .read("select count(*) from ops.outbox where payload #>> '{happening,action}' = 'reports_resolved'")
        .await;
    assert_eq!(noted, 1);
    let (context, link) = seen(Context::user(user));
    assert!(told(&scene, context.with_link(&link).with_shown(pot), report(pot, Some(user), None)).await);
    assert_eq!(reports::open(&scene.pool, 10).await.expect("the list").len(), 1, "what comes later is news");
    let held: i64 = scene.read("select count(*) from pots.holds").await;
    assert_eq!(held, 0, "a report holds nothing");
}

#[tokio::test]
async fn nobody_reports_in_anothers_name_or_what_they_do_not_see() {
    let scene = Scene::new().await;
    let (pot, user, other) = (scene.open().await, scene.person().await.id, scene.person().await.id);
    let link: String =
        scene.read(&format!("select slug from pots.pots where pot_id = '{}'", pot.uuid())).await;
    let shown = Context::user(user).with_link(&link).with_shown(pot);
    assert!(!told(&scene, shown.clone(), report(pot, Some(other), None)).await);
    assert!(!told(&scene, shown, report(pot, None, None)).await, "whoever is signed in is not nobody");
    assert!(
        !told(&scene, Context::user(user), report(pot, Some(user), None)).await,
        "a pot that is not shown"
    );
    let there: i64 = scene.read("select count(*) from pots.reports").await;
    assert_eq!(there, 0);
}
