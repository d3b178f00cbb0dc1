//! Templates are handed in, judged, listed, and filled.

use reqwest::Method;
use serde_json::{Value, json};
use wolo_sandbox::whatsapp::{Options, Standing};

use super::{AWA, Sender, answer, options, template};

fn wanted(name: &str) -> Value {
    json!({
        "name": name, "language": "fr", "category": "UTILITY",
        "components": [
            { "type": "BODY", "text": "Bonne nouvelle : {{name}} a donné. Merci !", "example": { "body_text_named_params": [] } },
            { "type": "FOOTER", "text": "WOLO" },
            { "type": "BUTTONS", "buttons": [{ "type": "URL", "text": "Voir", "url": "https://wolo.example/{{1}}", "example": ["p"] }] },
        ],
    })
}

async fn hand_in(sender: &Sender, template: &Value) -> (u16, Value) {
    let path = format!("{}/message_templates", sender.emulator.options().waba_id);
    answer(sender.request(Method::POST, &path).json(template)).await
}

#[tokio::test]
async fn a_template_is_of_use_once_it_is_approved_and_no_longer_when_it_is_paused() {
    let sender = Sender::with(Options { template_review: Standing::Pending, ..options() }).await;
    let (status, answer) = hand_in(
        &sender,
        &json!({
            "name": "gift_received", "language": "fr", "category": "UTILITY",
            "components": [{ "type": "BODY", "text": "Un don de {{1}} est arrivé." }],
        }),
    )
    .await;
    assert_eq!((status, &answer["status"]), (200, &json!("PENDING")));
    let mut gift = template(AWA);
    gift["template"]["name"] = json!("gift_received");
    let code = async || sender.send(&gift).await.1["error"]["code"].clone();
    assert_eq!(code().await, 132_001);
    assert!(sender.emulator.judge_template("gift_received", "fr", Standing::Approved));
    let told = &sender.receiver.wait(1).await[0].json()["entry"][0]["changes"][0];
    assert_eq!(
        (&told["field"], &told["value"]["event"]),
        (&json!("message_template_status_update"), &json!("APPROVED"))
    );
    assert!(code().await.is_null());
    for (standing, refused) in
        [(Standing::Paused, 132_015), (Standing::Disabled, 132_016), (Standing::Rejected, 132_001)]
    {
        sender.emulator.judge_template("gift_received", "fr", standing);
        assert_eq!(code().await, refused);
    }
    assert!(!sender.emulator.judge_template("gift_received", "wo", Standing::Approved));
}

#[tokio::test]
async fn named_variables_and_addresses_are_filled() {
    let sender = Sender::open().await;
    let mut ends_with_variable = wanted("x");
    ends_with_variable["components"][0]["text"] = json!("Bonjour {{name}}");
    for wrong in [ends_with_variable, wanted("Upper Case"), json!({ "name": "x" })] {
        assert_eq!(hand_in(&sender, &wrong).await.0, 400, "{wrong}");
    }
    assert_eq!(hand_in(&sender, &wanted("gift")).await.0, 200);
    assert_eq!(hand_in(&sender, &wanted("gift")).await.0, 400, "twice in one language");
    let message = |parameter: Value, button: Value| {
        let mut body = template(AWA);
        body["template"]["name"] = json!("gift");
        body["template"]["components"] = json!([{ "type": "body", "parameters": [parameter] }, button]);
        body
    };
    let name = json!({ "type": "text", "parameter_name": "name", "text": "Moussa" });
    let link = json!({ "type": "button", "sub_type": "url", "index": 0, "parameters": [{ "type": "text", "text": "pot/1" }] });
    let id = sender.sent(&message(name.clone(), link.clone())).await;
    assert_eq!(
        sender.emulator.look(|book| book.message(&id).unwrap().text.clone()),
        "Bonne nouvelle : Moussa a donné. Merci !\n\nWOLO"
    );
    let unnamed = json!({ "type": "text", "text": "Moussa" });
    assert_eq!(sender.send(&message(unnamed, link.clone())).await.1["error"]["code"], 132_012);
    let mut no_link = message(name, link);
    no_link["template"]["components"].as_array_mut().unwrap().pop();
    assert_eq!(sender.send(&no_link).await.1["error"]["code"], 131_008);
}

#[tokio::test]
async fn templates_are_listed_page_by_page() {
    let sender = Sender::open().await;
    for name in ["a", "b"] {
        hand_in(&sender, &wanted(name)).await;
    }
    let path = format!("{}/message_templates", sender.emulator.options().waba_id);
    let page = async |query: &[(&str, &str)]| answer(sender.request(Method::GET, &path).query(query)).await.1;
    let first = page(&[("limit", "2")]).await;
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    assert!(first["paging"]["next"].as_str().unwrap().ends_with(&format!("after={after}")));
    let second = page(&[("limit", "2"), ("after", after)]).await;
    assert_eq!((&second["data"][0]["name"], &second["paging"]), (&json!("b"), &Value::Null));
    assert_eq!(page(&[("name", "a")]).await["data"][0]["components"][1]["text"], "WOLO");
}

#[tokio::test]
async fn around_a_code_stand_metas_words_and_a_button_copies_it() {
    let sender = Sender::open().await;
    let mut wanted = json!({
        "name": "one_time_code", "language": "fr", "category": "AUTHENTICATION",
        "components": [
            { "type": "BODY", "text": "Votre code : {{1}}, merci.", "add_security_recommendation": true },
            { "type": "FOOTER", "code_expiration_minutes": 10 },
            { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "COPY_CODE", "text": "Copier le code" }] },
        ],
    });
    assert_eq!(hand_in(&sender, &wanted).await.0, 400, "nobody else's words");
    wanted["components"][0].as_object_mut().unwrap().remove("text");
    let mut without = wanted.clone();
    without["components"].as_array_mut().unwrap().pop();
    assert_eq!(hand_in(&sender, &without).await.0, 400, "a button is needed");
    assert_eq!(hand_in(&sender, &wanted).await.0, 200);
    sender.emulator.judge_template("one_time_code", "fr", Standing::Approved);

    let text = |text: &str| json!([{ "type": "text", "text": text }]);
    let mut code = template(AWA);
    code["template"] = json!({
        "name": "one_time_code", "language": { "code": "fr" },
        "components": [{ "type": "body", "parameters": text("123456") }],
    });
    assert_eq!(sender.send(&code).await.1["error"]["code"], 131_008, "the button has the code as well");
    let button = json!({ "type": "button", "sub_type": "url", "index": "0", "parameters": text("123456") });
    code["template"]["components"].as_array_mut().unwrap().push(button);
    assert_eq!(sender.send(&code).await.0, 200);
    let sent = sender.emulator.book().messages().last().unwrap().text.clone();
    assert_eq!(
        sent,
        "*123456* est votre code de vérification. Pour votre sécurité, ne partagez pas ce code.\n\nCe code expire dans 10 minutes."
    );
}

#[tokio::test]
async fn the_news_of_an_account_are_asked_for() {
    let sender = Sender::open().await;
    assert!(!sender.emulator.book().is_subscribed());
    let path = format!("{}/subscribed_apps", sender.emulator.options().waba_id);
    let (status, answer) = answer(sender.request(Method::POST, &path)).await;
    assert_eq!((status, &answer["success"]), (200, &json!(true)));
    assert!(sender.emulator.book().is_subscribed());
}
