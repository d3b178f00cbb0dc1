//! Messages: tries, receipts in any order, what people do not want, and who sees what.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use wolo_database::accounts::preferences::{self, Preferences};
use wolo_database::notices::{
    self, About, Answer, Attempt, Beginning, End, Entry, Filter, Notice, OptOut, Platform, Receipt,
    Refusable, Window,
};
use wolo_database::{Context, Page};
use wolo_domain::contacts::{Contact, Email};
use wolo_domain::ids::{NoticeId, UserId};
use wolo_domain::notices::{Category, Channel, Fate, Kind, NoticeStage, Withheld};

use crate::scene::{Scene, at, unique, wave_now};

/// A message that is written down, with what its opt-out link shows.
struct Written {
    id: NoticeId,
    link: String,
}

impl Scene {
    async fn notice(&self, user: UserId, kind: Kind) -> Written {
        let (event, person) = (format!("event-{}", unique()), user.to_string());
        self.write(&event, &person, Some(user), kind, None).await
    }

    async fn write(
        &self,
        event: &str,
        person: &str,
        user: Option<UserId>,
        kind: Kind,
        mail_to: Option<&Email>,
    ) -> Written {
        let id = NoticeId::of(event, person);
        let process = format!("notice/{event}:{person}");
        let notice = Notice { id, process: &process, event, person, kind, user, pot: None, mail_to };
        notices::add(&self.pool, notice).await.expect("a message");
        let link = notices::opt_out_secret(&self.pool, id).await.expect("a secret");
        Written { id, link }
    }

    /// A try that a provider has taken, under a name that only it has.
    async fn accepted(&self, notice: NoticeId, number: u32, channel: Channel) -> (Attempt, String) {
        let attempt = Attempt { notice, number };
        let begun = notices::begin(&self.pool, attempt, channel, "whatsapp").await.expect("a beginning");
        assert_eq!(begun, Beginning::First);
        let provider_id = format!("wamid.{}", unique());
        let answer = Answer::Accepted { provider_id: provider_id.clone() };
        notices::answer(&self.pool, attempt, &answer).await.expect("an answer");
        (attempt, provider_id)
    }

    async fn told(&self, attempt: Attempt, event_id: &str, fate: Fate) -> bool {
        let receipt = Receipt { provider: "whatsapp", event_id, fate, code: None, at: wave_now() };
        let mut connection = self.pool.acquire().await.expect("a connection");
        notices::receive(&mut connection, attempt, receipt).await.expect("a receipt")
    }

    async fn standing(&self, notice: NoticeId) -> Entry {
        notices::notice(&self.pool, notice).await.expect("a look").expect("a message")
    }

    async fn closed(&self, user: UserId) -> Vec<Channel> {
        notices::reach(&self.pool, Some(user), &[], "x", Utc::now()).await.expect("a reach").opted_out
    }

    async fn says(&self, channel: Channel, address: &str, stop: bool, said_at: DateTime<Utc>) {
        let mut connection = self.pool.acquire().await.expect("a connection");
        if stop {
            notices::opt_out(&mut connection, channel, address, OptOut::Reply, said_at)
                .await
                .expect("a stop");
        } else {
            notices::opt_in(&mut connection, channel, address, said_at).await.expect("a start");
        }
    }
}

#[tokio::test]
async fn a_try_is_begun_once_and_what_came_of_it_stays() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let notice = scene.notice(user, Kind::GiftReceipt).await.id;
    let attempt = Attempt { notice, number: 1 };
    let begin = async || notices::begin(&scene.pool, attempt, Channel::Sms, "orange").await.expect("begun");
    let answer = async |answer: Answer| {
        notices::answer(&scene.pool, attempt, &answer).await.expect("an answer");
    };
    assert_eq!(begin().await, Beginning::First);
    assert_eq!(begin().await, Beginning::Begun);
    assert!(notices::is_handed_over(&scene.pool, "orange").await.expect("a look"));
    // The call was not made, for certain.
    notices::take_back(&scene.pool, attempt).await.expect("taken back");
    assert!(!notices::is_handed_over(&scene.pool, "orange").await.expect("a look"));
    assert_eq!(begin().await, Beginning::First);
    answer(Answer::Unknown).await;
    assert_eq!(begin().await, Beginning::Answered(Answer::Unknown));
    let accepted = Answer::Accepted { provider_id: "1".to_owned() };
    answer(accepted.clone()).await;
    answer(Answer::Refused { code: "late".to_owned() }).await;
    notices::take_back(&scene.pool, attempt).await.expect("nothing to take back");
    assert_eq!(begin().await, Beginning::Answered(accepted));
}

