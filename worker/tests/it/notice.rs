//! Messages to people: one story for each way in which bringing one can end.

use chrono::{TimeDelta, Timelike as _, Utc};
use temporalio_client::WorkflowStartOptions;
use uuid::Uuid;
use wolo_database::notices::{self, OptOut};
use wolo_database::processes::{self, Kind};
use wolo_domain::accounts::CodePurpose;
use wolo_domain::contacts::Contact;
use wolo_domain::ids::{NoticeId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::notices::{Category, Channel, NoticeRules, NoticeStage, Says, Withheld};
use wolo_sandbox::faults::{Fault, WebhookFault, WebhookFaultRule};
use wolo_sandbox::{orange, phones, whatsapp};
use wolo_workflows::notice_delivery::{NoticeDelivery, NoticeInput, NoticeOutcome, NoticePatience};
use wolo_workflows::steps::notices::Message;
use wolo_workflows::{ids, queues};

use crate::donation::close;
use crate::histories::keep;
use crate::house::{House, live, until};

/// A message to somebody, whatever the hour of the test is.
fn about(user: UserId, says: Says) -> NoticeInput {
    let event = Uuid::now_v7().simple().to_string();
    NoticeInput {
        message: Message { user: Some(user), ..Message::new(event, user.to_string(), says) },
        expires: None,
        rules: NoticeRules { quiet_from: 0, quiet_until: 0, a_day: 10 },
        patience: NoticePatience::default(),
    }
}

fn money() -> Says {
    Says::PayoutSent { pot: "La fête d'Awa".to_owned(), amount: Xof::new(25_000) }
}

fn news() -> Says {
    Says::PotClosed { pot: "La fête d'Awa".to_owned(), gifts: 3, sum: Xof::new(25_000) }
}

/// Starts a message and answers the name of its process.
async fn start(house: &House, input: NoticeInput) -> String {
    let process = ids::notice(&input.message.event, &input.message.person);
    let options = WorkflowStartOptions::new(queues::NOTICES, process.clone()).build();
    house.control.client().start_workflow(NoticeDelivery::run, input, options).await.expect("it starts");
    process
}

async fn outcome(house: &House, process: &str) -> NoticeOutcome {
    house.outcome::<NoticeDelivery>(process.to_owned()).await
}

/// Where the list of messages shows it.
async fn stands(house: &House, notice: NoticeId, stage: NoticeStage, channel: Channel) {
    until(&format!("{notice} is {stage} by {channel}"), async || {
        let entry = notices::notice(&house.pool, notice).await.expect("Postgres answers")?;
        (entry.stage == stage && entry.channel == Some(channel)).then_some(())
    })
    .await;
}

async fn phone_of(house: &House, user: UserId) -> String {
    let user =
        wolo_database::people::user(&house.pool, user).await.expect("Postgres answers").expect("a person");
    user.phone.expect("a phone").reveal().to_owned()
}

/// How many messages WhatsApp took for a phone.
fn by_whatsapp(house: &House, phone: &str) -> usize {
    house.world.whatsapp.look(|book| book.messages().iter().filter(|sent| sent.to == phone).count())
}

fn by_sms(house: &House, phone: &str) -> usize {
    house.world.orange.look(|book| book.messages().iter().filter(|sent| sent.to == phone).count())
}

/// Bends the next call about somebody.
fn bend(house: &House, phone: &str, fault: Fault) {
    let digits = phone.trim_start_matches('+').to_owned();
    house.world.whatsapp.fault(whatsapp::FaultRule::once(whatsapp::Endpoint::Messages, fault).about(digits));
}

#[test]
fn a_message_is_handed_over_once_and_ends_when_it_has_arrived() {
    live(async |house| {
        let user = house.person().await;
        let input = about(user, money());
        let notice = input.message.notice;
        let process = start(house, input).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Arrived);
        stands(house, notice, NoticeStage::Read, Channel::WhatsApp).await;
        assert_eq!(by_whatsapp(house, &phone_of(house, user).await), 1);
        assert_eq!(house.steps_of(&process).await, ["notices.prepare", "notices.send"]);
        keep(house, "notice-arrived", &process).await;
    });
}

