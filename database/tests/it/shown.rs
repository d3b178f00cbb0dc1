//! What the page of a pot may read once its pot is named: what has arrived in that pot and who owns it, and only of a pot that the
//! caller sees.

use wolo_database::donations::Shown;
use wolo_database::{Context, Page, Pool, donations, pots};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::{HoldReason, PotSettings, Visibility};

use crate::scene::{Scene, gift, noon, settings};

/// Gifts, wishes and the owner's name, as far as they are seen.
async fn seen(api: &Pool, context: Context<'_>, pot: PotId) -> (Vec<Shown>, i64, Option<String>) {
    let mut tx = context.begin(api).await.expect("a transaction");
    let gifts = donations::shown(&mut tx, pot, Page::first(10)).await.expect("gifts");
    let given = pots::given(&mut tx, pot).await.expect("sums");
    let name = pots::owner_name(&mut tx, pot).await.expect("a name");
    (gifts, given.wishes, name)
}

/// A pot with a gift that has arrived, one that has not, and its owner.
async fn pot(scene: &Scene, visibility: Visibility) -> (PotId, UserId) {
    let pot = scene.open_with(PotSettings { visibility, ..settings() }).await;
    for _ in 0..2 {
        donations::request(&scene.pool, &gift(pot, 1_000)).await.expect("a gift");
    }
    scene
        .force(&format!(
            "update money.donations
             set stage = 'confirmed', message = 'Bravo', wave_transaction_id = gen_random_uuid(), paid_amount = amount,
                 paid_currency = 'XOF', paid_at = now(), ended_at = now()
             where donation_id = (select donation_id from money.donations where pot_id = '{}' limit 1)",
            pot.uuid()
        ))
        .await;
    (pot, scene.owner_of(pot).await)
}

#[tokio::test]
async fn a_pot_that_is_named_shows_what_has_arrived_in_it_and_whose_it_is() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let (shown, _) = pot(&scene, Visibility::Public).await;
    let (other, _) = pot(&scene, Visibility::Public).await;
    let (gifts, wishes, name) = seen(&api, Context::visitor().with_shown(shown), shown).await;
    assert_eq!((gifts.len(), wishes), (1, 1));
    assert_eq!(gifts[0].message.as_deref(), Some("Bravo"));
    assert!(name.is_some());
    // It says nothing of another pot, and who names none sees nothing.
    for context in [Context::visitor().with_shown(shown), Context::visitor()] {
        let (gifts, wishes, name) = seen(&api, context, other).await;
        assert_eq!((gifts.len(), wishes, name), (0, 0, None));
    }
}

#[tokio::test]
async fn naming_a_pot_that_one_does_not_see_shows_nothing_of_it() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let (private, owner) = pot(&scene, Visibility::Private).await;
    let (linked, _) = pot(&scene, Visibility::Link).await;
    let slug = pots::pot(&scene.pool, linked).await.expect("a look").expect("a pot").slug;
    let (held, held_by) = pot(&scene, Visibility::Public).await;
    pots::hold(&scene.pool, held, HoldReason::Consent, "a minor's", noon()).await.expect("a hold");
    let (short, _) = pot(&scene, Visibility::Public).await;
    pots::hold(&scene.pool, short, HoldReason::Float, "the wallet is short", noon()).await.expect("a hold");
    for (context, pot, sees) in [
        (Context::visitor(), private, false),
        (Context::user(owner), private, true),
        (Context::visitor(), linked, false),
        (Context::visitor().with_link(&slug), linked, true),
        (Context::visitor(), held, false),
        (Context::user(owner), held, false),
        (Context::user(held_by), held, true),
        (Context::visitor(), short, true),
    ] {
        let (gifts, wishes, name) = seen(&api, context.clone().with_shown(pot), pot).await;
        let told = (gifts.is_empty(), wishes == 0, name.is_none());
        assert_eq!(told, (!sees, !sees, !sees), "{context:?}");
    }
}