#[tokio::test]
async fn a_message_is_written_once_for_an_event_and_a_person() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let write = async || scene.write("event", "a person", Some(user), Kind::Welcome, None).await;
    let (first, second) = (write().await, write().await);
    assert_eq!((first.id, &first.link), (second.id, &second.link));
    let all = notices::list(&scene.pool, Filter::default(), Page::first(10)).await.expect("a list");
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].stage, all[0].channel), (NoticeStage::Queued, None));
}

fn orders(fates: &[Fate]) -> Vec<Vec<Fate>> {
    if fates.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |first: &Fate| {
        let rest: Vec<_> = fates.iter().copied().filter(|fate| fate != first).collect();
        orders(&rest)
            .into_iter()
            .map(|mut order| {
                order.insert(0, *first);
                order
            })
            .collect::<Vec<_>>()
    };
    fates.iter().flat_map(with_first).collect()
}

#[tokio::test]
async fn a_message_stands_where_the_furthest_receipt_says_in_whatever_order_they_come() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let all = orders(&Fate::ALL);
    assert_eq!(all.len(), 24);
    for order in all {
        let notice = scene.notice(user, Kind::DaysLeft).await.id;
        let (attempt, _) = scene.accepted(notice, 1, Channel::WhatsApp).await;
        let mut heard = BTreeSet::new();
        for fate in &order {
            let event = format!("{notice}.{fate}");
            assert!(scene.told(attempt, &event, *fate).await);
            assert!(!scene.told(attempt, &event, *fate).await, "it counts once");
            heard.insert(*fate);
            let expected = if heard.contains(&Fate::Read) {
                NoticeStage::Read
            } else if heard.contains(&Fate::Delivered) {
                NoticeStage::Delivered
            } else if heard.contains(&Fate::Failed) {
                // The next channel is to be tried.
                NoticeStage::Queued
            } else {
                NoticeStage::Accepted
            };
            assert_eq!(scene.standing(notice).await.stage, expected, "{order:?} after {fate}");
        }
    }
}

#[tokio::test]
async fn a_message_that_was_given_up_and_came_all_the_same_came() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let notice = scene.notice(user, Kind::DaysLeft).await.id;
    let (first, _) = scene.accepted(notice, 1, Channel::WhatsApp).await;
    assert!(scene.told(first, "1.failed", Fate::Failed).await);
    let (second, _) = scene.accepted(notice, 2, Channel::Sms).await;
    assert_eq!(scene.standing(notice).await.stage, NoticeStage::Accepted);
    assert!(scene.told(second, "2.failed", Fate::Failed).await);
    notices::end(&scene.pool, notice, End::GivenUp("undelivered")).await.expect("an end");
    notices::end(&scene.pool, notice, End::Withheld(Withheld::Muted)).await.expect("ended before");
    let entry = scene.standing(notice).await;
    assert_eq!((entry.stage, entry.given_up.as_deref()), (NoticeStage::Failed, Some("undelivered")));
    assert_eq!(entry.withheld, None);
    // Another phone of the same person was switched on.
    assert!(scene.told(first, "1.delivered", Fate::Delivered).await);
    assert_eq!(scene.standing(notice).await.stage, NoticeStage::Delivered);
    let tried = notices::attempts_of(&scene.pool, notice).await.expect("tries");
    assert_eq!(tried[0].told, ["failed", "delivered"]);
    assert_eq!((tried[1].number, tried[1].channel), (2, Channel::Sms));
}

#[tokio::test]
async fn a_receipt_finds_its_message_by_our_name_and_by_its_providers() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let notice = scene.notice(user, Kind::GiftReceipt).await.id;
    let (attempt, provider_id) = scene.accepted(notice, 1, Channel::WhatsApp).await;
    let api = scene.pool_as("wolo_api").await;
    let mut tx = Context::messenger().begin(&api).await.expect("a transaction");
    for name in [About::Ours(attempt), About::Provider { provider: "whatsapp", id: &provider_id }] {
        let found = notices::about(&mut *tx, name).await.expect("a look").expect("the message");
        assert_eq!((found.attempt, found.channel), (attempt, Channel::WhatsApp));
        assert!(found.process.starts_with("notice/"));
    }
    for name in [
        About::Ours(Attempt { notice, number: 2 }),
        About::Provider { provider: "twilio", id: &provider_id },
        About::Provider { provider: "whatsapp", id: "wamid.other" },
    ] {
        assert_eq!(notices::about(&mut *tx, name).await.expect("a look"), None);
    }
    let receipt =
        Receipt { provider: "whatsapp", event_id: "1", fate: Fate::Read, code: None, at: wave_now() };
    assert!(notices::receive(&mut tx, attempt, receipt).await.expect("a receipt"));
    drop(tx);
    // Somebody who is no provider tells nothing.
    let mut tx = Context::user(user).begin(&api).await.expect("a transaction");
    assert!(notices::receive(&mut tx, attempt, receipt).await.is_err());
}