#[test]
fn who_is_not_on_whatsapp_gets_an_sms() {
    live(async |house| {
        let user = house.person_born("1990-05-17", 26).await;
        let input = about(user, money());
        let notice = input.message.notice;
        let process = start(house, input).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Arrived);
        stands(house, notice, NoticeStage::Delivered, Channel::Sms).await;
        assert_eq!(by_sms(house, &phone_of(house, user).await), 1);
        keep(house, "notice-by-the-next-channel", &process).await;
    });
}

#[test]
fn a_message_whose_answer_was_lost_is_not_sent_again_before_anything_is_heard_of_it() {
    live(async |house| {
        let user = house.person().await;
        let phone = phone_of(house, user).await;
        bend(house, &phone, Fault::LostReply);
        let process = start(house, about(user, money())).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Arrived);
        assert_eq!(by_whatsapp(house, &phone), 1);
        keep(house, "notice-unknown-then-arrived", &process).await;
    });
}

#[test]
fn what_must_be_heard_is_said_once_more_when_nothing_is_heard_of_it() {
    live(async |house| {
        let user = house.person().await;
        let phone = phone_of(house, user).await;
        bend(house, &phone, Fault::LostRequest);
        let process = start(house, about(user, money())).await;
        until("it is waited for", async || {
            house.steps_of(&process).await.iter().any(|step| step == "notices.send").then_some(())
        })
        .await;
        house.set_off(&process, TimeDelta::minutes(11));
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Arrived);
        assert_eq!(by_whatsapp(house, &phone), 1);
        keep(house, "notice-said-once-more", &process).await;
    });
}

#[test]
fn what_can_be_missed_is_not_said_twice() {
    live(async |house| {
        let user = house.person().await;
        let phone = phone_of(house, user).await;
        bend(house, &phone, Fault::LostRequest);
        let process = start(house, about(user, news())).await;
        until("it is waited for", async || {
            house.steps_of(&process).await.iter().any(|step| step == "notices.send").then_some(())
        })
        .await;
        house.set_off(&process, TimeDelta::minutes(11));
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Unknown);
        assert_eq!((by_whatsapp(house, &phone), by_sms(house, &phone)), (0, 0));
        keep(house, "notice-unknown", &process).await;
    });
}

#[test]
fn what_somebody_has_muted_is_withheld_and_what_must_be_heard_is_not() {
    live(async |house| {
        let user = house.person().await;
        let mut connection = house.pool.acquire().await.expect("a connection");
        let mute = wolo_database::accounts::preferences::mute(&mut connection, user, Category::News);
        mute.await.expect("muted");
        drop(connection);
        let process = start(house, about(user, news())).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Withheld(Withheld::Muted));
        keep(house, "notice-muted", &process).await;
        let process = start(house, about(user, money())).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Arrived);
    });
}

#[test]
fn whoever_cannot_be_reached_is_not() {
    live(async |house| {
        let user = house.person().await;
        let phone = phone_of(house, user).await;
        let mut connection = house.pool.acquire().await.expect("a connection");
        for channel in [Channel::WhatsApp, Channel::Sms] {
            notices::opt_out(&mut connection, channel, &phone, OptOut::Reply, Utc::now())
                .await
                .expect("an opt-out");
        }
        drop(connection);
        let process = start(house, about(user, money())).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Withheld(Withheld::NoChannel));
        keep(house, "notice-without-a-channel", &process).await;
    });
}

