//! Invitations that cannot be abused and do not get lost.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use wolo_database::accounts::codes::{self, About, NewCode, Proved, Sending, Tried};
use wolo_database::invitations::{self, Ending, Inviting};
use wolo_database::pots::{self, Cancelling, Opening, Scheduling};
use wolo_database::{Context, punctuality};
use wolo_domain::accounts::CodePurpose;
use wolo_domain::ids::{InvitationId, PotId};
use wolo_domain::invitations::{EndedByHand, InvitationEnd, InvitingRules};
use wolo_domain::points::PointsRules;
use wolo_domain::pots::{PotRules, Timeline};
use wolo_domain::punctuality::{DueFor, DueStep, LateStep, Punctuality};

use crate::invitations::{anybody, to};
use crate::scene::{Scene, at, new_pot, noon, settings};

const RULES: InvitingRules = InvitingRules { a_day: 50, per_contact: 3, contact_days: 7 };

#[tokio::test(flavor = "multi_thread")]
async fn one_contact_is_invited_no_more_often_than_its_measure_by_however_many_at_once() {
    let scene = Scene::new().await;
    let api = scene.pool_of(16, "wolo_api").await;
    let mut sponsors = Vec::new();
    for _ in 0..24 {
        sponsors.push(scene.user().await);
    }
    // Two contacts, named in either order: whoever waits for another is not waited for by them.
    let api = &api;
    let all = sponsors.iter().enumerate().map(|(place, sponsor)| async move {
        let (own, moussa, fatou) = (anybody(), to("moussa@example.sn"), to("+221771234567"));
        let new = if place % 2 == 0 { [own, moussa, fatou] } else { [own, fatou, moussa] };
        let mut tx = Context::user(*sponsor).begin(api).await.expect("a transaction");
        let inviting = invitations::invite(&mut tx, *sponsor, &new, RULES).await.expect("an answer");
        match inviting {
            Inviting::Invited => wolo_database::commit(tx).await.expect("written"),
            Inviting::TooMany { .. } | Inviting::NotToBeAsked(_) => tx.rollback().await.expect("nothing"),
        }
        inviting
    });
    let answers = join_all(all).await;
    assert_eq!(answers.iter().filter(|one| **one == Inviting::Invited).count(), 3, "{answers:?}");
    let refused = answers.iter().filter(|one| **one == Inviting::NotToBeAsked(vec![1, 2]));
    assert_eq!(refused.count(), 21, "{answers:?}");
    assert_eq!(scene.read::<i64>("select count(*) from sponsorship.invitations").await, 9);
    assert_eq!(scene.read::<i64>("select count(*) from sponsorship.days").await, 3, "nor is it counted");

    let moussa = || [to("Moussa@example.sn")];
    let again = scene.invite_within(sponsors[23], &moussa(), RULES).await;
    assert_eq!(again, Inviting::NotToBeAsked(vec![0]), "whatever the sponsor");
    scene
        .force(
            "update sponsorship.contacts
             set asked_at = array(select at - interval '7 days' from unnest(asked_at) as at)",
        )
        .await;
    let later = scene.user().await;
    assert_eq!(scene.invite_within(later, &moussa(), RULES).await, Inviting::Invited, "a week later");
    let kept = "select min(cardinality(asked_at)) from sponsorship.contacts";
    assert_eq!(scene.read::<i32>(kept).await, 1, "what counts no more is not kept");
}

#[tokio::test]
async fn one_that_was_taken_back_stays_with_its_contact_for_its_days() {
    let scene = Scene::new().await;
    let sponsor = scene.user().await;
    let moussa = || to("moussa@example.sn");
    let first = moussa();
    let invite = async |sponsor, new| scene.invite_within(sponsor, &[new], RULES).await;
    assert_eq!(invite(sponsor, first.clone()).await, Inviting::Invited);
    invitations::end(&scene.pool, first.id, InvitationEnd::Cancelled, noon()).await.expect("an end");
    assert_eq!(invite(sponsor, moussa()).await, Inviting::NotToBeAsked(vec![0]));
    assert_eq!(invite(scene.user().await, moussa()).await, Inviting::Invited, "by another");
    scene
        .force("update sponsorship.invitations set created_at = now() - interval '8 days', expires_at = now() - interval '1 day'")
        .await;
    assert_eq!(invite(sponsor, moussa()).await, Inviting::Invited, "its days are over");
}

