//! Signing in with another provider's word: who is let in, into which account, and how often.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_domain::accounts::IdentityProvider::{self, Apple, Facebook, Google};
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;
use wolo_domain::notices::Says;
use wolo_sandbox::social::{AccessFlaw, AccessOrder, Flaw, Order, Person, Social, Trouble};

use crate::app::TestApp;
use crate::reply::Reply;

const AUTH: &str = "/api/users/auth";

impl TestApp {
    async fn nonce(&self) -> String {
        let given = Reply::of(self.post(&format!("{AUTH}/social-login/nonce"))).await.expect(200);
        assert_eq!(given["expires_in"], 600);
        given["nonce"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn social_login(&self, proof: &Value) -> Reply {
        self.send(&format!("{AUTH}/social-login"), proof).await
    }

    /// A good proof of somebody, who says when they were born.
    pub(crate) async fn proof(&self, provider: IdentityProvider, person: &Person) -> Value {
        let nonce = self.nonce().await;
        let token = self.world().social.id_token(&Order::new(provider, person, &nonce));
        shown(provider, &token, &nonce)
    }

    async fn me(&self, session: &Value) -> Value {
        let token = session["access_token"].as_str().unwrap_or_else(|| panic!("no session: {session}"));
        Reply::of(self.get(&format!("{AUTH}/me")).bearer_auth(token)).await.expect(200)
    }

    /// An account that has proved a mail address.
    async fn registered(&self, email: &str) -> Value {
        let wanted = json!({ "name": "Awa Ndiaye", "birth_date": "1999-12-31", "email": email });
        let sent = self.send(&format!("{AUTH}/register"), &wanted).await.expect(202);
        let given = json!({ "code_id": sent["code_id"], "code": self.code(email).await });
        self.send(&format!("{AUTH}/otp/verify"), &given).await.expect(200)
    }

    async fn lock(&self, user: &Value) {
        let owner = wolo_database::connect(&self.world().postgres.url("wolo"), 1).await.unwrap();
        let mut operator = owner.acquire().await.unwrap();
        assert!(roles::lock(&mut operator, id(user), Doer::new("operator:test", "a test")).await.unwrap());
    }

    /// How many letters tell somebody that their account opens in another way.
    async fn told(&self, email: &str) -> usize {
        let letters = self.letters(email).await;
        letters.iter().filter(|letter| matches!(letter.says, Says::IdentityLinked { .. })).count()
    }
}

fn id(user: &Value) -> UserId {
    user.as_str().unwrap().parse().unwrap()
}

fn shown(provider: IdentityProvider, token: &str, nonce: &str) -> Value {
    json!({ "provider": provider, "id_token": token, "nonce": nonce, "name": "Awa", "birth_date": "1999-12-31" })
}

#[tokio::test]
async fn the_first_sign_in_makes_an_account_and_the_next_ones_find_it() {
    let app = TestApp::start().await;
    for provider in IdentityProvider::ALL {
        let person = Person::fresh("Fatou Sow");
        let mut proof = app.proof(provider, &person).await;
        if provider != Apple {
            proof.as_object_mut().unwrap().remove("name");
        }
        let first = app.social_login(&proof).await.expect(200);
        let account = app.me(&first).await;
        assert_eq!(account["name"], if provider == Apple { "Awa" } else { "Fatou Sow" });
        assert_eq!(account["birth_date"], "1999-12-31");
        // An address is taken from whoever runs its mailbox.
        let email = if provider == Google { json!(person.email) } else { Value::Null };
        assert_eq!((&account["email"], &account["phone"]), (&email, &Value::Null));

        // Whatever the provider says of them by then: it is the same person.
        let changed = Person { email: None, name: Some("F. S.".to_owned()), ..person };
        let again = app.social_login(&app.proof(provider, &changed).await).await.expect(200);
        assert_eq!(again["user"], first["user"]);
        assert_eq!(app.me(&again).await["name"], account["name"]);
    }
}

#[tokio::test]
async fn a_proof_stays_good_until_a_new_account_has_what_it_needs() {
    let app = TestApp::start().await;
    let mut proof = app.proof(Apple, &Person::fresh("Awa")).await;
    let mut bare = proof.clone();
    for (field, missing) in [("name", vec!["name"]), ("birth_date", vec!["name", "birth_date"])] {
        bare.as_object_mut().unwrap().remove(field);
        for _ in 0..2 {
            let reply = app.social_login(&bare).await;
            let problem = reply.problem(422, "account_details_missing");
            let named: Vec<_> =
                problem["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
            assert_eq!(named, missing);
        }
    }
    proof["birth_date"] = json!("2999-12-31");
    app.social_login(&proof).await.wrong_field(422, "birth_date");
    proof["birth_date"] = json!("1999-12-31");
    app.social_login(&proof).await.expect(200);
    app.social_login(&proof).await.problem(401, "identity_refused");
}

#[tokio::test]
async fn every_bad_proof_gets_the_same_answer() {
    let app = TestApp::start().await;
    let social = &app.world().social;
    let person = Person::fresh("Awa");
    let mut answers = BTreeSet::new();
    for provider in IdentityProvider::ALL {
        for flaw in Flaw::FATAL {
            let nonce = app.nonce().await;
            let token = social.id_token(&Order::new(provider, &person, &nonce).flawed(flaw));
            let reply = app.social_login(&shown(provider, &token, &nonce)).await;
            reply.problem(401, "identity_refused");
            assert_eq!(reply.header("www-authenticate"), "Bearer");
            answers.insert(reply.body);
        }
    }
    for flaw in AccessFlaw::ALL {
        let token = social.access_token(AccessOrder::new(&person).flawed(flaw));
        let reply = app.social_login(&by_access_token(&token)).await;
        reply.problem(401, "identity_refused");
        answers.insert(reply.body);
    }
    // A good token for a nonce that nobody gave out, or for another one than is shown.
    let stranger = "a-nonce-of-somebody-elses";
    let token = social.id_token(&Order::new(Google, &person, stranger));
    answers.insert(app.social_login(&shown(Google, &token, stranger)).await.body);
    answers.insert(app.social_login(&shown(Google, &token, &app.nonce().await)).await.body);
    // One provider's token as another's.
    let nonce = app.nonce().await;
    let token = social.id_token(&Order::new(Apple, &person, &nonce));
    answers.insert(app.social_login(&shown(Google, &token, &nonce)).await.body);
    assert_eq!(answers.len(), 1, "{answers:?}");
    let known = format!("select count(*) from people.identities where subject = '{}'", person.subject);
    assert_eq!(app.read::<i64>(&known).await, 0, "none of it made an account");
}

fn by_access_token(token: &str) -> Value {
    json!({ "provider": "facebook", "access_token": token, "birth_date": "1999-12-31" })
}

#[tokio::test]
async fn a_proof_opens_one_session_however_many_show_it_at_once() {
    let app = TestApp::start().await;
    let person = Person::fresh("Awa");
    let access_token = app.world().social.access_token(AccessOrder::new(&person));
    for proof in [app.proof(Google, &person).await, by_access_token(&access_token)] {
        let replies = join_all((0..20).map(|_| app.social_login(&proof))).await;
        let (let_in, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!((let_in.len(), refused.len()), (1, 19));
        for reply in refused {
            reply.problem(401, "identity_refused");
        }
        app.social_login(&proof).await.problem(401, "identity_refused");
    }
}

#[tokio::test]
async fn somebody_who_comes_twenty_times_at_once_gets_one_account() {
    let app = TestApp::start().await;
    let person = Person::fresh("Awa");
    let proofs = join_all((0..20).map(|_| app.proof(Google, &person))).await;
    let replies = join_all(proofs.iter().map(|proof| app.social_login(proof))).await;
    let users: BTreeSet<_> = replies.iter().map(|reply| reply.expect(200)["user"].to_string()).collect();
    assert_eq!(users.len(), 1);
}

#[tokio::test]
async fn both_proofs_of_facebook_lead_to_one_account() {
    let app = TestApp::start().await;
    let person = Person::fresh("Awa");
    let first = app.social_login(&app.proof(Facebook, &person).await).await.expect(200);
    let token = app.world().social.access_token(AccessOrder::new(&person));
    let second =
        app.social_login(&json!({ "provider": "facebook", "access_token": token })).await.expect(200);
    assert_eq!(first["user"], second["user"]);
}

#[tokio::test]
async fn apps_for_apples_devices_may_give_apple_the_hash_of_the_nonce() {
    let app = TestApp::start().await;
    let nonce = app.nonce().await;
    let hash = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, nonce.as_bytes()));
    let token = app.world().social.id_token(&Order::new(Apple, &Person::fresh("Awa"), &hash));
    app.social_login(&shown(Apple, &token, &hash)).await.problem(401, "identity_refused");
    app.social_login(&shown(Apple, &token, &nonce)).await.expect(200);
}

#[tokio::test]
async fn an_address_that_both_have_proved_leads_to_the_account_once_and_its_holder_is_told() {
    let app = TestApp::start().await;
    let person = Person::fresh("Somebody");
    let email = person.email.clone().unwrap();
    let account = app.registered(&email).await;
    let mut proof = app.proof(Google, &person).await;
    proof.as_object_mut().unwrap().remove("birth_date");
    let linked = app.social_login(&proof).await.expect(200);
    assert_eq!(linked["user"], account["user"]);
    assert_eq!(app.me(&linked).await["name"], "Awa Ndiaye", "the account stays as it was");
    assert_eq!(app.told(&email).await, 1);
    let again = app.social_login(&app.proof(Google, &person).await).await.expect(200);
    assert_eq!((&again["user"], app.told(&email).await), (&account["user"], 1));
    // Another provider has seen the same address once, and does not answer for it.
    let by_apple = app.social_login(&app.proof(Apple, &person).await).await.expect(200);
    assert_ne!(by_apple["user"], account["user"]);

    // An address that has changed hands does not hand over the account.
    let successor = Person { subject: Person::fresh("x").subject, ..person };
    app.social_login(&app.proof(Google, &successor).await).await.problem(409, "contact_taken");
    assert_eq!(app.told(&email).await, 1);
}

#[tokio::test]
async fn an_address_that_a_provider_does_not_answer_for_leads_nowhere_and_is_not_kept() {
    let app = TestApp::start().await;
    for (provider, domain, flaw) in [
        (Google, "gmail.com", Some(Flaw::UnverifiedEmail)),
        (Google, "example.sn", None),
        (Apple, "example.sn", Some(Flaw::UnverifiedEmail)),
        (Facebook, "gmail.com", None),
    ] {
        let person = Person::fresh("Somebody");
        let email = format!("{}@{domain}", person.subject);
        let person = Person { email: Some(email.clone()), ..person };
        let victim = app.registered(&email).await["user"].clone();
        let nonce = app.nonce().await;
        let mut order = Order::new(provider, &person, &nonce);
        order.flaw = flaw;
        let token = app.world().social.id_token(&order);
        let session = app.social_login(&shown(provider, &token, &nonce)).await.expect(200);
        assert_ne!(session["user"], victim, "{provider:?}");
        assert_eq!(app.me(&session).await["email"], Value::Null);
        assert_eq!(app.told(&email).await, 0);
    }
}

#[tokio::test]
async fn a_locked_account_is_not_opened_and_not_linked() {
    let app = TestApp::start().await;
    let person = Person::fresh("Awa");
    let email = person.email.clone().unwrap();
    let account = app.registered(&email).await;
    app.lock(&account["user"]).await;
    app.social_login(&app.proof(Google, &person).await).await.problem(403, "account_locked");
    assert_eq!(app.told(&email).await, 0);

    let other = Person::fresh("Fatou");
    let session = app.social_login(&app.proof(Google, &other).await).await.expect(200);
    app.lock(&session["user"]).await;
    app.social_login(&app.proof(Google, &other).await).await.problem(403, "account_locked");
}

#[tokio::test]
async fn those_who_work_here_are_still_asked_for_their_second_factor() {
    let app = TestApp::start().await;
    let person = Person::fresh("Ibou");
    let session = app.social_login(&app.proof(Google, &person).await).await.expect(200);
    let owner = wolo_database::connect(&app.world().postgres.url("wolo"), 1).await.unwrap();
    let mut operator = owner.acquire().await.unwrap();
    let user = id(&session["user"]);
    assert!(
        roles::grant(&mut operator, user, Role::Support, Doer::new("operator:test", "a test")).await.unwrap()
    );
    let half = app.social_login(&app.proof(Google, &person).await).await.expect(200);
    assert_eq!((half.get("access_token"), &half["second_factor"]), (None, &json!("totp")));
}

#[tokio::test]
async fn no_address_opens_the_account_of_somebody_who_works_here() {
    let app = TestApp::start().await;
    let person = Person::fresh("Somebody");
    let account = app.registered(person.email.as_ref().unwrap()).await;
    let owner = wolo_database::connect(&app.world().postgres.url("wolo"), 1).await.unwrap();
    let mut operator = owner.acquire().await.unwrap();
    let user = id(&account["user"]);
    assert!(
        roles::grant(&mut operator, user, Role::Finance, Doer::new("operator:test", "a test")).await.unwrap()
    );
    app.social_login(&app.proof(Google, &person).await).await.problem(409, "contact_taken");
}

#[tokio::test]
async fn a_proof_that_cannot_be_checked_now_is_good_when_its_provider_is_back() {
    let app = TestApp::start().await;
    let social = Social::start(0).await.unwrap();
    let keys = social.keys_url(Google);
    let (facebooks_keys, graph) = (social.keys_url(Facebook), social.graph_url());
    let app = app
        .with(|layers| {
            layers
                .set("social.google.keys_url", keys)
                .set("social.facebook.keys_url", facebooks_keys)
                .set("social.facebook.graph_url", graph)
        })
        .await;
    let person = Person::fresh("Awa");
    let nonce = app.nonce().await;
    let by_google = shown(Google, &social.id_token(&Order::new(Google, &person, &nonce)), &nonce);
    let by_facebook = by_access_token(&social.access_token(AccessOrder::new(&person)));
    for (provider, proof) in [(Google, by_google), (Facebook, by_facebook)] {
        for (trouble, retry_after) in
            [(Trouble::Down, "5"), (Trouble::Nonsense, "5"), (Trouble::TooOften, "")]
        {
            social.trouble(provider, trouble);
            let reply = app.social_login(&proof).await;
            reply.problem(503, "identity_provider_away");
            // Google says how long; Facebook does not.
            let expected = match (retry_after, provider) {
                ("", Google) => "7",
                _ => "5",
            };
            assert_eq!(reply.header("retry-after"), expected, "{provider:?} {trouble:?}");
        }
        social.trouble(provider, Trouble::None);
        app.social_login(&proof).await.expect(200);
    }
}

#[tokio::test]
async fn a_provider_that_is_off_lets_nobody_in_and_says_so() {
    let app = TestApp::start().await;
    let proof = app.proof(Google, &Person::fresh("Awa")).await;
    let token = app.world().social.access_token(AccessOrder::new(&Person::fresh("Awa")));
    let off =
        app.with(|layers| layers.set("social.google.client_ids", "").set("social.facebook.app_id", "")).await;
    off.social_login(&proof).await.problem(422, "identity_provider_off");
    off.social_login(&by_access_token(&token)).await.problem(422, "identity_provider_off");
    let reply = off.social_login(&off.proof(Apple, &Person::fresh("Awa")).await).await;
    reply.expect(200);
}

#[tokio::test]
async fn a_proof_in_the_wrong_shape_is_refused_field_by_field() {
    let app = TestApp::start().await;
    for (body, field) in [
        (json!({ "provider": "google" }), "id_token"),
        (json!({ "provider": "myspace", "id_token": "x", "nonce": "x" }), "provider"),
        (json!({ "provider": "google", "id_token": "x" }), "nonce"),
        (json!({ "provider": "google", "access_token": "x" }), "id_token"),
        (json!({ "provider": "facebook", "access_token": "x", "nonce": "x" }), "id_token"),
        (json!({ "provider": "facebook", "access_token": "x", "id_token": "x" }), "id_token"),
        (
            json!({ "provider": "google", "id_token": "x", "nonce": "x", "birth_date": "1850-01-01" }),
            "birth_date",
        ),
        (json!({ "provider": "google", "id_token": "x", "nonce": "x", "name": "a\u{7}" }), "name"),
        (json!({ "provider": "google", "id_token": "x", "nonce": "x", "user": "x" }), "user"),
    ] {
        app.social_login(&body).await.wrong_field(422, field);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_provider_is_seen_among_the_services() {
    let app = TestApp::start().await;
    let token = app.staff_token(app.person(100).await, Role::Support);
    let services = app
        .until(async || {
            let services = Reply::of(app.get("/services").bearer_auth(&token)).await.expect(200);
            services["providers"].get("google").is_some().then_some(services)
        })
        .await;
    for provider in IdentityProvider::ALL {
        assert_eq!(services["providers"][provider.as_str()], "closed", "{services}");
    }
}
