//! What becomes of a message is told, signed, in any order, and perhaps twice.

use std::time::Duration;

use aws_lc_rs::hmac;
use wolo_sandbox::emulator::Place;
use wolo_sandbox::faults::{WebhookFault, WebhookFaultRule};
use wolo_sandbox::telling::DeliveryState;
use wolo_sandbox::whatsapp::{Options, Status};

use super::{AWA, Sender, options, statuses, template, text, words_of};
use crate::facts::SOON;
use crate::receiver::Letter;

/// Whether the letter's signature is that of the app's secret over its bytes.
fn is_signed(sender: &Sender, letter: &Letter) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, sender.emulator.options().app_secret.as_bytes());
    let header = letter.headers["x-hub-signature-256"].to_str().unwrap();
    hmac::verify(&key, &letter.body, &hex::decode(header.strip_prefix("sha256=").unwrap()).unwrap()).is_ok()
}

#[tokio::test]
async fn a_message_is_sent_delivered_and_read_and_each_is_told_and_signed() {
    let sender = Sender::open().await;
    let id = sender.sent(&template(AWA)).await;
    let told = sender.statuses(&id, 3).await;
    assert_eq!(words_of(&told), ["delivered", "read", "sent"]);
    for status in &told {
        assert_eq!(
            (&status["biz_opaque_callback_data"], &status["recipient_id"]),
            (&"ntf_1".into(), &"221770000001".into())
        );
    }
    assert!(sender.receiver.letters().iter().all(|letter| is_signed(&sender, letter)));
    let kept = sender.emulator.look(|book| book.message(&id).cloned()).unwrap();
    assert_eq!((kept.status, kept.to.as_str()), (Status::Read, AWA));
    assert_eq!(kept.text, "Bonjour Awa, votre cagnotte est ouverte.");
    assert_eq!(sender.emulator.look(|book| book.messages_for("ntf_1").count()), 1);
}

#[tokio::test]
async fn numbers_with_an_ending_of_their_own_fail_as_it_says() {
    let sender = Sender::open().await;
    for (to, code) in [("+221770000026", 131_026), ("+221770000050", 131_050)] {
        let id = sender.sent(&template(to)).await;
        let told = sender.statuses(&id, 1).await;
        assert_eq!((words_of(&told), &told[0]["errors"][0]["code"]), (vec!["failed"], &code.into()), "{to}");
        assert_eq!(sender.emulator.look(|book| book.message(&id).unwrap().code), Some(code));
    }
    let busy = "+221770000029";
    let (status, refusal) = sender.send(&template(busy)).await;
    assert_eq!((status, &refusal["error"]["code"]), (429, &130_429.into()));
    sender.sent(&template(busy)).await;
}

#[tokio::test]
async fn one_writes_freely_only_within_a_day_of_the_persons_own_words() {
    let sender = Sender::open().await;
    let (awa, picky) = (AWA, "+221770000047");
    let fails = async |to| {
        let id = sender.sent(&text(to, "Bonjour")).await;
        sender.statuses(&id, 1).await[0]["errors"][0]["code"] == 131_047
    };
    assert!(fails(awa).await);
    sender.emulator.write(awa, "Salut");
    sender.emulator.write(picky, "Salut");
    assert!(!fails(awa).await && fails(picky).await);
    sender.sent(&template(picky)).await;
    sender.emulator.move_clock(Duration::from_hours(24));
    assert!(fails(awa).await);
}

#[tokio::test]
async fn a_channel_that_is_off_reaches_nobody_until_it_is_on() {
    let sender = Sender::open().await;
    sender.emulator.switch(true);
    let id = sender.sent(&template(AWA)).await;
    assert_eq!(sender.statuses(&id, 1).await[0]["errors"][0]["code"], 131_026);
    sender.emulator.switch(false);
    let id = sender.sent(&template(AWA)).await;
    assert_eq!(words_of(&sender.statuses(&id, 3).await).len(), 3);
}

