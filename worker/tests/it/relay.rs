//! How the outbox is carried on when a morning has more to announce than anybody could tell at once.

use std::num::NonZeroU32;

use wolo_bootstrap::Shutdown;
use wolo_domain::notices::Kind;
use wolo_sandbox::World;
use wolo_sandbox::whatsapp::Sent;
use wolo_worker::Worker;

use crate::house::{House, alone, until};

const WISHES: i64 = 60;
const PER_SECOND: NonZeroU32 = NonZeroU32::new(3).expect("more than none");

impl House {
    /// So many have their birthday, and their pots say so. Each pot was given up since, so that it has no process of its own.
    #[expect(clippy::disallowed_methods, reason = "a test writes what the crate never would")]
    async fn many_have_their_birthday(&self) {
        for _ in 0..WISHES {
            let owner = self.person().await;
            let pot = "insert into pots.pots (
                           pot_id, owner_id, title, description, target, visibility, show_donor_names, show_amounts,
                           allow_anonymous, allow_messages, surprise, birthday, opens_at, closes_at, stage, cancelled_at
                       )
                       values ($1, $1, 'Fête', '', 25000, 'link', true, true, true, true, false, current_date,
                           current_date, current_date + 1, 'cancelled', now())";
            sqlx::query(pot).bind(owner.uuid()).execute(&self.pool).await.expect("a pot");
        }
        let announced = r#"insert into ops.outbox (outbox_id, topic, business_key, pot_id, payload)
                           select gen_random_uuid(), 'pot_announced', pot_id || '/wish', pot_id, '{"what": "birthday_wish"}'
                           from pots.pots where stage = 'cancelled'"#;
        sqlx::query(announced).execute(&self.pool).await.expect("events");
    }

    /// Messages of a kind for whom a process was begun.
    async fn begun(&self, kind: Kind) -> i64 {
        self.count(&format!("select count(*) from notices.notices where kind = '{kind}'")).await
    }

    async fn relayed(&self) -> i64 {
        let relayed =
            "select count(*) from ops.outbox where business_key like '%/wish' and relayed_at is not null";
        self.count(relayed).await
    }

    #[expect(clippy::disallowed_methods, reason = "a test looks where the crate does not")]
    async fn count(&self, query: &str) -> i64 {
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()));
        query.fetch_one(&self.pool).await.expect("Postgres answers")
    }

    /// Whoever carried on the events that are marked died before that.
    #[expect(clippy::disallowed_methods, reason = "a test undoes what the crate never would")]
    async fn forget_what_was_relayed(&self) {
        let forget =
            "update ops.outbox set relayed_at = null, taken_until = null where business_key like '%/wish'";
        sqlx::query(forget).execute(&self.pool).await.expect("Postgres answers");
    }
}

#[test]
fn what_somebody_waits_for_is_told_before_a_morning_of_wishes_is_over_and_each_wish_goes_out_once() {
    alone(async {
        let world: &'static World = Box::leak(Box::new(World::start(House::world()).await.expect("a world")));
        let house = House::without_worker(world).await;
        let mut settings = house.settings.clone();
        settings.notices.announcements_per_second = PER_SECOND;
        let ends = Shutdown::new();
        let worker = Worker::start(&settings, ends.clone()).await.expect("the worker starts");
        let serving = tokio::spawn(worker.end());
        let pot = house.open_pot().await;
        house.many_have_their_birthday().await;

        house.give(pot, 10_000).await;
        until("the owner hears of the gift", async || {
            (house.begun(Kind::GiftReceived).await == 1).then_some(())
        })
        .await;
        let relayed = house.relayed().await;
        assert!(relayed < WISHES, "the morning is over already");

        until("some have been wished well", async || (house.relayed().await > 0).then_some(())).await;
        house.forget_what_was_relayed().await;
        until("all have been wished well", async || (house.relayed().await == WISHES).then_some(())).await;
        until("WhatsApp has them", async || (taken(world) >= WISHES).then_some(())).await;
        ends.begin();
        serving.await.expect("no panic").expect("it ends well");
        // Nobody sends any more.
        assert_eq!((house.begun(Kind::BirthdayWish).await, taken(world)), (WISHES, WISHES));
    });
}

/// Wishes that WhatsApp has.
fn taken(world: &World) -> i64 {
    let is_a_wish =
        |sent: &&Sent| sent.template.as_deref().is_some_and(|name| name.contains("birthday_wish"));
    world.whatsapp.look(|book| i64::try_from(book.messages().iter().filter(is_a_wish).count()).unwrap_or(-1))
}