#[tokio::test]
async fn where_there_is_no_process_the_end_is_written_by_whoever_may_want_it() {
    let scene = Scene::new().await;
    let (sponsor, stranger) = (scene.user().await, scene.user().await);
    let (back, no) = (anybody(), anybody());
    let new = [back.clone(), no.clone()];
    assert_eq!(scene.invite_within(sponsor, &new, RULES).await, Inviting::Invited);
    let api = scene.pool_as("wolo_api").await;
    let end = async |caller: Context<'_>, invitation, end| {
        let mut tx = caller.begin(&api).await.expect("a transaction");
        let ending = invitations::end_within(&mut tx, invitation, end, Utc::now()).await;
        wolo_database::commit(tx).await.expect("written");
        ending
    };
    let cancelled = InvitationEnd::Cancelled;
    assert!(end(Context::user(stranger), back.id, cancelled).await.is_err(), "a stranger's");
    for _ in 0..2 {
        let ending = end(Context::user(sponsor), back.id, cancelled).await.expect("an end");
        assert_eq!(ending, Ending::Ended(cancelled));
    }
    let held = hex::encode(no.token_hash);
    let by_link = Context::visitor().with_invitation(&held);
    let declined = InvitationEnd::Declined;
    assert!(end(by_link.clone(), back.id, declined).await.is_err(), "another's link");
    assert_eq!(end(by_link, no.id, declined).await.expect("an end"), Ending::Ended(declined));
    assert_eq!(invitations::end_of(&scene.pool, no.id).await.expect("a look"), Some(declined));
    assert_eq!(invitations::end_of(&scene.pool, scene.invited(sponsor).await).await.expect("a look"), None);
}

#[tokio::test]
async fn who_has_ended_it_by_hand_and_why_is_kept_once() {
    let scene = Scene::new().await;
    let invitation = scene.invited(scene.user().await).await;
    for by in ["operator:awa", "operator:moussa"] {
        let by_hand = EndedByHand { by: by.to_owned(), reason: "sent by mistake".to_owned() };
        let end = InvitationEnd::Cancelled;
        let ending = invitations::end_by_hand(&scene.pool, invitation, end, Some(&by_hand), noon()).await;
        assert_eq!(ending.expect("an end"), Ending::Ended(end));
    }
    let entry = invitations::invitation(&scene.pool, invitation).await.expect("a look").expect("a row");
    assert_eq!(entry.ended_by_hand.expect("somebody").by, "operator:awa");
}

#[tokio::test]
async fn invitations_that_should_have_lapsed_and_points_that_should_have_matured_are_late() {
    let scene = Scene::new().await;
    let sponsor = scene.user().await;
    let rules =
        Punctuality { late_after_seconds: 3_600, sweep_hour: 5, look_back_days: 30, escalate_hours: 48 };
    let late = async |at| invitations::late(&scene.pool, at, rules, 10).await.expect("a look");
    let (lapses, ended) = (scene.invited(sponsor).await, scene.invited(sponsor).await);
    invitations::end(&scene.pool, ended, InvitationEnd::Declined, noon()).await.expect("an end");
    let brings = scene.invited(sponsor).await;
    let moussa = scene.user().await;
    invitations::accept(&scene.pool, brings, moussa, Utc::now()).await.expect("accepted");
    scene.follow(brings, Utc::now()).await;
    let expires: DateTime<Utc> = scene
        .read(&format!(
            "select expires_at from sponsorship.invitations where invitation_id = '{}'",
            lapses.uuid()
        ))
        .await;
    assert!(late(expires + TimeDelta::minutes(59)).await.is_empty(), "it has an hour");
    let step = |what, invitation: InvitationId, since| {
        let about = DueFor::Invitation(invitation);
        LateStep { what, about, since }
    };
    let lapse = step(DueStep::Lapse, lapses, expires);
    assert_eq!(late(expires + TimeDelta::minutes(61)).await.steps, [lapse]);
    let matures: DateTime<Utc> = scene.read("select matures_at from sponsorship.awards").await;
    let month = Utc::now() + TimeDelta::days(30);
    let found = late(month).await;
    assert_eq!((found.total, found.steps), (2, vec![lapse, step(DueStep::Maturing, brings, matures)]));
    let all = punctuality::late(&scene.pool, month, rules, 100).await.expect("a look");
    assert!(all.steps.contains(&lapse) && all.total >= 2, "{all:?}");

    invitations::end(&scene.pool, lapses, InvitationEnd::Lapsed, month).await.expect("an end");
    invitations::follow(&scene.pool, brings, PointsRules::default(), month).await.expect("they mature");
    assert!(late(month).await.is_empty());
}

