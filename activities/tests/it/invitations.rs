//! What is done about invitations, and the beginning of a message.

use chrono::{TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use temporalio_client::{WorkflowDescribeOptions, WorkflowTerminateOptions};
use uuid::Uuid;
use wolo_activities::{InvitationSteps, NoticeSteps};
use wolo_database::invitations;
use wolo_database::pots::NewPot;
use wolo_domain::ids::{InvitationId, PotId, UserId};
use wolo_domain::invitations::{EndedByHand, InvitationEnd};
use wolo_domain::notices::{NoticeRules, Says};
use wolo_domain::points::{AwardStage, PointsRule, PointsRules};
use wolo_domain::pots::{PotStage, Timeline};
use wolo_workflows::ids;
use wolo_workflows::notice_delivery::{NoticeDelivery, NoticeInput, NoticePatience};
use wolo_workflows::pot_lifecycle::PotLifecycle;
use wolo_workflows::steps::invitations::{
    AcceptInvitation, Accepting, EndInvitation, Ending, FollowInvitation, StartInvitedPot,
};
use wolo_workflows::steps::notices::Message;

use crate::birthdays::pots;
use crate::scene::{LONG, Scene, noon};

/// An invitation by somebody that was sent just now.
async fn invited(scene: &Scene) -> InvitationId {
    let sponsor = scene.person_whose_phone_ends_with(Some(31)).await;
    let invitation = Uuid::now_v7();
    let sql = format!(
        "insert into sponsorship.invitations (
             invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at
         )
         values ('{invitation}', '{}', 'Awa', 'friend@example.sn', 'friend', sha256('{invitation}'), '{invitation}',
                 now() + interval '7 days')",
        sponsor.uuid()
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&scene.pool).await.expect("an invitation");
    InvitationId::from_uuid(invitation)
}

fn by(invitation: InvitationId, user: UserId) -> AcceptInvitation {
    AcceptInvitation { invitation, user, at: noon() }
}

#[tokio::test]
async fn an_invitation_that_is_accepted_twice_is_accepted_once_and_by_nobody_else() {
    let scene = Scene::new().await;
    let member = scene.person_whose_phone_ends_with(None).await;
    let invitation = invited(&scene).await;
    let newcomer = scene.person_whose_phone_ends_with(None).await;
    for _ in 0..2 {
        let accepted = scene.does(InvitationSteps::accept, by(invitation, newcomer)).await;
        let expected = Accepting::Accepted { invitee_name: "Awa".to_owned(), was_here: false };
        assert!(accepted == expected, "they came after it");
    }
    assert!(scene.does(InvitationSteps::accept, by(invitation, member)).await == Accepting::Taken);
    let second = invited(&scene).await;
    assert!(scene.does(InvitationSteps::accept, by(second, newcomer)).await == Accepting::BroughtAlready);
    let accepted = scene.does(InvitationSteps::accept, by(second, member)).await;
    assert!(accepted == Accepting::Accepted { invitee_name: "Awa".to_owned(), was_here: true });
    let nobody = UserId::from_uuid(Uuid::now_v7());
    let third = invited(&scene).await;
    assert!(scene.does(InvitationSteps::accept, by(third, nobody)).await == Accepting::PersonUnknown);
    let own = invitations::invitation(&scene.pool, third).await.expect("a look").expect("a row").sponsor;
    assert!(scene.does(InvitationSteps::accept, by(third, own)).await == Accepting::Own);
}

#[tokio::test]
async fn an_invitation_ends_one_way_and_who_has_ended_it_by_hand_is_kept() {
    let scene = Scene::new().await;
    let invitation = invited(&scene).await;
    let by_hand = EndedByHand { by: "operator:awa".to_owned(), reason: "a mistake".to_owned() };
    let end = |end, by_hand| EndInvitation { invitation, end, by_hand, at: noon() };
    let (cancelled, declined) = (InvitationEnd::Cancelled, InvitationEnd::Declined);
    for wish in [end(cancelled, Some(by_hand.clone())), end(cancelled, None), end(declined, None)] {
        assert_eq!(scene.does(InvitationSteps::end, wish).await, Ending::Ended { end: cancelled });
    }
    let entry = invitations::invitation(&scene.pool, invitation).await.expect("a look").expect("a row");
    assert_eq!(entry.ended_by_hand, Some(by_hand));
    let somebody = scene.person_whose_phone_ends_with(None).await;
    let too_late = scene.does(InvitationSteps::accept, by(invitation, somebody)).await;
    assert!(too_late == Accepting::Ended { end: cancelled });

    let invitation = invited(&scene).await;
    scene.does(InvitationSteps::accept, by(invitation, somebody)).await;
    let end = EndInvitation { invitation, end: declined, by_hand: None, at: noon() };
    assert_eq!(scene.does(InvitationSteps::end, end).await, Ending::Accepted);
}

