//! Minors in every state, and every route of `access.csv` asked about them by a stranger and by somebody else who is signed in:
//! nothing of them comes out and no gift to them begins, unless their guardian's consent stands and both are known.
//!
//! The routes are those of the table. One that names something in a new way fails here until it is decided what of a minor it can name.

use std::collections::BTreeSet;

use chrono::{Days, Utc};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_database::audit::Doer;
use wolo_database::consents::{NewGiving, give};
use wolo_database::identities::{self, NewCase};
use wolo_database::people::{self, User};
use wolo_database::{closures, consents, pots};
use wolo_domain::consents::{
    AddressClass, Agreement, ConsentEnd, ConsentRules, ConsentText, Proof, Purpose, Shown,
};
use wolo_domain::contacts::Language;
use wolo_domain::dakar;
use wolo_domain::identities::{
    ContentHash, Decision, Document, DocumentKind, IdentityRules, Media, Party, Reason, TakingBy, Verdict,
};
use wolo_domain::ids::{CaseId, ConsentId, DocumentId, PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{PotRules, PotSettings, Timeline, Visibility};
use wolo_domain::seals::SealingKey;

use crate::access::rows;
use crate::app::{TestApp, born, key, settings};
use crate::reply::Reply;

const DOER: Doer<'static> = Doer::new("a test", "in a test");

/// How far a minor's matter has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    NobodyAsked,
    Requested,
    Refused,
    RefusedAndGivenUp,
    Given,
    InReview,
    Rejected,
    Approved,
    Withdrawn,
    SettledAndWithdrawn,
    Ended,
    EndedAndGivenUp,
    Erased,
}

use State::*;

impl State {
    const ALL: [Self; 13] = [
        NobodyAsked,
        Requested,
        Refused,
        RefusedAndGivenUp,
        Given,
        InReview,
        Rejected,
        Approved,
        Withdrawn,
        SettledAndWithdrawn,
        Ended,
        EndedAndGivenUp,
        Erased,
    ];

    const fn is_answered(self) -> bool {
        matches!(self, Approved)
    }
}

/// A minor with a pot that wants to be public.
struct Minor {
    state: State,
    user: UserId,
    name: String,
    born: BirthDate,
    title: String,
    pot: PotId,
    slug: String,
    consent: Option<ConsentId>,
    case: Option<CaseId>,
}

impl TestApp {
    async fn minor_who_is(&self, state: State, reviewers: [UserId; 2]) -> Minor {
        let user = UserId::from_uuid(Uuid::now_v7());
        let mark = Uuid::new_v4().simple().to_string();
        let (name, title, born) = (format!("Prenom{mark}"), format!("Titre {mark}"), born(15, 17));
        let person = User { id: user, name: name.clone(), birth_date: born, phone: None, email: None };
        people::add_user(&self.pool, &person).await.unwrap();
        let (pot, slug) = self.public_pot_of(user, &title).await;
        let mut minor = Minor { state, user, name, born, title, pot, slug, consent: None, case: None };
        if state != NobodyAsked {
            minor.consent = Some(self.requested(user).await.id);
        }
        if !matches!(state, NobodyAsked | Requested | Refused | RefusedAndGivenUp) {
            self.guardian_agrees(&mut minor).await;
        }
        if !matches!(state, NobodyAsked | Requested | Refused | RefusedAndGivenUp | Given | Erased) {
            self.is_looked_into(&minor, reviewers).await;
        }
        self.comes_to_its_state(&minor).await;
        minor
    }

