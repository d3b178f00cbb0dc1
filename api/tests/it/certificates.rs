//! Certificates over HTTP: the stored bytes, to whoever sees the pot, and the keys to check them with.

use chrono::Utc;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use secrecy::ExposeSecret as _;
use uuid::Uuid;
use wolo_database::donations::{self, Donor, NewDonation, Payment};
use wolo_database::ledger::{self, FeeLine};
use wolo_database::payouts::{self, Receipt};
use wolo_database::pots;
use wolo_domain::certificates::{Trust, verify};
use wolo_domain::ids::{DonationId, PayoutId, PotId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutOrder;
use wolo_domain::pots::{PotSettings, Visibility};
use wolo_domain::seals::{SealingKey, read_keys};

use crate::app::{TestApp, settings};
use crate::reply::Reply;

/// A gift of 5,000 with a fee of 50, and the pot closed behind it.
async fn given_to_and_closed(app: &TestApp, pot: PotId) {
    let donation = DonationId::from_uuid(Uuid::now_v7());
    let (wave_transaction_id, amount) = (format!("T_{donation}"), Xof::new(5_000));
    let new = NewDonation { id: donation, pot, amount, donor: Donor::default() };
    donations::request(&app.pool, &new).await.unwrap();
    let payment = Payment {
        wave_transaction_id: wave_transaction_id.clone(),
        amount,
        currency: "XOF".to_owned(),
        at: Utc::now(),
    };
    donations::confirm(&app.pool, donation, &payment, 0).await.unwrap();
    let line = FeeLine {
        wave_transaction_id: &wave_transaction_id,
        checkout_id: None,
        client_reference: None,
        fee: Xof::new(50),
    };
    ledger::book_donation_fee(&app.pool, line).await.unwrap();
    pots::close(&app.pool, pot, Utc::now()).await.unwrap();
}

async fn paid_out_and_settled(app: &TestApp, pot: PotId) {
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    payouts::plan(&app.pool, pot, wolo_domain::payouts::PayoutRules::default(), Utc::now()).await.unwrap();
    payouts::begin_order(&app.pool, order, Utc::now()).await.unwrap();
    let receipt =
        Receipt { wave_payout_id: format!("pt-{pot}"), received: Xof::new(4_950), fee: Xof::new(50) };
    payouts::record_success(&app.pool, order, &receipt, Utc::now()).await.unwrap();
    let sealing = app.settings.certificates.sealing.as_ref().unwrap();
    let key = SealingKey::from_pkcs8(&sealing.key_id, sealing.key.expose_secret()).unwrap();
    pots::settle(&app.pool, pot, Utc::now(), &key).await.unwrap();
}

#[tokio::test]
async fn the_certificate_of_a_settled_pot_is_given_out_and_checks_with_the_published_keys() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Link).await;
    let link = format!("/api/pots/{}/certificate", app.slug(pot).await);
    Reply::of(app.get(&link)).await.problem(404, "certificate_not_ready");
    given_to_and_closed(&app, pot).await;
    let not_yet = Reply::of(app.get(&link)).await.problem(404, "certificate_not_ready");
    assert_eq!(not_yet["pot"], pot.to_string());

    paid_out_and_settled(&app, pot).await;
    let given = Reply::of(app.get(&link)).await;
    assert_eq!(given.status, 200, "{}", given.body);
    assert_eq!(given.headers[CONTENT_TYPE], "application/json");
    assert_eq!(given.headers[CACHE_CONTROL], "private, max-age=31536000, immutable");
    let keys = Reply::of(app.get("/.well-known/wolo-certificates.json")).await;
    let verified = verify(given.body.as_bytes(), &Trust::Keys(read_keys(&keys.body).unwrap())).unwrap();
    assert_eq!((verified.pot, verified.key_id.as_str()), (pot, "development"));
    assert_eq!(verified.totals.gifts, Xof::new(5_000));
    assert_eq!(verified.totals.payout, Xof::new(4_950));
    // The keys that check tokens are not among those that check certificates.
    let tokens = Reply::of(app.get("/.well-known/jwks.json")).await;
    assert_ne!(tokens.json()["keys"][0]["x"], keys.json()["keys"][0]["x"]);

    // Who has it is told so; a client that asks again for another one gets it.
    let tag = given.header(ETAG.as_str()).to_owned();
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let again = Reply::of(app.get(&link).header(IF_NONE_MATCH, known)).await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
        assert_eq!(again.header(ETAG.as_str()), tag);
    }
    let other = Reply::of(app.get(&link).header(IF_NONE_MATCH, "\"other\"")).await;
    assert_eq!((other.status.as_u16(), &other.body), (200, &given.body));

    // By its id it is there for its owner alone, as the pot is.
    let by_id = format!("/api/pots/{pot}/certificate");
    Reply::of(app.get(&by_id)).await.problem(404, "pot_unknown");
    let stranger = app.person(3).await;
    Reply::of(app.get(&by_id).bearer_auth(app.token(stranger))).await.problem(404, "pot_unknown");
    let own = Reply::of(app.get(&by_id).bearer_auth(app.token(owner))).await;
    assert_eq!(own.body, given.body);

    assert!(!given.body.contains("\"don_"), "with a gift's id one may ask what became of it");
    Reply::of(app.get("/api/pots/x/certificate")).await.problem(404, "pot_unknown");
}

#[tokio::test]
async fn a_certificate_tells_no_amount_to_whom_the_owner_does_not_show_any() {
    let app = TestApp::start().await;
    let hidden = PotSettings { visibility: Visibility::Link, show_amounts: false, ..settings() };
    let (pot, owner) = app.pot(hidden).await;
    pots::open(&app.pool, pot, Utc::now()).await.unwrap();
    given_to_and_closed(&app, pot).await;
    paid_out_and_settled(&app, pot).await;
    let link = format!("/api/pots/{}/certificate", app.slug(pot).await);
    let stranger = app.person(3).await;
    let refused = Reply::of(app.get(&link)).await.problem(403, "amounts_hidden");
    assert_eq!(refused["pot"], pot.to_string());
    Reply::of(app.get(&link).bearer_auth(app.token(stranger))).await.problem(403, "amounts_hidden");
    Reply::of(app.get(&link).bearer_auth(app.token(owner))).await.expect(200);
}

#[tokio::test]
async fn an_api_that_cannot_seal_publishes_the_keys_it_is_given() {
    let app = TestApp::start().await;
    let public = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";
    let other = app.with(|layers| {
        layers
            .set("certificates.signing_key", "")
            .set("certificates.public_keys", format!("new:{public},old:{}=", "A".repeat(43)))
    });
    let keys = Reply::of(other.await.get("/.well-known/wolo-certificates.json")).await.expect(200);
    let ids: Vec<_> =
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(ids, ["new", "old"]);
    assert_eq!(keys["keys"][0]["x"], public.trim_end_matches('='));
}
