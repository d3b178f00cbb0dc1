//! Handing messages over: nothing of one is begun before the provider may be asked again.

use std::time::Duration;

use governor::Quota;
use temporalio_sdk::testing::ActivityEnvironment;
use wolo_activities::notices::words::Words;
use wolo_activities::{Carriers, NoticeSteps, Paced};
use wolo_database::notices::{self, OptOut};
use wolo_domain::notices::{Channel, Kind, Says};
use wolo_providers::http::Timeouts;
use wolo_providers::messages::HttpAccess;
use wolo_providers::orange::{Orange, OrangeAccess};
use wolo_workflows::steps::notices::{Message, PrepareNotice, SendNotice, Sending};

use crate::scene::{LONG, Scene, noon};

/// Between two SMS.
const NEXT: Duration = Duration::from_secs(5);

fn slow(scene: &Scene) -> ActivityEnvironment {
    let options = scene.world.orange.options();
    let orange = Orange::new(OrangeAccess {
        http: HttpAccess {
            base_url: scene.world.orange.base_url().parse().expect("an address"),
            timeouts: Timeouts::total(LONG),
            pause: Duration::from_secs(1),
        },
        client_id: options.client_id.clone(),
        client_secret: options.client_secret.clone().into(),
        sender: options.sender.clone(),
        sender_name: None,
    });
    let orange = Paced::new(orange.expect("a client"), Quota::with_period(NEXT).expect("a pace"));
    let carriers = Carriers { orange: Some(orange), ..Carriers::default() };
    let public_url = "https://wolo.example/".parse().expect("an address");
    ActivityEnvironment::builder_with_default()
        .register_activities(NoticeSteps::new(
            scene.pool.clone(),
            carriers,
            Words::new().expect("words"),
            public_url,
        ))
        .build()
}

/// Messages to two people that are ready to be handed over.
async fn prepared(scene: &Scene, environment: &ActivityEnvironment) -> [SendNotice; 2] {
    let one = async || {
        let user = scene.person_whose_phone_ends_with(Some(1)).await;
        let says = Says::sample(Kind::PotClosed);
        let message =
            Message { user: Some(user), ..Message::new("event".to_owned(), user.to_string(), says) };
        let process = format!("notice/{user}");
        let prepare = PrepareNotice { message: message.clone(), process, at: noon() };
        environment.run(NoticeSteps::prepare, prepare).await.expect("it is prepared");
        SendNotice { message, number: 1, channel: Channel::Sms }
    };
    [one().await, one().await]
}

#[tokio::test]
async fn whoever_says_stop_while_a_message_waits_for_its_turn_does_not_get_it() {
    let scene = Scene::new().await;
    let environment = slow(&scene);
    let [to_first, to_second] = prepared(&scene, &environment).await;
    let sent = environment.run(NoticeSteps::send, to_first).await.expect("an answer");
    assert_eq!(sent, Sending::Accepted);
    let second = to_second.message.user.expect("somebody with an account");
    let user = wolo_database::people::user(&scene.pool, second).await.expect("an answer").expect("a person");
    let phone = user.phone.expect("a phone").reveal().to_owned();
    let stops = async {
        let mut connection = scene.pool.acquire().await.expect("a connection");
        notices::opt_out(&mut connection, Channel::Sms, &phone, OptOut::Reply, chrono::Utc::now())
            .await
            .expect("an opt-out");
    };
    let (sent, ()) = tokio::join!(environment.run(NoticeSteps::send, to_second), stops);
    assert_eq!(sent.expect("an answer"), Sending::NoWay);
    assert_eq!(scene.world.orange.look(|book| book.messages_to(&phone).count()), 0);
}

#[tokio::test]
async fn whoever_dies_while_a_message_waits_for_its_turn_has_begun_nothing() {
    let scene = Scene::new().await;
    let environment = slow(&scene);
    let [to_first, to_second] = prepared(&scene, &environment).await;
    environment.run(NoticeSteps::send, to_first).await.expect("an answer");
    // It dies long before its turn comes, and somebody else does the step again.
    let dying = environment.run(NoticeSteps::send, to_second.clone());
    assert!(tokio::time::timeout(Duration::from_millis(200), dying).await.is_err(), "it waits");
    let sent = slow(&scene).run(NoticeSteps::send, to_second).await.expect("an answer");
    assert_eq!(sent, Sending::Accepted);
}
