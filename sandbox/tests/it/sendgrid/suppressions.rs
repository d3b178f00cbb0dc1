//! To whom nothing is sent, and how one ends that.

use reqwest::Method;
use serde_json::{Value, json};
use wolo_sandbox::sendgrid::List;

use super::{AWA, Sender, mail, words_of};

async fn asked(sender: &Sender, method: Method, path: &str) -> (u16, Value) {
    let answer = sender.request(method, path).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn who_bounced_once_is_not_tried_again_until_the_list_forgets_them() {
    let sender = Sender::open().await;
    let bounce = "bounce@example.sn";
    let id = sender.sent(&mail(bounce)).await;
    sender.events(&id, 2).await;
    let id = sender.sent(&mail(bounce)).await;
    let told = sender.events(&id, 1).await;
    assert_eq!((words_of(&told), &told[0]["reason"]), (vec!["dropped"], &json!("Bounced Address")));

    let (_, all) = asked(&sender, Method::GET, "suppression/bounces").await;
    assert_eq!((&all[0]["email"], &all[0]["status"]), (&json!(bounce), &json!("5.1.1")));
    let one = format!("suppression/bounces/{bounce}");
    assert_eq!(asked(&sender, Method::GET, &one).await.1.as_array().unwrap().len(), 1);
    assert_eq!(asked(&sender, Method::DELETE, &one).await.0, 204);
    assert_eq!(asked(&sender, Method::DELETE, &one).await.0, 404);
    assert_eq!(asked(&sender, Method::GET, &one).await, (200, json!([])));
    let id = sender.sent(&mail(bounce)).await;
    assert_eq!(words_of(&sender.events(&id, 2).await), ["bounce", "processed"]);
}

#[tokio::test]
async fn each_reason_has_its_list_and_a_block_is_none_to_stop_for() {
    let sender = Sender::open().await;
    for (address, list, count) in [("block@a.sn", "blocks", 2), ("spam@a.sn", "spam_reports", 3)] {
        let id = sender.sent(&mail(address)).await;
        sender.events(&id, count).await;
        assert_eq!(asked(&sender, Method::GET, &format!("suppression/{list}")).await.1[0]["email"], address);
    }
    let id = sender.sent(&mail("block@a.sn")).await;
    assert_eq!(words_of(&sender.events(&id, 2).await), ["bounce", "processed"]);
    let id = sender.sent(&mail("spam@a.sn")).await;
    assert_eq!(sender.events(&id, 1).await[0]["reason"], "Spam Reporting Address");
    assert_eq!(asked(&sender, Method::GET, "suppression/friends").await.0, 404);
    assert_eq!(asked(&sender, Method::GET, "suppression/blocks?offset=1").await.1, json!([]));
    assert_eq!(asked(&sender, Method::GET, "suppression/blocks?end_time=1").await.1, json!([]));
}

#[tokio::test]
async fn the_global_list_is_ours_to_keep() {
    let sender = Sender::open().await;
    let global = "asm/suppressions/global";
    let request = sender.request(Method::POST, global).json(&json!({ "recipient_emails": [AWA] }));
    assert_eq!(request.send().await.unwrap().status(), 201);
    assert!(sender.emulator.look(|book| book.is_suppressed(List::Unsubscribes, AWA)));
    let one = format!("{global}/{AWA}");
    assert_eq!(asked(&sender, Method::GET, &one).await.1, json!({ "recipient_email": AWA }));
    let id = sender.sent(&mail(AWA)).await;
    assert_eq!(words_of(&sender.events(&id, 1).await), ["dropped"]);
    assert_eq!(asked(&sender, Method::DELETE, &one).await.0, 204);
    assert_eq!(asked(&sender, Method::GET, &one).await.1, json!({}));
    let odd = sender.request(Method::POST, global).json(&json!({ "emails": [AWA] })).send().await.unwrap();
    assert_eq!(odd.status(), 400);
}
