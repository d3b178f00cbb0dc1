//! What was decided about people after a backup: a role taken away, an account locked, a person erased, a consent withdrawn, a password
//! changed, a message refused. None of it is undone, and nobody who was signed in then is.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _};
use uuid::Uuid;
use wolo_database::accounts::sessions;
use wolo_database::audit::Doer;
use wolo_database::closures::{self, Erasing};
use wolo_domain::ids::{ConsentId, UserId};

use super::Drill;

/// Of those who are there when the backup is made.
const PHONES: [&str; 3] = ["781239901", "781239902", "781239903"];

/// Three who are there when the backup is made.
pub(super) struct People {
    trusted: UserId,
    locked: UserId,
    gone: UserId,
    /// Of the one who is trusted.
    session: Uuid,
}

impl People {
    pub(super) fn come(drill: &Drill<'_>) -> Self {
        let add = |name: &str, phone: &str| -> UserId {
            let words =
                ["users", "add", "--name", name, "--birth-date", "1990-01-02", "--phone", phone, "--json"];
            let (code, out, err) = drill.here(&words);
            assert_eq!(code, 0, "{err}");
            let made: Value = serde_json::from_str(&out).unwrap();
            made["id"].as_str().unwrap().parse().unwrap()
        };
        let (trusted, locked) = (add("Coumba Fall", PHONES[0]), add("Ibou Fall", PHONES[1]));
        let gone = add("Yacine Fall", PHONES[2]);
        let grant = ["users", "grant", &trusted.to_string(), "support", "--reason", "a drill"];
        assert_eq!(drill.here(&grant).0, 0);
        let session = Uuid::now_v7();
        drill.at(&drill.own, |pool| async move {
            let mut connection = pool.acquire().await.unwrap();
            let new = sessions::NewSession {
                id: session,
                user: trusted,
                device: None,
                proofs: &["otp".to_owned()],
                token_hash: b"a token of the drill",
                lives: TimeDelta::days(1),
            };
            sessions::begin(&mut connection, &new).await.unwrap();
            let old = "insert into people.passwords (user_id, hash) values ('{}', 'old')";
            let old = old.replace("{}", &trusted.uuid().to_string());
            connection.execute(AssertSqlSafe(old)).await.unwrap();
        });
        Self { trusted, locked, gone, session }
    }

    /// In a database to which the backup was brought back, and then in one that knows nothing: the file that told it is answered.
    pub(super) fn stay_as_was_decided(&self, drill: &Drill<'_>, backup: &str) -> String {
        assert!(self.lives(drill, &drill.own), "in the world they are signed in");
        assert!(!self.lives(drill, &drill.fresh), "and where it was brought back they are not");
        let consent = self.decide(drill);
        let epochs = [&drill.own, &drill.fresh].map(|database| self.epoch(drill, database));
        let file = drill.home.join("decisions.json").to_str().unwrap().to_owned();
        let (code, _, err) = drill.there(&[], &["backup", "decisions", "--out", &file]);
        assert_eq!(code, 0, "{err}");
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(PHONES.iter().all(|phone| !written.contains(phone)), "nobody's number is in it");

        let restore = ["backup", "restore", backup, "--yes", "--json"];
        let told = self.stays(drill, &drill.fresh, &restore, consent);
        let (passwords, refusals) = (&told["again"]["passwords_gone"], &told["again"]["messages_refused"]);
        assert_eq!((passwords, refusals), (&json!(1), &json!(1)), "{told}");
        for epoch in epochs {
            assert!(!self.lasts(drill, &drill.fresh, epoch), "a token of the epoch {epoch}");
        }

        let lost = drill.database("lost");
        let restore = [&restore[..], &["--decisions", &file]].concat();
        let told = self.stays(drill, &lost, &restore, consent);
        assert_eq!(told["again"]["passwords_gone"], 0, "{told}");
        for epoch in epochs {
            assert!(!self.lasts(drill, &lost, epoch), "a token of the epoch {epoch}");
        }
        file
    }