const POTS: PotRules = PotRules { opens_days_before: 30, reminder_days_before: Vec::new(), payout_hour: 8 };

/// A pot of somebody's birthday in another year.
async fn next_pot(scene: &Scene, of: PotId) -> PotId {
    let owner = scene.owner_of(of).await;
    let person = wolo_database::people::user(&scene.pool, owner).await.expect("a look").expect("a person");
    let mut new = new_pot(&person, settings());
    new.id = PotId::for_birthday(owner, 2032);
    new.timeline = Timeline::plan("2032-03-20".parse().expect("a day"), noon(), &POTS);
    let done = pots::schedule(&scene.pool, &new).await.expect("a pot");
    assert!(matches!(done, Scheduling::Scheduled { .. }));
    new.id
}

#[tokio::test]
async fn a_pot_that_comes_instead_of_one_that_was_given_up_before_it_opened_is_followed() {
    let scene = Scene::new().await;
    let (sponsor, first) = (scene.user().await, scene.scheduled().await);
    let invitation = scene.invited(sponsor).await;
    let owner = scene.owner_of(first).await;
    let accepted = at("2031-01-01T00:00:00Z");
    invitations::accept(&scene.pool, invitation, owner, accepted).await.expect("accepted");
    invitations::brings(&scene.pool, invitation, first).await.expect("noted");
    let followed = async || {
        let entry = invitations::invitation(&scene.pool, invitation).await.expect("a look");
        entry.expect("an invitation").pot
    };
    assert!(!scene.follow(invitation, noon()).await.awaits_pot, "it is there");
    let cancelled = pots::cancel(&scene.pool, first, noon()).await.expect("given up");
    assert_eq!(cancelled, Cancelling::Cancelled);
    assert!(scene.follow(invitation, noon()).await.awaits_pot);
    assert!(!scene.follow(invitation, accepted + TimeDelta::days(401)).await.awaits_pot, "not for ever");
    assert_eq!(followed().await, Some(first));

    let second = next_pot(&scene, first).await;
    let subject = wolo_database::notices::subject(&scene.pool, second).await.expect("a look").expect("a pot");
    assert_eq!(subject.follower.map(|follower| follower.invitation), Some(invitation), "it hears of it");
    assert!(!scene.follow(invitation, noon()).await.awaits_pot);
    assert_eq!(followed().await, Some(second));
    assert_eq!(scene.points(sponsor).await.matured, 10, "for accepting");
    let opened = pots::open(&scene.pool, second, at("2032-02-20T00:00:00Z")).await.expect("open");
    assert_eq!(opened, Opening::Opened);
    scene.follow(invitation, at("2032-02-20T00:00:00Z")).await;
    let brought: i64 = scene.read("select count(*) from sponsorship.awards where rule = 'pot_opened'").await;
    assert_eq!(brought, 1);

    // What has opened is what it has brought, whatever becomes of it.
    pots::cancel(&scene.pool, second, at("2032-02-21T00:00:00Z")).await.expect("given up");
    assert!(!scene.follow(invitation, at("2032-02-22T00:00:00Z")).await.awaits_pot);
    assert_eq!(followed().await, Some(second));
}

