//! What was handed in is there for its receiver, once, on the page and as JSON.

use std::time::Duration;

use wolo_sandbox::inbox::{Channel, Inbox, Message};

const AWA: &str = "+221770000001";

fn message(to: &str, key: &str, text: &str) -> Message {
    Message::new(Channel::WhatsApp, to, key, text)
}

#[tokio::test]
async fn a_message_arrives_once_and_at_its_receiver_alone() {
    let inbox = Inbox::start(0).await.unwrap();
    let awaited = inbox.wait_for(AWA, Duration::from_secs(10), |messages| messages.first().cloned());
    let delivered = async {
        inbox.slot().deliver(message("+221770000002", "k1", "not for Awa"));
        inbox.slot().deliver(message(AWA, "k2", "le code <b>123456</b>"));
        inbox.slot().deliver(message(AWA, "k2", "again"));
    };
    let (found, ()) = tokio::join!(awaited, delivered);
    assert_eq!(found.unwrap().text, "le code <b>123456</b>");
    assert_eq!(inbox.messages_to(AWA).len(), 1);

    let page =
        reqwest::get(format!("{}/?to=%2B221770000001", inbox.url())).await.unwrap().text().await.unwrap();
    assert!(page.contains("le code &lt;b&gt;123456&lt;&#x2f;b&gt;"), "{page}");
    assert!(!page.contains("not for Awa"));
    let all: serde_json::Value =
        reqwest::get(format!("{}/messages", inbox.url())).await.unwrap().json().await.unwrap();
    assert_eq!(all[0]["to"], AWA);
    assert_eq!(all[0]["channel"], "whatsapp");
    assert_eq!(all.as_array().unwrap().len(), 2);
    inbox.shutdown().await;
}

#[tokio::test]
async fn who_waits_in_vain_is_told() {
    let inbox = Inbox::start(0).await.unwrap();
    let none = inbox.wait_for(AWA, Duration::from_millis(20), |messages| messages.first().cloned()).await;
    assert_eq!(none, None);
}