    /// Answers whose consent was withdrawn.
    fn decide(&self, drill: &Drill<'_>) -> ConsentId {
        let Self { trusted, locked, gone, .. } = self;
        for words in [
            ["users", "revoke", &trusted.to_string(), "support", "--reason", "left us"].as_slice(),
            &["users", "lock", &locked.to_string(), "--reason", "took gifts of others"],
        ] {
            let (code, _, err) = drill.there(&[], words);
            assert_eq!(code, 0, "{err}");
        }
        let given = "select count(*) from minors.consents where stage = 'given'";
        assert!(drill.count(&drill.fresh, given) > 0, "a story has left one");
        let user = trusted.uuid();
        let statements = format!(
            "update people.passwords set hash = 'new', changed_at = clock_timestamp() where user_id = '{user}';
             insert into notices.opt_outs (channel, address, how) values ('sms', '+221{}', 'reply');
             insert into pots.holds (pot_id, reason, note, since)
                 select pot_id, 'moderation', 'a drill', clock_timestamp() from pots.pots
                 where pot_id not in (select pot_id from pots.holds) limit 1;",
            PHONES[0],
        );
        let (gone, at) = (*gone, Utc::now());
        drill.at(&drill.fresh, |pool| async move {
            pool.execute(AssertSqlSafe(statements)).await.unwrap();
            let doer = Doer::new("operator:tester", "they asked");
            closures::close(&pool, gone, doer, at).await.unwrap();
            assert_eq!(closures::erase(&pool, gone, doer, at).await.unwrap(), Erasing::Erased);
            let withdrawn = "update minors.consents
                set stage = 'withdrawn', since = now(), answer_by = now() + interval '14 days'
                where consent_id = (select consent_id from minors.consents where stage = 'given' order by consent_id limit 1)
                returning consent_id";
            let row = pool.fetch_one(withdrawn).await.unwrap();
            ConsentId::from_uuid(sqlx::Row::get(&row, 0))
        })
    }

    /// Brings the backup back, and answers what was said.
    fn stays(&self, drill: &Drill<'_>, database: &str, restore: &[&str], consent: ConsentId) -> Value {
        let Self { trusted, locked, gone, .. } = self;
        let (code, out, err) = drill.elsewhere(database, &[], restore);
        assert_eq!(code, 0, "{out} {err}");
        let told: Value = serde_json::from_str(&out).unwrap();
        let again = &told["again"];
        assert_eq!(told["known"], true, "{told}");
        assert_eq!(again["erased"], json!([gone]), "{told}");
        assert_eq!(again["revoked"], json!([{ "user": trusted, "role": "support" }]), "{told}");
        assert!(again["locked"].as_array().unwrap().contains(&json!(locked)), "{told}");
        assert_eq!(again["consents_withdrawn"], json!([consent]), "{told}");
        let look_at = told["look_at"].as_array().unwrap();
        assert!(look_at.iter().any(|one| one["did"] == "pot_held"), "{told}");

        let shown = |user: &UserId| -> Value {
            let (code, out, err) =
                drill.elsewhere(database, &[], &["users", "show", &user.to_string(), "--json"]);
            assert_eq!(code, 0, "{err}");
            serde_json::from_str(&out).unwrap()
        };
        assert_eq!(shown(trusted)["roles"], json!([]));
        assert_eq!(shown(locked)["locked"], true);
        assert!(shown(gone)["erased_at"].is_string(), "{}", shown(gone));
        let named =
            format!("select count(*) from people.users where user_id = '{}' and phone is null", gone.uuid());
        assert_eq!(drill.count(database, &named), 1);
        let held = format!(
            "select count(*) from minors.consents where consent_id = '{}' and stage = 'withdrawn'",
            consent.uuid()
        );
        assert_eq!(drill.count(database, &held), 1);
        assert_eq!(drill.count(database, "select count(*) from ops.restores"), 1);
        let noted = "select count(*) from ops.outbox where topic = 'audit' and relayed_at is null
             and payload #>> '{happening,action}' in ('backup_restored', 'person_erased')";
        assert_eq!(drill.count(database, noted), 2, "the trail will name it");
        assert!(!self.lives(drill, database));
        told
    }

    fn lives(&self, drill: &Drill<'_>, database: &str) -> bool {
        drill.at(
            database,
            |pool| async move { sessions::lives(&pool, self.session, self.trusted).await.unwrap() },
        )
    }

    fn epoch(&self, drill: &Drill<'_>, database: &str) -> i32 {
        drill.at(database, |pool| async move { sessions::epoch(&pool, self.trusted).await.unwrap().unwrap() })
    }

    fn lasts(&self, drill: &Drill<'_>, database: &str, epoch: i32) -> bool {
        drill.at(
            database,
            |pool| async move { sessions::epoch_lasts(&pool, self.trusted, epoch).await.unwrap() },
        )
    }
}