#[tokio::test]
async fn an_older_start_does_not_undo_a_later_stop() {
    let scene = Scene::new().await;
    let person = scene.person().await;
    let phone = person.phone.as_ref().expect("a phone").reveal().to_owned();
    let minute = |minute| at("2031-03-01T12:00:00Z") + TimeDelta::minutes(minute);
    let (whatsapp, user) = (Channel::WhatsApp, person.id);
    scene.says(whatsapp, &phone, true, minute(2)).await;
    scene.says(whatsapp, &phone, false, minute(1)).await;
    assert_eq!(scene.closed(user).await, [whatsapp]);
    scene.says(whatsapp, &phone, false, minute(3)).await;
    assert_eq!(scene.closed(user).await, []);
    // And once more; said twice it is still one opt-out, as old as the later one.
    scene.says(whatsapp, &phone, true, minute(5)).await;
    scene.says(whatsapp, &phone, true, minute(7)).await;
    scene.says(whatsapp, &phone, false, minute(6)).await;
    assert_eq!(scene.closed(user).await, [whatsapp]);
    // On the other channel of the same number they may still be reached.
    scene.says(Channel::Sms, &phone, true, minute(1)).await;
    scene.says(whatsapp, &phone, false, minute(8)).await;
    assert_eq!(scene.closed(user).await, [Channel::Sms]);
    let kept: i64 = scene.read("select count(*) from notices.opt_outs").await;
    assert_eq!(kept, 3, "what was wanted when stays");
}

#[tokio::test]
async fn what_is_heard_again_is_not_new() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let mut tx = Context::messenger().begin(&api).await.expect("a transaction");
    for (provider, event, is_new) in
        [("twilio", "SM1", true), ("twilio", "SM1", false), ("whatsapp", "SM1", true)]
    {
        assert_eq!(notices::hear(&mut tx, provider, event).await.expect("heard"), is_new);
    }
    drop(tx);
    let mut tx = Context::visitor().begin(&api).await.expect("a transaction");
    assert!(notices::hear(&mut tx, "twilio", "SM2").await.is_err());
}

#[tokio::test]
async fn how_somebody_is_reached_is_what_they_have_and_what_they_chose() {
    let scene = Scene::new().await;
    let person = scene.person().await;
    let user = person.id;
    scene
        .force(&format!(
            "update people.users set email = 'awa@example.sn', language = 'en' where user_id = '{}'",
            user.uuid()
        ))
        .await;
    let mut connection = scene.pool.acquire().await.expect("a connection");
    notices::add_device(&mut connection, user, "token", Platform::Android).await.expect("a device");
    let chosen = Preferences {
        muted: vec![Category::News],
        channels: Some(vec![Channel::Push, Channel::Email]),
        birthday_pot: None,
    };
    let api = scene.pool_as("wolo_api").await;
    let mut tx = Context::user(user).begin(&api).await.expect("a transaction");
    preferences::set(&mut tx, user, &chosen).await.expect("set");
    tx.commit().await.expect("a commit");
    notices::opt_out(&mut connection, Channel::Email, "awa@example.sn", OptOut::Staff, Utc::now())
        .await
        .expect("opted out");
    drop(connection);
    let word = user.to_string();
    let reach = async |contacts: &[Contact]| {
        notices::reach(&scene.pool, Some(user), contacts, &word, Utc::now()).await.expect("a reach")
    };
    let found = reach(&[]).await;
    assert_eq!(found.phone, person.phone);
    assert_eq!(found.email.as_ref().map(Email::reveal), Some("awa@example.sn"));
    assert_eq!((found.devices.as_slice(), found.language.as_str()), (["token".to_owned()].as_slice(), "en"));
    assert_eq!((found.muted, found.channels), (chosen.muted, chosen.channels));
    assert_eq!((found.opted_out.as_slice(), found.today), ([Channel::Email].as_slice(), 0));
    // A message about a contact goes to that one alone.
    let contact: Contact = "moussa@example.sn".parse().expect("an address");
    let phone: Contact = "+221781112233".parse().expect("a number");
    let found = reach(&[phone.clone(), contact.clone()]).await;
    assert_eq!(found.email.as_ref().map(Email::reveal), Some("moussa@example.sn"));
    assert_eq!(found.phone.map(Contact::Phone), Some(phone), "or to another of theirs");
    let found = reach(&[contact]).await;
    assert_eq!(found.email.as_ref().map(Email::reveal), Some("moussa@example.sn"));
    assert!(found.phone.is_none() && found.devices.is_empty() && found.opted_out.is_empty());
    // Two tries are one message; one that was refused is none.
    let notice = scene.notice(user, Kind::DaysLeft).await.id;
    scene.accepted(notice, 1, Channel::WhatsApp).await;
    scene.accepted(notice, 2, Channel::Sms).await;
    let refused = Attempt { notice: scene.notice(user, Kind::LastDay).await.id, number: 1 };
    notices::begin(&scene.pool, refused, Channel::Sms, "orange").await.expect("begun");
    let answer = Answer::Refused { code: "SVC0004".to_owned() };
    notices::answer(&scene.pool, refused, &answer).await.expect("an answer");
    assert_eq!(reach(&[]).await.today, 1);
}