    async fn public_pot_of(&self, owner: UserId, title: &str) -> (PotId, String) {
        let (now, id) = (Utc::now(), PotId::from_uuid(Uuid::now_v7()));
        let rules = PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 };
        let timeline = Timeline::plan(dakar::day_of(now) + Days::new(17), now, &rules);
        let settings = PotSettings { title: title.to_owned(), visibility: Visibility::Public, ..settings() };
        pots::schedule(&self.pool, &pots::NewPot { id, owner, settings, timeline, at: now }).await.unwrap();
        (id, self.slug(id).await)
    }

    async fn guardian_agrees(&self, minor: &mut Minor) {
        let consent = minor.consent.unwrap();
        let agreement = Agreement {
            shown: Shown::of(&ConsentText::current(Language::French)),
            purposes: Purpose::ALL.to_vec(),
            proof: Proof::CodeBySms,
            address: AddressClass::Ipv4,
        };
        let new = NewGiving {
            minor: minor.user,
            consent,
            agreement,
            born: BirthDate::new("1985-02-03".parse().unwrap()),
        };
        give(&self.pool, &new, Utc::now()).await.unwrap();
        let case = CaseId::of_consent(consent, 1);
        let (subject, at) = (minor.user, Utc::now());
        let new = NewCase { id: case, subject, consent: Some(consent), approvals_needed: 2, at };
        identities::open(&self.pool, &new).await.unwrap();
        minor.case = Some(case);
    }

    /// Both reviewers approve, or one rejects, or nobody has decided yet.
    async fn is_looked_into(&self, minor: &Minor, reviewers: [UserId; 2]) {
        let (pool, case, rules) = (&self.pool, minor.case.unwrap(), IdentityRules::default());
        let documents = Party::ALL.map(|party| {
            let id = DocumentId::from_uuid(Uuid::now_v7());
            let sha256 = ContentHash::new(
                [id.uuid().into_bytes(), id.uuid().into_bytes()].concat().try_into().unwrap(),
            );
            Document {
                id,
                party,
                kind: DocumentKind::Passport,
                sha256,
                bytes: 9,
                pages: 1,
                media: Media::Png,
            }
        });
        for document in &documents {
            identities::add(pool, case, document, rules.most_documents, Utc::now()).await.unwrap();
        }
        identities::submit(pool, case, 1, Utc::now()).await.unwrap();
        let by = TakingBy { reviewer: reviewers[0], assigned_by: None };
        identities::take(pool, case, &by).await.unwrap();
        if minor.state == InReview {
            return;
        }
        let verdict = if minor.state == Rejected { Verdict::Reject } else { Verdict::Approve };
        let reasons = if verdict == Verdict::Reject { vec![Reason::NotGenuine] } else { vec![] };
        for reviewer in reviewers {
            for document in &documents {
                let by = (reviewer, "to decide");
                identities::look(pool, case, Uuid::now_v7(), document.id, by, Utc::now()).await.unwrap();
            }
            let seen = documents.iter().map(|document| document.sha256).collect();
            let decision =
                Decision { verdict, reviewer, reasons: reasons.clone(), note: "seen".to_owned(), seen };
            identities::decide(pool, case, &decision, rules, Utc::now()).await.unwrap();
        }
        pots::open(pool, minor.pot, Utc::now()).await.unwrap();
    }

    async fn comes_to_its_state(&self, minor: &Minor) {
        let (pool, user, pot) = (&self.pool, minor.user, minor.pot);
        let end =
            async |end| consents::end(pool, user, minor.consent.unwrap(), end, Utc::now()).await.unwrap();
        if matches!(minor.state, Refused | RefusedAndGivenUp) {
            end(ConsentEnd::Refused).await;
        }
        if minor.state == SettledAndWithdrawn {
            pots::close(pool, pot, Utc::now()).await.unwrap();
            let sealing = self.settings.certificates.sealing.as_ref().unwrap();
            let seals = SealingKey::from_pkcs8(&sealing.key_id, sealing.key.expose_secret()).unwrap();
            pots::settle(pool, pot, Utc::now(), &seals).await.unwrap();
        }
        if matches!(minor.state, Withdrawn | SettledAndWithdrawn | Ended | EndedAndGivenUp) {
            let rules = ConsentRules::default();
            consents::withdraw(pool, user, minor.consent.unwrap(), &rules, Utc::now()).await.unwrap();
        }
        if matches!(minor.state, Ended | EndedAndGivenUp) {
            end(ConsentEnd::Ended).await;
        }
        if minor.state == Erased {
            closures::close(pool, user, DOER, Utc::now()).await.unwrap();
            end(ConsentEnd::AccountClosed).await;
        }
        if matches!(minor.state, RefusedAndGivenUp | EndedAndGivenUp | Erased) {
            let given_up = pots::cancel(pool, pot, Utc::now()).await.unwrap();
            assert_eq!(given_up, pots::Cancelling::Cancelled);
        }
        if minor.state == Erased {
            let erased = closures::erase(pool, user, DOER, Utc::now()).await.unwrap();
            assert_eq!(erased, closures::Erasing::Erased);
        }
    }
}

