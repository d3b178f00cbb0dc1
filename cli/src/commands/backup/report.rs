//! What a restore says of what was decided after the backup: what it has done again, and what a person must look at.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use wolo_database::backups::{Again, Decisions, Other};

use crate::output::instant;

pub(super) struct Report {
    again: Again,
    others: Vec<Other>,
    /// By the database that was replaced, or by a file.
    known: bool,
    /// From where on that is not known which a person must look at.
    since: Option<DateTime<Utc>>,
}

impl Report {
    pub(super) fn new(again: Again, sources: &[&Decisions], backup: DateTime<Utc>) -> Self {
        let mut others: Vec<_> = sources.iter().flat_map(|one| one.others.iter().cloned()).collect();
        others.retain(|one| one.at > backup);
        others.sort_by(|one, other| (one.at, &one.about).cmp(&(other.at, &other.about)));
        others.dedup();
        let since = sources.iter().map(|one| one.since).min().filter(|since| *since > backup);
        Self { again, others, known: !sources.is_empty(), since }
    }

    pub(super) fn json(&self) -> Value {
        let Again { sessions, erased, closing, locked, revoked, withdrawn, passwords, refusals } =
            &self.again;
        let revoked: Vec<_> =
            revoked.iter().map(|(user, role)| json!({ "user": user, "role": role })).collect();
        json!({
            "known": self.known,
            "again": {
                "sessions_ended": sessions, "erased": erased, "closing": closing, "locked": locked, "revoked": revoked,
                "consents_withdrawn": withdrawn, "passwords_gone": passwords, "messages_refused": refusals,
            },
            "look_at": self.others,
        })
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} sessions ended: everybody signs in again.", self.again.sessions)];
        lines.extend(self.done());
        if !self.known {
            lines.push(
                "NOT KNOWN: who was erased, locked out or no longer trusted after the backup, and which guardians took their \
                 consent back. Nothing of it was done again. If there is a file of wolo backup decisions, give the command once \
                 more with --decisions; if not, look at what was kept of the log and at docs/operations.md, Backup, before \
                 anything is started."
                    .to_owned(),
            );
        }
        if let Some(since) = self.since {
            lines.push(format!("What a person must look at is known from {} on only.", instant(since)));
        }
        if !self.others.is_empty() {
            lines.push(
                "Decided after the backup, and gone. Look at each before anything is started:".to_owned(),
            );
        }
        let other =
            |one: &Other| format!("  {}  {}  {}", instant(one.at), one.did.replace('_', " "), one.about);
        lines.extend(self.others.iter().map(other));
        lines
    }

    fn done(&self) -> Vec<String> {
        let Again { erased, closing, locked, revoked, withdrawn, passwords, refusals, .. } = &self.again;
        let mut lines: Vec<_> = erased.iter().map(|user| format!("{user} is erased again.")).collect();
        lines.extend(closing.iter().map(|user| {
            format!(
                "{user} has left: the account is closed again. Something of theirs is under way here, or their days are not over: \
                 `wolo people erase {user}` goes on with it."
            )
        }));
        lines.extend(locked.iter().map(|user| format!("{user} is locked again.")));
        lines.extend(
            revoked.iter().map(|(user, role)| format!("{user} is no longer trusted with {role} again.")),
        );
        lines.extend(withdrawn.iter().map(|consent| {
            format!("{consent} is withdrawn again, and the minor's pots are held: `wolo consents restart {consent}` tells their process.")
        }));
        if *passwords > 0 {
            lines.push(format!(
                "{passwords} passwords had been changed since. The old ones are gone: by a code their holders choose another."
            ));
        }
        if *refusals > 0 {
            lines.push(format!("{refusals} addresses that wanted no more messages get none."));
        }
        lines
    }
}
