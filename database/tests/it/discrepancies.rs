//! Ending discrepancies by a person's decision.

use wolo_database::discrepancies::{self, Clearing, Discrepancy, Resolving};
use wolo_database::reconciliation;
use wolo_database::{Context, Page};
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::{DiscrepancyId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::reconciliation::{Line, LineType, Reference};

use crate::scene::{Scene, wave_now, xof};

/// Money that moved by hand, as a discrepancy.
async fn unmatched(scene: &Scene, wave_id: &str, francs: i64) -> DiscrepancyId {
    let line = Line {
        wave_id: wave_id.to_owned(),
        kind: LineType::MerchantPayment,
        at: wave_now(),
        amount: xof(francs),
        fee: Some(xof(0)),
        in_francs: true,
        is_reversal: false,
        reference: Reference::None,
        session: None,
    };
    let day = wave_now().date_naive();
    reconciliation::compare(&scene.pool, day, &[line], &[], wave_now()).await.expect("a comparison");
    let found = all(scene).await.into_iter().find(|one| one.key == wave_id);
    found.expect("a discrepancy").id
}

async fn all(scene: &Scene) -> Vec<Discrepancy> {
    discrepancies::all(&scene.pool, None, true, Page::first(100)).await.expect("discrepancies")
}

async fn resolve(scene: &Scene, id: DiscrepancyId, clearing: Clearing) -> Resolving {
    discrepancies::resolve(&scene.pool, id, "operator:test", "looked at", clearing).await.expect("an answer")
}

fn is_refused(answer: &Resolving) -> bool {
    matches!(answer, Resolving::Refused { .. })
}

#[tokio::test]
async fn money_in_suspense_leaves_it_or_nothing_is_resolved() {
    let scene = Scene::new().await;
    let (came, went) = (unmatched(&scene, "T1", 700).await, unmatched(&scene, "T2", -300).await);
    assert!(is_refused(&resolve(&scene, came, Clearing::Nothing).await));
    assert_eq!(resolve(&scene, came, Clearing::ToFees).await, Resolving::Resolved);
    assert_eq!(scene.balance(Account::Suspense).await, -300);
    assert_eq!(scene.balance(Account::Fees).await, 700, "kept");
    scene.judge().await;
    assert_eq!(resolve(&scene, went, Clearing::ToFees).await, Resolving::Resolved);
    assert_eq!((scene.balance(Account::Suspense).await, scene.balance(Account::Fees).await), (0, 400));
    scene.judge().await;
    let again = resolve(&scene, went, Clearing::ToFees).await;
    assert!(matches!(again, Resolving::Already(resolved) if resolved.by == "operator:test"));
    assert_eq!(scene.events("audit").await, 2);
    assert_eq!(scene.balance(Account::Fees).await, 400);
    // What a person has resolved stays resolved, also when the comparison finds it again.
    unmatched(&scene, "T1", 700).await;
    assert!(all(&scene).await.iter().all(|one| one.resolved.is_some()));
    assert_eq!(scene.balance(Account::Suspense).await, 0);
    scene.judge().await;
}

#[tokio::test]
async fn a_payment_and_what_gave_it_back_end_together() {
    let scene = Scene::new().await;
    let (came, back) = (unmatched(&scene, "T1", 700).await, unmatched(&scene, "T2", -700).await);
    let other = unmatched(&scene, "T3", -699).await;
    let unknown = DiscrepancyId::from_uuid(uuid::Uuid::max());
    for counterpart in [came, other, unknown] {
        assert!(is_refused(&resolve(&scene, came, Clearing::Against(counterpart)).await), "{counterpart}");
    }
    assert_eq!(resolve(&scene, came, Clearing::Against(back)).await, Resolving::Resolved);
    let open: Vec<_> = all(&scene).await.into_iter().filter(|one| one.resolved.is_none()).collect();
    assert_eq!(open.iter().map(|one| one.id).collect::<Vec<_>>(), [other]);
    assert_eq!(scene.balance(Account::Suspense).await, -699);
    assert!(is_refused(&resolve(&scene, other, Clearing::Against(came)).await), "it is resolved already");
    assert_eq!(resolve(&scene, unknown, Clearing::Nothing).await, Resolving::Unknown);
    scene.judge().await;
}

#[tokio::test]
async fn without_money_a_reason_is_enough_and_there_is_nothing_to_move() {
    let scene = Scene::new().await;
    let id = unmatched(&scene, "T1", 0).await;
    assert!(is_refused(&resolve(&scene, id, Clearing::ToFees).await));
    assert_eq!(resolve(&scene, id, Clearing::Nothing).await, Resolving::Resolved);
    let kind = Some(DiscrepancyKind::PaidTwice);
    let none = discrepancies::all(&scene.pool, kind, true, Page::first(9)).await.expect("discrepancies");
    assert_eq!(none, []);
}

#[tokio::test]
async fn a_long_list_is_read_in_pages() {
    let scene = Scene::new().await;
    for number in 0..5 {
        unmatched(&scene, &format!("T{number}"), 100).await;
    }
    let mut read = Vec::new();
    let mut page = Page::first(2);
    loop {
        let part = discrepancies::all(&scene.pool, None, false, page).await.expect("discrepancies");
        let Some(last) = part.last() else { break };
        page = Page::after(last.id, 2);
        read.extend(part.into_iter().map(|one| one.key));
    }
    assert_eq!(read, ["T4", "T3", "T2", "T1", "T0"]);
}

#[tokio::test]
async fn only_staff_see_them_through_the_api() {
    let scene = Scene::new().await;
    let id = unmatched(&scene, "T1", 100).await;
    let api = scene.pool_as("wolo_api").await;
    let someone = UserId::from_uuid(uuid::Uuid::now_v7());
    for (context, sees) in
        [(Context::visitor(), false), (Context::user(someone), false), (Context::staff(someone), true)]
    {
        let mut tx = context.begin(&api).await.expect("a transaction");
        let found = discrepancies::discrepancy(&mut *tx, id).await.expect("a look");
        assert_eq!(found.is_some(), sees);
    }
}

#[tokio::test]
async fn what_nobody_has_resolved_in_time_is_counted() {
    let scene = Scene::new().await;
    let (old, new) = (unmatched(&scene, "T1", 700).await, unmatched(&scene, "T2", 100).await);
    let days_ago = |days| chrono::Utc::now() - chrono::TimeDelta::days(days);
    scene
        .force(&format!(
            "update money.discrepancies set first_seen_at = '{}' where discrepancy_id = '{}'",
            days_ago(8).to_rfc3339(),
            old.uuid(),
        ))
        .await;
    let overdue = async || {
        let count = discrepancies::open_since_before(&scene.pool, days_ago(7)).await;
        count.expect("a count")
    };
    assert_eq!(overdue().await, 1);
    resolve(&scene, new, Clearing::ToFees).await;
    assert_eq!(overdue().await, 1);
    resolve(&scene, old, Clearing::ToFees).await;
    assert_eq!(overdue().await, 0);
}
