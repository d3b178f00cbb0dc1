//! A judge that cannot find anything proves nothing. Here he is lied to in ways that he must see through.

use uuid::Uuid;
use wolo_domain::ids::PotId;
use wolo_sandbox::wave::MovementKind;
use wolo_torture::judge::{Verdict, judge};
use wolo_torture::people::{People, Promise};
use wolo_torture::stage::Stage;
use wolo_torture::stories::{Scene, Story};

fn tells(found: &[String], words: &str) -> bool {
    found.iter().any(|found| found.contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_without_a_fault_is_right_and_what_is_spoilt_is_found() {
    let stage = Box::pin(Stage::of(env!("CARGO_BIN_EXE_torture").into())).await.expect("the stage stands");
    let people = People::before(&stage).expect("people come");
    let scene = Scene { stage, people };
    Story::Ordinary.play(&scene).await.expect("the story comes to its end");
    let verdict = judge(&scene).await.expect("he judges");
    assert!(verdict.is_good(), "{:?}", verdict.words());

    // Money that came to Wave and was never booked, money that went out behind our back, and a promise that nobody kept.
    let wave = &scene.stage.wave;
    let came = wave.write_line(MovementKind::ApiCheckout, 990, 10, Some("don_x".to_owned()));
    wave.write_line(MovementKind::ApiPayout, -1_010, 10, Some("pay_x.2".to_owned()));
    let pot = PotId::from_uuid(Uuid::now_v7());
    scene.people.remember(Promise::Pot(pot));

    let Verdict { lost, wrong, .. } = judge(&scene).await.expect("he judges");
    assert!(tells(&lost, &came) && tells(&lost, "went out") && tells(&lost, &pot.to_string()), "{lost:?}");
    assert_eq!(lost.len(), 3);
    assert!(tells(&wrong, "the wallet changed by"), "{wrong:?}");
    scene.stage.shutdown().await.expect("everything ends");
}