#[tokio::test]
async fn too_many_to_one_phone_or_in_one_second_are_refused() {
    let few = Options { pair_burst: 2, ..options() };
    let sender = Sender::with(few).await;
    let code = async |to| sender.send(&template(to)).await.1["error"]["code"].clone();
    assert!(code(AWA).await.is_null() && code(AWA).await.is_null());
    assert_eq!(code(AWA).await, 131_056);
    assert!(code("+221770000002").await.is_null());
    sender.emulator.move_clock(Duration::from_secs(6));
    assert!(code(AWA).await.is_null());

    let slow = Sender::with(Options { per_second: 2, ..options() }).await;
    let mut refused = 0;
    for phone in 0..6 {
        let (status, answer) = slow.send(&template(&format!("+22177000010{phone}"))).await;
        assert_eq!(status == 429, answer["error"]["code"] == 130_429);
        refused += u32::from(status == 429);
    }
    // Six calls may fall into two seconds, and hardly into three.
    assert!(refused > 0);
}

#[tokio::test]
async fn receipts_come_twice_late_in_disorder_or_forged_when_told_to() {
    let quiet = Options { people_read: false, ..options() };
    let sender = Sender::with(quiet).await;
    let rule = |fault, about: &str| WebhookFaultRule {
        about: Some(about.to_owned()),
        ..WebhookFaultRule::once(fault)
    };
    sender.emulator.webhook_fault(rule(WebhookFault::Duplicate { copies: 1 }, "\"status\":\"sent\""));
    let id = sender.sent(&template(AWA)).await;
    assert_eq!(words_of(&sender.statuses(&id, 3).await), ["delivered", "sent", "sent"]);

    sender.emulator.webhook_fault(rule(WebhookFault::Reordered, "\"status\":\"sent\""));
    let id = sender.sent(&template(AWA)).await;
    let told = sender.statuses(&id, 2).await;
    let order: Vec<_> = told.iter().map(|status| status["status"].as_str().unwrap()).collect();
    assert_eq!(order, ["delivered", "sent"]);

    sender.emulator.webhook_fault(WebhookFaultRule::once(WebhookFault::Forged));
    let before = sender.receiver.letters().len();
    sender.sent(&template(AWA)).await;
    let letters = sender.receiver.wait(before + 2).await;
    let good = letters[before..].iter().filter(|letter| is_signed(&sender, letter)).count();
    assert_eq!(good, 1);

    sender.emulator.webhook_fault(WebhookFaultRule::once(WebhookFault::Lost));
    let id = sender.sent(&template(AWA)).await;
    sender.statuses(&id, 1).await;
    let lost =
        |one: &wolo_sandbox::emulator::Delivery| one.state == DeliveryState::Lost && one.body.contains(&id);
    assert!(sender.emulator.deliveries().iter().any(lost));
}

#[tokio::test]
async fn what_happens_within_a_moment_is_told_in_one_letter_and_again_until_it_is_heard() {
    let place = Place { webhook_gather: Duration::from_millis(300), ..Place::quick() };
    let sender = Sender::with(Options { place, ..options() }).await;
    let deaf = crate::receiver::Receiver::answering(&[500, 503]).await;
    sender.emulator.register_webhook(&deaf.url);
    for phone in 0..20 {
        sender.sent(&template(&format!("+2217700001{phone:02}"))).await;
    }
    let all = |letters: &[Letter]| statuses(letters).len();
    let told = |done: &[wolo_sandbox::emulator::Delivery]| {
        done.iter().filter(|one| one.state == DeliveryState::Delivered).count() == done.len()
            && done.iter().map(|one| one.body.matches("\"status\"").count()).sum::<usize>() == 2 * 60
    };
    sender.emulator.wait_for_deliveries(told, SOON).await.unwrap();
    assert!(all(&deaf.letters()) > all(&sender.receiver.letters()));
    assert!(sender.receiver.letters().len() < 30, "{}", sender.receiver.letters().len());
}