/// Requests without anything in their address that could name a minor, whose body names nobody either: each was looked at.
const NAME_NOBODY: [&str; 36] = [
    "/admin/login",
    "/admin/login/code",
    "/admin/login/enrol",
    "/admin/login/second-factor",
    "/admin/logout",
    "/api/admin/codec/decode",
    "/api/admin/codec/encode",
    "/api/pots",
    "/api/identity/consents",
    "/api/notifications/devices",
    "/api/notifications/receipts/sendgrid",
    "/api/notifications/receipts/twilio",
    "/api/notifications/receipts/whatsapp",
    "/api/payments/webhook",
    "/api/sponsorship/accept",
    "/api/sponsorship/code",
    "/api/sponsorship/decline",
    "/api/sponsorship/invite",
    "/api/users/auth/forgot-password",
    "/api/users/auth/login",
    "/api/users/auth/logout",
    "/api/users/auth/otp/request",
    "/api/users/auth/otp/verify",
    "/api/users/auth/password",
    "/api/users/auth/refresh-token",
    "/api/users/auth/register",
    "/api/users/auth/resend-verification",
    "/api/users/auth/reset-password",
    "/api/users/auth/second-factor",
    "/api/users/auth/second-factor/enrol",
    "/api/users/auth/social-login",
    "/api/users/auth/social-login/nonce",
    "/api/users/auth/verify-email",
    "/api/users/me",
    "/api/users/preferences",
    "/api/users/profile",
];

impl Minor {
    /// What a route can be given that names this minor or something of theirs, in the place of each part of its address.
    fn names(&self, part: &str) -> Vec<String> {
        let of = |name: Option<String>| name.into_iter().collect::<Vec<_>>();
        match part {
            "pot" => vec![self.pot.to_string(), self.slug.clone()],
            "case" => of(self.case.map(|case| case.to_string())),
            "consent" => of(self.consent.map(|consent| consent.to_string())),
            "id" => vec![self.user.to_string(), self.pot.to_string(), self.pot.uuid().to_string()],
            // A guardian's link nobody has but the guardian.
            "token" => {
                [vec![self.slug.clone()], of(self.consent.map(|consent| consent.to_string()))].concat()
            }
            "document" => vec![DocumentId::from_uuid(Uuid::now_v7()).to_string()],
            "provider" => vec!["google".to_owned()],
            "secret" => vec![self.slug.clone()],
            "file" => vec!["swagger-ui.css".to_owned()],
            // Nobody's name stands in these, and who asks here may not have them.
            "figure" => vec!["gifts".to_owned()],
            "export" => vec!["gifts.csv".to_owned()],
            new => panic!("decide what of a minor {{{new}}} can name"),
        }
    }

