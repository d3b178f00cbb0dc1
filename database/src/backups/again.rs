//! Decides again, in what was brought back, what was decided since: by the same functions, so that it is noted as it was then.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::accounts::Role;
use wolo_domain::ids::{ConsentId, UserId};

use super::decisions::{Account, Changed, Decisions, Refusal, Revoked, Withdrawn};
use crate::accounts::roles;
use crate::accounts::sessions::{self, EndReason};
use crate::audit::Doer;
use crate::closures::{self, Erasing, Standing};
use crate::consents::{Withdrawing, withdraw_within};
use crate::{Error, consents};

/// Why, as the audit trail has it of what had its reason elsewhere.
const REASON: &str = "decided after the backup that was brought back";

/// What was done again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Sessions that ended.
    pub sessions: u64,
    pub erased: BTreeSet<UserId>,
    /// Their accounts are closed, and they are erased when nothing of theirs is under way.
    pub closing: BTreeSet<UserId>,
    pub locked: BTreeSet<UserId>,
    pub revoked: BTreeSet<(UserId, Role)>,
    pub withdrawn: BTreeSet<ConsentId>,
    /// Passwords that had been changed: the old ones are gone.
    pub passwords: u64,
    /// Addresses that want no messages on a channel.
    pub refusals: u64,
}

impl Again {
    pub(super) async fn begin(connection: &mut PgConnection) -> Result<Self, Error> {
        let sessions = sessions::end_everybodys(connection, EndReason::BroughtBack).await?;
        Ok(Self { sessions, ..Self::default() })
    }

    pub(super) async fn decide(
        &mut self,
        connection: &mut PgConnection,
        decisions: &Decisions,
        doer: Doer<'_>,
    ) -> Result<(), Error> {
        let doer = Doer::new(doer.by, REASON);
        for consent in &decisions.consents {
            self.withdraw(connection, consent, doer).await?;
        }
        for role in &decisions.roles {
            self.revoke(connection, role, doer).await?;
        }
        // Their addresses are forgotten with them.
        self.refusals += refuse(connection, &decisions.refusals).await?;
        self.passwords += forget(connection, &decisions.passwords).await?;
        for account in &decisions.accounts {
            self.shut(connection, account, doer).await?;
        }
        Ok(())
    }

    async fn withdraw(
        &mut self,
        connection: &mut PgConnection,
        one: &Withdrawn,
        doer: Doer<'_>,
    ) -> Result<(), Error> {
        if consents::given(connection, one.minor).await? != Some(one.consent) {
            return Ok(());
        }
        let withdrawing =
            withdraw_within(connection, one.minor, one.consent, one.return_by, doer, one.since).await?;
        if let Withdrawing::Withdrawn { .. } = withdrawing {
            self.withdrawn.insert(one.consent);
        }
        Ok(())
    }

    async fn revoke(
        &mut self,
        connection: &mut PgConnection,
        one: &Revoked,
        doer: Doer<'_>,
    ) -> Result<(), Error> {
        let held = roles::of_user(&mut *connection, one.user).await?;
        let held = held.iter().any(|grant| grant.role == one.role && grant.granted_at == one.granted_at);
        if held && roles::revoke(connection, one.user, one.role, doer).await? {
            self.revoked.insert((one.user, one.role));
        }
        Ok(())
    }

    async fn shut(
        &mut self,
        connection: &mut PgConnection,
        account: &Account,
        doer: Doer<'_>,
    ) -> Result<(), Error> {
        let user = account.user;
        let erased = account.erased_at.is_some();
        if account.closing_at.is_none() || (account.locked_why != closures::CLOSING && !erased) {
            // As it was locked for, so that whoever may unlock it knows.
            let doer = Doer::new(doer.by, &account.locked_why);
            if roles::lock(connection, user, doer).await? {
                self.locked.insert(user);
            }
        }
        let Some(at) = account.closing_at else { return Ok(()) };
        let before = closures::standing(&mut *connection, user).await?;
        let Some(before @ (Standing::InUse | Standing::ClosingSince(_))) = before else { return Ok(()) };
        closures::close_within(connection, user, doer, at).await?;
        if let Some(at) = account.erased_at
            && let Erasing::Erased = closures::erase_within(connection, user, doer, at).await?
        {
            self.closing.remove(&user);
            self.erased.insert(user);
        } else if erased || before == Standing::InUse {
            self.closing.insert(user);
        }
        Ok(())
    }
}

/// Takes old passwords away that had been changed since: a code that is sent to them lets people choose another.
async fn forget(connection: &mut PgConnection, changed: &[Changed]) -> Result<u64, Error> {
    let (users, at): (Vec<_>, Vec<DateTime<Utc>>) = changed.iter().map(|one| (one.user, one.at)).unzip();
    Ok(sqlx::query!(
        "delete from people.passwords
         using unnest($1::uuid[], $2::timestamptz[]) as later (user_id, changed_at)
         where passwords.user_id = later.user_id and passwords.changed_at < later.changed_at",
        &users,
        &at,
    )
    .execute(connection)
    .await?
    .rows_affected())
}

async fn refuse(connection: &mut PgConnection, refusals: &[Refusal]) -> Result<u64, Error> {
    let words = |of: fn(&Refusal) -> &String| refusals.iter().map(of).cloned().collect::<Vec<_>>();
    let said_at: Vec<_> = refusals.iter().map(|one| one.said_at).collect();
    Ok(sqlx::query!(
        "insert into notices.opt_outs (channel, address, how, said_at)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
         on conflict do nothing",
        &words(|one| &one.channel),
        &words(|one| &one.address),
        &words(|one| &one.how),
        &said_at,
    )
    .execute(connection)
    .await?
    .rows_affected())
}
