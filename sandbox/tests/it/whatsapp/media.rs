//! Files are uploaded, sent, fetched while their address lives, and deleted.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{AWA, Sender, answer};

/// What `multipart/form-data` looks like, by hand.
fn parts(mime_type: &str, content: &str) -> String {
    format!(
        "--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--x\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: {mime_type}\r\n\r\n\
         {content}\r\n--x--\r\n"
    )
}

async fn upload(sender: &Sender, mime_type: &str, content: &str) -> (u16, Value) {
    let path = format!("{}/media", sender.emulator.options().phone_number_id);
    let request = sender.request(Method::POST, &path);
    let body = parts(mime_type, content);
    answer(request.header("content-type", "multipart/form-data; boundary=x").body(body)).await
}

#[tokio::test]
async fn a_file_can_be_sent_and_fetched_for_five_minutes_by_who_has_the_token() {
    let sender = Sender::open().await;
    sender.emulator.write(AWA, "Salut");
    let (status, uploaded) = upload(&sender, "application/pdf", "%PDF").await;
    assert_eq!(status, 200, "{uploaded}");
    let id = uploaded["id"].as_str().unwrap();
    let document = |id: &str| json!({ "messaging_product": "whatsapp", "to": AWA, "type": "document", "document": { "id": id, "filename": "reçu.pdf" } });
    sender.sent(&document(id)).await;
    assert_eq!(sender.send(&document("1")).await.1["error"]["code"], 131_053);

    let (_, about) = answer(sender.request(Method::GET, id)).await;
    assert_eq!((&about["mime_type"], &about["file_size"]), (&json!("application/pdf"), &json!(4)));
    let url = about["url"].as_str().unwrap();
    let fetch = async |token: &str| Client::new().get(url).bearer_auth(token).send().await.unwrap();
    let token = sender.emulator.options().access_token.clone();
    assert_eq!(fetch("x").await.status(), 401);
    assert_eq!(fetch(&token).await.text().await.unwrap(), "%PDF");
    sender.emulator.move_clock(Duration::from_mins(5));
    assert_eq!(fetch(&token).await.status(), 400);

    assert_eq!(answer(sender.request(Method::DELETE, id)).await.1, json!({ "success": true }));
    assert_eq!(answer(sender.request(Method::GET, id)).await.1["error"]["code"], 33);
}

#[tokio::test]
async fn a_file_that_is_too_large_or_of_a_kind_that_cannot_be_sent_is_refused() {
    let sender = Sender::open().await;
    for (mime_type, content) in
        [("application/zip", "PK"), ("image/png", &*"x".repeat(5 * 1024 * 1024 + 1)), ("image/png", "")]
    {
        let (status, refusal) = upload(&sender, mime_type, content).await;
        assert_eq!((status, &refusal["error"]["code"]), (400, &json!(131_053)), "{mime_type}");
    }
    assert_eq!(upload(&sender, "image/png", &"x".repeat(5 * 1024 * 1024)).await.0, 200);
}