#[tokio::test]
async fn somebodys_words_open_the_window_for_a_day() {
    let scene = Scene::new().await;
    let mut connection = scene.pool.acquire().await.expect("a connection");
    let mut wrote = async |address: &str, ago: TimeDelta| {
        notices::wrote_to_us(&mut connection, address, Utc::now() - ago).await.expect("written");
    };
    wrote("+221770000001", TimeDelta::hours(1)).await;
    // An older word that comes later does not close it.
    wrote("+221770000001", TimeDelta::days(3)).await;
    wrote("+221770000002", TimeDelta::hours(24)).await;
    let window = async |address| notices::window_of(&scene.pool, address).await.expect("a look");
    assert_eq!(window("+221770000001").await, Window::Open);
    assert_eq!(window("+221770000002").await, Window::Closed);
    assert_eq!(window("+221770000003").await, Window::Closed);
}

#[tokio::test]
async fn a_phone_that_changes_hands_is_nobody_elses_any_more() {
    let scene = Scene::new().await;
    let (awa, moussa) = (scene.person().await.id, scene.person().await.id);
    let api = scene.pool_as("wolo_api").await;
    let add = async |user: UserId, token: &str, platform| {
        let mut tx = Context::user(user).with_device(token).begin(&api).await.expect("a transaction");
        let device = notices::add_device(&mut tx, user, token, platform).await.expect("a device");
        tx.commit().await.expect("a commit");
        device
    };
    let of = async |user| notices::devices_of(&scene.pool, user).await.expect("devices");
    let first = add(awa, "the phone", Platform::Android).await;
    let again = add(awa, "the phone", Platform::Ios).await;
    assert_eq!((first.id, again.platform), (again.id, Platform::Ios));
    let theirs = add(moussa, "the phone", Platform::Ios).await;
    assert_eq!((of(awa).await.len(), of(moussa).await.len()), (0, 1));
    // Whoever does not have the phone takes nothing.
    let mut tx = Context::user(awa).begin(&api).await.expect("a transaction");
    assert!(!notices::remove_device(&mut tx, awa, theirs.id).await.expect("an answer"));
    assert!(notices::add_device(&mut tx, awa, "the phone", Platform::Web).await.is_err());
    drop(tx);
    assert_eq!(of(moussa).await.len(), 1);
    let mut tx = Context::user(moussa).begin(&api).await.expect("a transaction");
    assert!(notices::remove_device(&mut tx, moussa, theirs.id).await.expect("an answer"));
    assert!(!notices::remove_device(&mut tx, moussa, theirs.id).await.expect("an answer"));
    tx.commit().await.expect("a commit");
    assert_eq!(of(moussa).await, []);
    // The provider says that nobody is there.
    add(awa, "gone", Platform::Web).await;
    notices::forget_device(&scene.pool, "gone").await.expect("forgotten");
    assert_eq!(of(awa).await, []);
}