    /// Every address of a route that names them.
    fn addresses(&self, path: &str) -> Vec<String> {
        let Some((before, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
        let (part, after) = rest.split_once('}').unwrap();
        let named = self.names(part).into_iter();
        named.flat_map(|name| self.addresses(&format!("{before}{name}{after}"))).collect()
    }

    /// Every body of a route that names them.
    fn bodies(&self, method: &str, path: &str) -> Vec<Value> {
        let named = |more: Value| {
            let named = self.names("pot").into_iter().map(|name| {
                let mut body = more.clone();
                body["pot"] = name.into();
                body
            });
            named.collect()
        };
        match path {
            "/api/payments/donate" => named(json!({ "amount": 500 })),
            "/api/users/points/convert" => named(json!({ "points": 10 })),
            "/api/analytics/events" => {
                let visit =
                    |pot| json!({ "events": [{ "id": Uuid::new_v4(), "kind": "page_viewed", "pot": pot }] });
                self.names("pot").into_iter().map(visit).collect()
            }
            "/api/pots/{pot}/report" => vec![json!({}), json!({ "reason": "fraud" })],
            "/api/users/profile/contact" => vec![json!({})],
            _ if path.contains('{') || method == "GET" || NAME_NOBODY.contains(&path) => vec![json!({})],
            _ => panic!("decide whether the body of {method} {path} can name a minor"),
        }
    }

    /// What of them is in an answer to somebody who is nobody to them.
    fn found_in(&self, reply: &Reply, asked: &str) -> Vec<&'static str> {
        let answer = format!("{:?}\n{}", reply.headers, reply.body);
        let born = self.born.day().to_string();
        let mut secrets = vec![("name", &self.name), ("birth date", &born)];
        if !self.state.is_answered() {
            secrets.push(("title", &self.title));
            if !asked.contains(&self.slug) {
                secrets.push(("slug", &self.slug));
            }
        }
        secrets.into_iter().filter(|(_, secret)| answer.contains(*secret)).map(|(what, _)| what).collect()
    }
}

async fn ask(app: &TestApp, method: &str, address: &str, body: &Value, signed_in: bool) -> Reply {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = app.request(method.clone(), address).header("idempotency-key", key());
    if method == Method::POST && address.starts_with("/p/") {
        // The form of a pot's page, filled in.
        request = request.form(&[("amount", "500"), ("key", &*key())]);
    } else if method == Method::POST || method == Method::PUT {
        request = request.json(body);
    }
    if signed_in {
        // Each time another person: some requests end all that their caller is signed in with.
        request = request.bearer_auth(app.token(app.person(100).await));
    }
    Reply::of(request).await
}

#[tokio::test]
async fn nobody_learns_of_a_minor_or_gives_to_one_without_consent_by_any_route() {
    let app = TestApp::start().await;
    let reviewers = [app.person(100).await, app.person(100).await];
    for reviewer in reviewers {
        app.works_as(reviewer, "reviewer").await;
    }
    let mut minors = Vec::new();
    for state in State::ALL {
        minors.push(app.minor_who_is(state, reviewers).await);
    }
    let routes: BTreeSet<_> = rows().iter().map(|row| (row.method, row.path)).collect();
    let (mut asked, mut wrong) = (0, Vec::new());
    for (method, path) in routes {
        let names_nobody = !path.contains('{') && minors[0].bodies(method, path) == [json!({})];
        // What names nobody is asked once, and may tell of none of them.
        for minor in &minors[..if names_nobody { 1 } else { minors.len() }] {
            for (address, body) in minor.requests(method, path) {
                for signed_in in [false, true] {
                    let reply = ask(&app, method, &address, &body, signed_in).await;
                    asked += 1;
                    let about = if names_nobody { &minors[..] } else { std::slice::from_ref(minor) };
                    for minor in about {
                        let told = minor.found_in(&reply, &format!("{address} {body}"));
                        if !told.is_empty() {
                            wrong.push(format!(
                                "{:?}: {method} {path} tells their {told:?}: {}",
                                minor.state, reply.status
                            ));
                        }
                    }
                }
            }
        }
    }
    for minor in &minors {
        let gifts = format!("select count(*) from money.donations where pot_id = '{}'", minor.pot.uuid());
        let gifts: i64 = app.read(&gifts).await;
        // By its id and by its link, by both who asked, by the API and with the form of its page.
        let expected = if minor.state.is_answered() { 8 } else { 0 };
        if gifts != expected {
            wrong.push(format!("{:?}: {gifts} gifts began, not {expected}", minor.state));
        }
        let seen = app.look_at(&minor.pot.to_string(), None).await;
        assert_eq!(
            seen.body.contains(&minor.title),
            minor.state.is_answered(),
            "{:?}: {}",
            minor.state,
            seen.body
        );
    }
    println!("{asked} requests about minors in {} states", minors.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl Minor {
    fn requests(&self, method: &str, path: &str) -> Vec<(String, Value)> {
        let bodies = self.bodies(method, path);
        let addresses = self.addresses(path).into_iter();
        addresses.flat_map(|address| bodies.iter().map(move |body| (address.clone(), body.clone()))).collect()
    }
}