#[tokio::test]
async fn what_comes_of_an_invitation_is_given_once_however_often_one_looks() {
    let scene = Scene::new().await;
    let invitation = invited(&scene).await;
    let somebody = scene.person_whose_phone_ends_with(Some(21)).await;
    let before = noon() - TimeDelta::days(1);
    let accept = AcceptInvitation { at: before, ..by(invitation, somebody) };
    scene.does(InvitationSteps::accept, accept).await;
    let pot = scene.open_pot_of(somebody).await;
    invitations::brings(&scene.pool, invitation, pot).await.expect("noted");
    let look = |at| FollowInvitation { invitation, rules: PointsRules::default(), at };
    for _ in 0..2 {
        let known = scene.does(InvitationSteps::follow, look(noon())).await;
        let earned: Vec<_> = known.earned.iter().map(|one| (one.rule, one.points, one.stage)).collect();
        let pending = AwardStage::Pending;
        assert_eq!(
            earned,
            [(PointsRule::InvitationAccepted, 10, pending), (PointsRule::PotOpened, 4, pending)]
        );
        assert_eq!((known.balance, known.awaits_pot), (14, false));
        assert_eq!(known.pot.map(|pot| pot.stage), Some(PotStage::Open));
    }
    let known = scene.does(InvitationSteps::follow, look(noon() + TimeDelta::days(14))).await;
    assert!(known.earned.iter().all(|one| one.stage == AwardStage::Matured));
}

#[tokio::test]
async fn what_is_asked_about_no_invitation_or_one_that_nobody_has_accepted_is_tried_again() {
    let scene = Scene::new().await;
    let (nothing, open) = (InvitationId::from_uuid(Uuid::nil()), invited(&scene).await);
    let somebody = scene.person_whose_phone_ends_with(None).await;
    for invitation in [nothing, open] {
        let look = FollowInvitation { invitation, rules: PointsRules::default(), at: noon() };
        assert!(!scene.fails(InvitationSteps::follow, look).await.for_good, "{invitation}");
    }
    let end = EndInvitation { invitation: nothing, end: InvitationEnd::Lapsed, by_hand: None, at: noon() };
    assert!(!scene.fails(InvitationSteps::end, end).await.for_good);
    let error = scene.attempt(1).run(InvitationSteps::accept, by(nothing, somebody)).await;
    assert!(error.is_err(), "of nothing");
}

#[tokio::test]
async fn a_pot_that_cannot_be_started_is_tried_again_and_who_wants_none_gets_none() {
    let scene = Scene::new().await.connected_to_nothing().await;
    let invitation = invited(&scene).await;
    let somebody = scene.person_whose_phone_ends_with(None).await;
    let start = |user| StartInvitedPot { invitation, user, pots: pots(), at: Utc::now() };
    assert!(!scene.fails(InvitationSteps::start_pot, start(somebody)).await.for_good);
    let nobody = UserId::from_uuid(Uuid::now_v7());
    assert_eq!(scene.does(InvitationSteps::start_pot, start(nobody)).await, None);
}

/// Nobody serves the processes here: this test ends them, as one ends that finds the birthday over before it is asked.
#[tokio::test]
async fn a_process_that_ended_without_a_pot_before_it_was_asked_makes_way_for_the_pot_of_the_next_year() {
    let scene = Scene::new().await.connected().await;
    let somebody = scene.person_whose_phone_ends_with(None).await;
    let invitation = invited(&scene).await;
    let start = StartInvitedPot { invitation, user: somebody, pots: pots(), at: noon() };
    let process = async |pot| {
        let process = scene.temporal().get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
        let begun = async {
            while process.describe(WorkflowDescribeOptions::default()).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, begun).await.expect("its process runs");
        process
    };
    let new = Scene::new_pot(somebody);
    let (this_year, next_year) = (new.id, PotId::for_birthday(somebody, 2032));
    let date_is_put_right_and_the_next_pot_made = async {
        let first = process(this_year).await;
        // Celebrated the day before, and not in three weeks.
        let sql = format!(
            "update people.users set birth_date = '1990-02-28' where user_id = '{}'",
            somebody.uuid()
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&scene.pool).await.expect("a change");
        first.terminate(WorkflowTerminateOptions::default()).await.expect("it ends");
        let second = process(next_year).await;
        let timeline = Timeline::plan("2032-02-28".parse().expect("a day"), noon(), &pots().rules);
        let new = NewPot { id: next_year, timeline, ..new };
        wolo_database::pots::schedule(&scene.pool, &new).await.expect("a pot");
        second.terminate(WorkflowTerminateOptions::default()).await.expect("it ends");
    };
    let (made, ()) =
        tokio::join!(scene.does(InvitationSteps::start_pot, start), date_is_put_right_and_the_next_pot_made);
    assert_eq!(made, Some(next_year));
}

fn says() -> Says {
    Says::InvitationReminder {
        sponsor: "Awa".to_owned(),
        days: 2,
        link: "https://wolo.example/i/x".to_owned(),
    }
}

fn notice(event: &str) -> NoticeInput {
    NoticeInput {
        message: Message::new(event.to_owned(), "usr_1".to_owned(), says()),
        expires: None,
        rules: NoticeRules::default(),
        patience: NoticePatience::default(),
    }
}

/// Nobody serves the processes here: the engine alone knows that they have begun.
#[tokio::test]
async fn a_message_is_begun_once_for_one_event_and_person() {
    let scene = Scene::new().await.connected().await;
    let event = format!("invitation-{}", Uuid::now_v7().simple());
    let run = async || {
        let process = ids::notice(&event, "usr_1");
        let handle = scene.temporal().get_workflow_handle::<NoticeDelivery>(process);
        let known = handle.describe(WorkflowDescribeOptions::default()).await.expect("it has begun");
        known.run_id().to_owned()
    };
    scene.does(NoticeSteps::begin, notice(&event)).await;
    let first = run().await;
    scene.does(NoticeSteps::begin, notice(&event)).await;
    assert_eq!(run().await, first);
}

#[tokio::test]
async fn without_the_engine_a_message_is_tried_again() {
    let scene = Scene::new().await.connected_to_nothing().await;
    assert!(!scene.fails(NoticeSteps::begin, notice("event")).await.for_good);
}