#[test]
fn a_stop_on_whatsapp_stops_invitations_by_sms_to_who_has_no_account_and_not_their_codes() {
    live(async |house| {
        let user = house.person().await;
        let phone = phone_of(house, user).await;
        let mut connection = house.pool.acquire().await.expect("a connection");
        notices::opt_out(&mut connection, Channel::WhatsApp, &phone, OptOut::Reply, Utc::now())
            .await
            .expect("an opt-out");
        drop(connection);
        let invited = Says::InvitationReminder {
            sponsor: "Awa".to_owned(),
            days: 2,
            link: "https://wolo.example/i/x".to_owned(),
        };
        let code = Says::OneTimeCode {
            purpose: CodePurpose::AcceptInvitation,
            code: "123456".to_owned(),
            minutes: 10,
        };
        let to_the_phone = |says| {
            let mut input = about(user, says);
            (input.message.user, input.message.to) = (None, Some(phone.parse().expect("a contact")));
            input
        };
        let process = start(house, to_the_phone(invited)).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Withheld(Withheld::NoChannel));
        assert_eq!((by_whatsapp(house, &phone), by_sms(house, &phone)), (0, 0));
        let process = start(house, to_the_phone(code)).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Arrived);
        assert_eq!((by_whatsapp(house, &phone), by_sms(house, &phone)), (0, 1));
    });
}

#[test]
fn a_message_that_no_channel_takes_is_given_up_with_its_reason() {
    live(async |house| {
        let user = house.person_born("1990-05-17", 26).await;
        let phone = phone_of(house, user).await;
        let digits = phone.trim_start_matches('+').to_owned();
        let code = "SVC0004".to_owned();
        let fault = Fault::Refused { status: 400, code };
        house.world.orange.fault(orange::FaultRule::always(orange::Endpoint::Send, fault).about(digits));
        let input = about(user, money());
        let notice = input.message.notice;
        let process = start(house, input).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::GivenUp);
        let entry =
            notices::notice(&house.pool, notice).await.expect("Postgres answers").expect("the message");
        assert_eq!(entry.stage, NoticeStage::Failed);
        assert!(entry.given_up.is_some());
        keep(house, "notice-given-up", &process).await;
    });
}

#[test]
fn a_message_that_can_wait_waits_for_the_morning() {
    live(async |house| {
        let user = house.person().await;
        let now = Utc::now();
        let mut input = about(user, news());
        input.rules.quiet_from = now.hour();
        input.rules.quiet_until = (now.hour() + 2) % 24;
        let process = start(house, input).await;
        let phone = phone_of(house, user).await;
        let status = until("it waits", async || {
            let handle = house.control.client().get_workflow_handle::<NoticeDelivery>(process.clone());
            let status = handle.query(NoticeDelivery::status, (), Default::default()).await.ok()?;
            status.not_before
        })
        .await;
        assert_eq!((status.hour(), by_whatsapp(house, &phone)), ((now.hour() + 2) % 24, 0));
        house.set_off(&process, TimeDelta::hours(3));
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Arrived);
        assert_eq!(by_whatsapp(house, &phone), 1);
        keep(house, "notice-waited-for-the-morning", &process).await;
    });
}

#[test]
fn what_would_come_too_late_is_not_said() {
    live(async |house| {
        let user = house.person().await;
        let mut input = about(user, news());
        input.expires = Some(Utc::now() - TimeDelta::seconds(1));
        let process = start(house, input).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Withheld(Withheld::Expired));
    });
}

#[test]
fn a_code_of_which_nothing_is_heard_comes_by_sms_as_well() {
    live(async |house| {
        let user = house.person().await;
        let phone = phone_of(house, user).await;
        let about_phone = WebhookFaultRule {
            about: Some(phone.trim_start_matches('+').to_owned()),
            ..WebhookFaultRule::always(WebhookFault::Lost)
        };
        house.world.whatsapp.webhook_fault(about_phone);
        let purpose = wolo_domain::accounts::CodePurpose::SignIn;
        let mut input = about(user, Says::OneTimeCode { purpose, code: "123456".to_owned(), minutes: 10 });
        input.message.to = Some(Contact::Phone(phone.parse().expect("a phone")));
        let process = start(house, input).await;
        until("WhatsApp has it", async || (by_whatsapp(house, &phone) == 1).then_some(())).await;
        house.set_off(&process, TimeDelta::seconds(61));
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Arrived);
        assert_eq!((by_whatsapp(house, &phone), by_sms(house, &phone)), (1, 1));
        keep(house, "notice-code-by-two-channels", &process).await;
    });
}

