//! What an order is tied to before it begins: one phone, and people who have approved it.

use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_database::consents::{self, NewGiving};
use wolo_database::payouts::{self, Approval, Approving, Beginning, Decision, Plan};
use wolo_domain::accounts::Role;
use wolo_domain::consents::Proof;
use wolo_domain::ids::{PayoutId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;

use crate::consents::{days, given, proved, yes};
use crate::scene::{Scene, noon};

impl Scene {
    /// A payout of 4,950 francs that is planned, and needs two approvals when it is large by these rules.
    async fn planned_by(&self, rules: PayoutRules) -> (PotId, PayoutOrder) {
        let pot = self.closed_with_money().await;
        payouts::plan(&self.pool, pot, rules, noon()).await.expect("a plan");
        (pot, PayoutOrder::first(PayoutId::of_pot(pot)))
    }

    async fn phone_becomes(&self, pot: PotId, phone: &str) {
        let owner = self.owner_of(pot).await.uuid();
        self.force(&format!("update people.users set phone = '{phone}' where user_id = '{owner}'")).await;
    }

    async fn begins(&self, order: PayoutOrder) -> Beginning {
        payouts::begin_order(&self.pool, order, noon()).await.expect("an answer")
    }

    async fn trusted(&self, role: Role) -> UserId {
        let person = self.person().await.id;
        self.trust(person, role).await;
        person
    }

    async fn trust(&self, person: UserId, role: Role) {
        let owner = self.pool_as("wolo").await;
        let mut connection = owner.acquire().await.expect("a connection");
        roles::grant(&mut connection, person, role, Doer::new("test", "in a test")).await.expect("a role");
    }

    async fn approves(&self, order: PayoutOrder, by: UserId) -> Approving {
        let approval = Approval { by, reason: "looked".to_owned(), at: noon() };
        payouts::approve(&self.pool, order.payout, &approval).await.expect("an answer")
    }
}

const LARGE: PayoutRules = PayoutRules { two_approvals_from: Xof::new(4_950) };

#[tokio::test]
async fn an_order_begins_for_the_phone_that_was_cleared_and_for_no_other() {
    let scene = Scene::new().await;
    let (pot, order) = scene.planned_by(PayoutRules::default()).await;
    scene.phone_becomes(pot, "+221780000042").await;
    assert_eq!(scene.begins(order).await, Beginning::OtherRecipient);
    let row = payouts::payout(&scene.pool, order.payout).await.expect("a look").expect("a payout");
    assert_eq!(row.order_number, 0, "nothing has begun");
    for _ in 0..2 {
        let clearance = payouts::clearance(&scene.pool, order.payout).await.expect("a clearance");
        assert_eq!((clearance.number, clearance.accepted), (2, false));
    }
    assert!(matches!(scene.begins(order).await, Beginning::Begun { again: false, .. }));
    // What has begun goes where it went: another phone would be another order of the same key.
    scene.phone_becomes(pot, "+221780000043").await;
    assert!(matches!(scene.begins(order).await, Beginning::Begun { again: true, .. }));
    let phone = payouts::phone_of_order(&scene.pool, order).await.expect("an answer").expect("a phone");
    assert_eq!(phone.reveal(), "+221780000042");
    payouts::record_refusal(&scene.pool, order, "recipient-minor", noon()).await.expect("a refusal");
    assert_eq!(scene.begins(order.next()).await, Beginning::OtherRecipient);
    payouts::clearance(&scene.pool, order.payout).await.expect("a clearance");
    assert!(matches!(scene.begins(order.next()).await, Beginning::Begun { again: false, .. }));
    scene.judge().await;
}

#[tokio::test]
async fn another_phone_is_approved_anew() {
    let scene = Scene::new().await;
    let (pot, order) = scene.planned_by(LARGE).await;
    let two = [scene.trusted(Role::Finance).await, scene.trusted(Role::Superadmin).await];
    for (by, missing) in two.into_iter().zip([1, 0]) {
        assert_eq!(scene.approves(order, by).await, Approving::Approved { missing });
    }
    scene.phone_becomes(pot, "+221780000042").await;
    assert_eq!(scene.begins(order).await, Beginning::OtherRecipient);
    let clearance = payouts::clearance(&scene.pool, order.payout).await.expect("a clearance");
    assert_eq!(clearance.missing_approvals, 2);
    assert_eq!(scene.begins(order).await, Beginning::Held { reason: HoldReason::Approval });
    for (by, missing) in two.into_iter().zip([1, 0]) {
        assert_eq!(scene.approves(order, by).await, Approving::Approved { missing });
    }
    assert!(matches!(scene.begins(order).await, Beginning::Begun { again: false, .. }));
    let given = payouts::approvals(&scene.pool, order.payout).await.expect("approvals");
    assert_eq!(given.len(), 4, "nothing that somebody said is forgotten");
}

#[tokio::test]
async fn nobody_approves_their_own_pot() {
    let scene = Scene::new().await;
    let (pot, order) = scene.planned_by(LARGE).await;
    let owner = scene.owner_of(pot).await;
    scene.trust(owner, Role::Superadmin).await;
    assert_eq!(scene.approves(order, owner).await, Approving::OwnPot);
}

#[tokio::test]
async fn an_approval_does_not_count_when_its_giver_has_lost_the_role() {
    let scene = Scene::new().await;
    let (_, order) = scene.planned_by(LARGE).await;
    let (first, second) = (scene.trusted(Role::Finance).await, scene.trusted(Role::Finance).await);
    assert_eq!(scene.approves(order, first).await, Approving::Approved { missing: 1 });
    let owner = scene.pool_as("wolo").await;
    let mut connection = owner.acquire().await.expect("a connection");
    roles::revoke(&mut connection, first, Role::Finance, Doer::new("test", "in a test"))
        .await
        .expect("no role");
    assert_eq!(scene.approves(order, second).await, Approving::Approved { missing: 1 });
    assert_eq!(scene.begins(order).await, Beginning::Held { reason: HoldReason::Approval });
    let third = scene.trusted(Role::Finance).await;
    assert_eq!(scene.approves(order, third).await, Approving::Approved { missing: 0 });
    assert!(matches!(scene.begins(order).await, Beginning::Begun { .. }));
}

#[tokio::test]
async fn a_recipient_stays_accepted_until_they_have_another_phone() {
    let scene = Scene::new().await;
    let (pot, order) = scene.planned_by(PayoutRules::default()).await;
    let accept = Decision {
        order: 1,
        what: "accept".to_owned(),
        wave_payout_id: None,
        by: "finance".to_owned(),
        reason: "called".to_owned(),
        at: noon(),
    };
    for _ in 0..2 {
        payouts::record_decision(&scene.pool, order.payout, &accept).await.expect("a decision");
    }
    assert_eq!(payouts::decisions(&scene.pool, order.payout).await.expect("decisions"), [accept]);
    assert_eq!(scene.events("audit").await, 1, "it is in the audit trail, once");
    let accepted =
        async || payouts::clearance(&scene.pool, order.payout).await.expect("a clearance").accepted;
    assert!(accepted().await);
    scene.phone_becomes(pot, "+221780000042").await;
    assert!(!accepted().await);
}

#[tokio::test]
async fn what_goes_to_a_guardian_whose_phone_nobody_has_proved_is_approved_by_two() {
    let scene = Scene::new().await;
    for (proof, needed) in [(Proof::CodeBySms, 0), (Proof::CodeByWhatsApp, 0), (Proof::CodeByEmail, 2)] {
        let pot = scene.closed_with_money().await;
        let owner = scene.owner_of(pot).await;
        scene
            .force(&format!(
                "update people.users set birth_date = '2019-03-20' where user_id = '{}'",
                owner.uuid()
            ))
            .await;
        let consent = scene.requested_consent(owner).await;
        let yes = NewGiving { agreement: proved(proof), ..yes(owner, consent) };
        assert!(given(&consents::give(&scene.pool, &yes, days(1)).await.expect("an answer")));
        scene.let_go(pot).await;
        for _ in 0..2 {
            let plan = payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
            assert!(
                matches!(plan, Plan::Ready { missing_approvals, .. } if missing_approvals == needed),
                "{proof}: {plan:?}"
            );
        }
        let order = PayoutOrder::first(PayoutId::of_pot(pot));
        let begins = scene.begins(order).await;
        assert_eq!(matches!(begins, Beginning::Begun { .. }), needed == 0, "{proof}: {begins:?}");
    }
}