#[tokio::test]
async fn who_has_too_many_phones_loses_the_oldest() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let mut connection = scene.pool.acquire().await.expect("a connection");
    let mut added = Vec::new();
    for phone in 0..12 {
        let token = format!("phone {phone}");
        let device = notices::add_device(&mut connection, user, &token, Platform::Android).await;
        added.push(device.expect("a device").id);
    }
    let kept: Vec<_> = notices::devices_of(&scene.pool, user)
        .await
        .expect("devices")
        .into_iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(kept, added[2..]);
}

#[tokio::test]
async fn the_link_in_a_mail_is_enough_to_want_no_more_of_its_kind_and_for_nothing_else() {
    let scene = Scene::new().await;
    let (awa, moussa) = (scene.person().await.id, scene.person().await.id);
    let api = scene.pool_as("wolo_api").await;
    let reminder = scene.notice(awa, Kind::DaysLeft).await;
    let money = scene.notice(awa, Kind::GiftReceipt).await;
    let with = async |link: &str| {
        let mut tx = Context::visitor().with_opt_out(link).begin(&api).await.expect("a transaction");
        let refusable = notices::of_link(&mut *tx, link).await.expect("a look");
        (tx, refusable)
    };
    assert!(with(&money.link).await.1.is_none(), "it must be heard");
    assert!(with("another").await.1.is_none());
    let (mut tx, refusable) = with(&reminder.link).await;
    assert!(matches!(refusable, Some(Refusable::Category(user, Category::Reminders)) if user == awa));
    for _ in 0..2 {
        preferences::mute(&mut tx, awa, Category::Reminders).await.expect("muted");
    }
    tx.commit().await.expect("a commit");
    // It adds to what they chose.
    let (mut tx, _) = with(&scene.notice(awa, Kind::ThankYou).await.link).await;
    preferences::mute(&mut tx, awa, Category::Wishes).await.expect("muted");
    assert!(preferences::mute(&mut tx, moussa, Category::Wishes).await.is_err(), "somebody else's");
    drop(tx);
    let muted = preferences::of_user(&scene.pool, awa).await.expect("preferences").muted;
    assert_eq!(muted, [Category::Reminders]);
    // Without the link nothing of it is there, whatever the query says.
    let mut tx = Context::visitor().begin(&api).await.expect("a transaction");
    assert!(notices::of_link(&mut *tx, &reminder.link).await.expect("a look").is_none());
}

#[tokio::test]
async fn who_has_no_account_closes_their_address_by_the_link() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let address: Email = "binta@example.sn".parse().expect("an address");
    let invitation = scene.write("invitation", "don_1", None, Kind::Invitation, Some(&address)).await;
    let mut tx = Context::visitor().with_opt_out(&invitation.link).begin(&api).await.expect("a transaction");
    let refusable = notices::of_link(&mut *tx, &invitation.link).await.expect("a look");
    assert!(matches!(refusable, Some(Refusable::Mail(of)) if of == address));
    for _ in 0..2 {
        notices::opt_out(&mut tx, Channel::Email, address.reveal(), OptOut::Link, Utc::now())
            .await
            .expect("closed");
    }
    tx.commit().await.expect("a commit");
    let contact = Contact::Email(address.clone());
    let reach = notices::reach(&scene.pool, None, &[contact], "don_1", Utc::now()).await.expect("a reach");
    assert_eq!(reach.opted_out, [Channel::Email]);
    let mut tx = Context::visitor().with_opt_out(&invitation.link).begin(&api).await.expect("a transaction");
    let other = notices::opt_out(&mut tx, Channel::Email, "x@example.sn", OptOut::Link, Utc::now()).await;
    assert!(other.is_err(), "somebody else's address");
}

#[tokio::test]
async fn people_page_through_their_own_messages_the_newest_first() {
    let scene = Scene::new().await;
    let (awa, moussa) = (scene.person().await.id, scene.person().await.id);
    let mut written = Vec::new();
    for kind in [Kind::Welcome, Kind::PotScheduled, Kind::PotOpened] {
        written.push(scene.notice(awa, kind).await.id);
        scene.notice(moussa, kind).await;
    }
    written.reverse();
    let api = scene.pool_as("wolo_api").await;
    let mut tx = Context::user(awa).begin(&api).await.expect("a transaction");
    let first = notices::of_user(&mut *tx, awa, Page::first(2)).await.expect("a page");
    let rest = notices::of_user(&mut *tx, awa, Page::after(first[1].id, 2)).await.expect("a page");
    let seen: Vec<_> = first.iter().chain(&rest).map(|entry| entry.id).collect();
    assert_eq!(seen, written);
    assert_eq!(notices::of_user(&mut *tx, moussa, Page::first(2)).await.expect("a page"), []);
}