#[tokio::test]
async fn a_pot_that_was_open_before_the_acceptance_is_not_taken_for_the_one_that_comes_instead() {
    let scene = Scene::new().await;
    let (sponsor, open) = (scene.user().await, scene.open().await);
    let invitation = scene.invited(sponsor).await;
    let owner = scene.owner_of(open).await;
    let later = noon() + TimeDelta::days(1);
    invitations::accept(&scene.pool, invitation, owner, later).await.expect("accepted");
    let known = scene.follow(invitation, later).await;
    assert_eq!((known.pot, known.awaits_pot), (None, true));
    invitations::brings(&scene.pool, invitation, open).await.expect("noted");
    scene.confirmed(open, 1_000).await;
    let settled = format!(
        "set session_replication_role = replica;
         update pots.pots set stage = 'settled', closed_at = now(), closing_recorded_at = now(), settled_at = now()
         where pot_id = '{}'",
        open.uuid()
    );
    scene.force(&settled).await;
    let known = scene.follow(invitation, later).await;
    assert!(known.awaits_pot, "the next year's is the one");
    assert_eq!(scene.points(sponsor).await.pending, 10, "nor do points mature with it");

    let next = next_pot(&scene, open).await;
    assert!(!scene.follow(invitation, later).await.awaits_pot);
    let opening = at("2032-02-20T00:00:00Z");
    assert_eq!(pots::open(&scene.pool, next, opening).await.expect("open"), Opening::Opened);
    scene.confirmed(next, 1_000).await;
    let known = scene.follow(invitation, opening).await;
    let brought: Vec<_> = known.awards.iter().map(|award| award.rule).collect();
    assert_eq!(brought, wolo_domain::points::PointsRule::ALL, "all that an invitation brings");
}

#[tokio::test]
async fn a_code_for_an_invitation_proves_that_and_nothing_else() {
    let scene = Scene::new().await;
    let invitation = scene.invited(scene.user().await).await;
    let api = scene.pool_as("wolo_api").await;
    let new = NewCode {
        purpose: CodePurpose::AcceptInvitation,
        contact_hash: b"contact",
        code_hash: b"right",
        about: About::Invitation(invitation),
        tries: 5,
        lives: TimeDelta::minutes(10),
    };
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    let Sending::Written(id) = codes::write(&mut tx, &new).await.expect("a code") else {
        panic!("it was not written")
    };
    wolo_database::commit(tx).await.expect("written");
    let attempt = async |purpose, hash: &[u8]| {
        let mut tx = Context::gate().begin(&api).await.expect("a transaction");
        let tried = codes::attempt(&mut tx, id, purpose, hash).await.expect("a try");
        wolo_database::commit(tx).await.expect("written");
        tried
    };
    for purpose in [CodePurpose::Register, CodePurpose::SignIn] {
        assert_eq!(attempt(purpose, b"right").await, Tried::Wrong, "{purpose}");
    }
    let right = Tried::Right(Proved::Invitation(invitation));
    assert_eq!(attempt(CodePurpose::AcceptInvitation, b"right").await, right);
    assert_eq!(attempt(CodePurpose::AcceptInvitation, b"right").await, Tried::Wrong, "once");
}

#[tokio::test]
async fn who_had_an_account_before_they_were_invited_was_here() {
    let scene = Scene::new().await;
    let (sponsor, member) = (scene.user().await, scene.user().await);
    let (of_member, of_new) = (scene.invited(sponsor).await, scene.invited(sponsor).await);
    let new = scene.user().await;
    for (invitation, user, was_here) in [(of_member, member, true), (of_new, new, false)] {
        scene.accept(invitation, user).await;
        assert_eq!(invitations::was_here(&scene.pool, invitation).await.expect("a look"), was_here);
    }
}