#[test]
fn a_receipt_that_comes_twice_or_says_less_changes_nothing() {
    live(async |house| {
        let user = house.person().await;
        let phone = phone_of(house, user).await;
        let rule = WebhookFaultRule::always(WebhookFault::Duplicate { copies: 2 });
        house.world.whatsapp.webhook_fault(WebhookFaultRule {
            about: Some(phone.trim_start_matches('+').to_owned()),
            ..rule
        });
        let input = about(user, money());
        let notice = input.message.notice;
        let process = start(house, input).await;
        assert_eq!(outcome(house, &process).await, NoticeOutcome::Arrived);
        stands(house, notice, NoticeStage::Read, Channel::WhatsApp).await;
        let told = notices::attempts_of(&house.pool, notice).await.expect("Postgres answers");
        assert_eq!(told.len(), 1);
        let mut fates = told[0].told.clone();
        fates.sort_unstable();
        fates.dedup();
        assert_eq!(fates.len(), told[0].told.len(), "each is kept once: {:?}", told[0].told);
    });
}

/// What the outbox holds becomes messages, in the words of their channel.
#[test]
fn an_owner_and_a_giver_are_told_of_a_gift_and_the_owner_of_the_goal_once() {
    live(async |house| {
        let owner = house.person().await;
        let pot = house.open_pot_of(owner).await;
        let giver = phones::unused();
        let mut gift = house.gift(pot, 25_000);
        gift.request.donor.phone = Some(giver.parse().expect("a phone"));
        let asked = house.ask_for(gift).await;
        house.pay(&asked);
        let owner = phone_of(house, owner).await;
        let texts = |to: &str| -> Vec<String> {
            let to = to.to_owned();
            house.world.whatsapp.look(|book| {
                book.messages().iter().filter(|sent| sent.to == to).map(|sent| sent.text.clone()).collect()
            })
        };
        until("both are told", async || (texts(&owner).len() == 3 && texts(&giver).len() == 1).then_some(()))
            .await;
        house.give(pot, 1_000).await;
        until("the second gift is told too", async || (texts(&owner).len() == 4).then_some(())).await;
        let goals = texts(&owner).iter().filter(|text| text.contains("objectif")).count();
        assert_eq!(goals, 1, "{:?}", texts(&owner));
    });
}

/// The message says that the pot stays open.
#[test]
fn a_goal_that_is_reached_when_the_pot_has_closed_is_not_told() {
    live(async |house| {
        let owner = house.person().await;
        let pot = house.open_pot_of(owner).await;
        let asked = house.ask(pot, 25_000).await;
        house.bend_webhooks(&asked, WebhookFault::Lost);
        house.pay(&asked);
        close(house, pot).await;
        until("the gift is found", async || (house.given(pot).await == 25_000).then_some(())).await;
        let phone = phone_of(house, owner).await;
        until("the owner is told of the gift", async || {
            house.world.whatsapp.look(|book| {
                let mut told = book.messages().iter().filter(|sent| sent.to == phone);
                told.any(|sent| sent.text.starts_with("Bonne nouvelle")).then_some(())
            })
        })
        .await;
        let goal = ids::notice(&format!("goal-{pot}"), &owner.to_string());
        let handle = house.control.client().get_workflow_handle::<NoticeDelivery>(goal);
        assert!(handle.describe(Default::default()).await.is_err(), "nobody is told of the goal");
    });
}

#[test]
fn the_worker_tells_of_each_provider_whether_calls_to_it_are_let_through() {
    live(async |house| {
        let breakers = until("the worker is among the processes", async || {
            let all = processes::all(&house.pool).await.expect("Postgres answers");
            all.into_iter().find(|one| one.kind == Kind::Worker).map(|worker| worker.breakers)
        })
        .await;
        assert_eq!(breakers.keys().collect::<Vec<_>>(), ["orange", "wave", "whatsapp"]);
    });
}
