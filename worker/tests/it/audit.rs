//! What people decided, from the deed to the sealed end of the trail.

use temporalio_client::WorkflowStartOptions;
use wolo_database::Page;
use wolo_database::accounts::roles;
use wolo_database::audit::{self, Doer, Filter};
use wolo_domain::accounts::Role;
use wolo_domain::audit::{Checkpoint, Trail};
use wolo_workflows::audit_checkpoint::AuditCheckpoint;
use wolo_workflows::{ids, queues};

use crate::histories::keep;
use crate::house::{House, live, until};

async fn sealed_end(house: &House, name: &str) -> Checkpoint {
    let id = format!("{}/{name}", ids::AUDIT_CHECKPOINT);
    let options = WorkflowStartOptions::new(queues::LIFECYCLE, id.clone()).build();
    house.control.client().start_workflow(AuditCheckpoint::run, (), options).await.expect("it starts");
    let sealed = house.outcome::<AuditCheckpoint>(id.clone()).await;
    keep(house, "audit-checkpoint", &id).await;
    sealed.checkpoint.expect("something was done").parse().expect("a checkpoint")
}

#[test]
fn what_is_done_is_in_the_trail_soon_and_its_end_is_sealed() {
    live(async |house| {
        let person = house.person().await;
        let mut operator = house.pool.acquire().await.expect("a connection");
        let doer = Doer::new("fatou", "she has begun");
        roles::grant(&mut operator, person, Role::Support, doer).await.expect("a role");
        let about = Filter { about: Some(person.to_string()), ..Filter::default() };
        let line = until("the deed is in the trail", async || {
            audit::list(&house.pool, &about, Page::first(1)).await.expect("lines").pop()
        })
        .await;
        assert_eq!(line.record().expect("a line").by, "fatou");

        let end = sealed_end(house, "asked").await;
        assert!(end.place >= line.place);
        end.believe(&house.keys()).expect("ours");
        let mut trail = Trail::new(house.keys(), vec![end]);
        for day in audit::days(&house.pool).await.expect("days") {
            trail.day(day, &audit::of_day(&house.pool, day).await.expect("lines")).expect("a whole day");
        }
        trail.end().expect("nothing was cut off");
    });
}
