//! Every place where a process dies: the boundaries round each step that a worker serves, and round what the API is asked.
//!
//! The steps are those that are registered with the engine, and this table must have a line for each: a new step without one
//! fails a test here. A step that no story reaches says so in its line, and every report names it.

use wolo_sandbox::wave::Endpoint;

use crate::stories::Story;

/// What a step has to do with Wave, and by which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    Not,
    /// It asks and changes nothing there.
    Asks(Endpoint),
    /// It makes Wave do something.
    Sends(Endpoint),
}

/// A step and the story in which it is done.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub name: &'static str,
    pub speaks: Speaks,
    /// None: no story reaches it yet.
    pub story: Option<Story>,
}

const fn step(name: &'static str, speaks: Speaks, story: Story) -> Step {
    Step { name, speaks, story: Some(story) }
}

pub const STEPS: [Step; 71] = [
    step("pots.schedule", Speaks::Not, Story::Ordinary),
    step("pots.open", Speaks::Not, Story::Ordinary),
    step("pots.close", Speaks::Not, Story::Ordinary),
    step("pots.settle", Speaks::Not, Story::Ordinary),
    step("pots.cancel", Speaks::Not, Story::Cancelled),
    step("pots.hold", Speaks::Not, Story::Held),
    step("pots.release", Speaks::Not, Story::Held),
    step("pots.read_holds", Speaks::Not, Story::Reviewed),
    step("pots.move_birthday", Speaks::Not, Story::Moved),
    step("pots.announce", Speaks::Not, Story::Ordinary),
    step("points.convert", Speaks::Not, Story::Credited),
    step("points.revoke", Speaks::Not, Story::Credited),
    step("birthdays.find_unswept", Speaks::Not, Story::Swept),
    step("birthdays.start_pots", Speaks::Not, Story::Swept),
    step("birthdays.record_sweep", Speaks::Not, Story::Swept),
    step("invitations.accept", Speaks::Not, Story::Invited),
    step("invitations.end", Speaks::Not, Story::Invited),
    step("invitations.start_pot", Speaks::Not, Story::Invited),
    step("invitations.follow", Speaks::Not, Story::Invited),
    step("consents.find", Speaks::Not, Story::Consent),
    step("consents.ask", Speaks::Not, Story::Consent),
    step("consents.give", Speaks::Not, Story::Consent),
    step("consents.withdraw", Speaks::Not, Story::Consent),
    step("consents.end", Speaks::Not, Story::Consent),
    step("consents.hand_over", Speaks::Not, Story::Consent),
    step("consents.give_up_pots", Speaks::Not, Story::Consent),
    step("closures.close", Speaks::Not, Story::Leaving),
    step("closures.give_up", Speaks::Not, Story::Leaving),
    step("closures.restore", Speaks::Not, Story::Leaving),
    step("closures.erase", Speaks::Not, Story::Leaving),
    step("accounts.forget_leftovers", Speaks::Not, Story::Housekeeping),
    step("retention.keep", Speaks::Not, Story::Housekeeping),
    step("punctuality.find_late", Speaks::Not, Story::Housekeeping),
    step("audit.seal_the_end", Speaks::Not, Story::Housekeeping),
    step("histories.archive", Speaks::Not, Story::Archived),
    step("donations.open_checkout", Speaks::Sends(Endpoint::CheckoutCreate), Story::Ordinary),
    step("donations.settle", Speaks::Asks(Endpoint::CheckoutGet), Story::Ordinary),
    step("refunds.give_back", Speaks::Sends(Endpoint::CheckoutRefund), Story::Late),
    step("refunds.begin_all", Speaks::Not, Story::GivenUp),
    step("donations.end_checkouts", Speaks::Sends(Endpoint::CheckoutExpire), Story::Ordinary),
    step("donations.take_up", Speaks::Not, Story::Books),
    step("payouts.plan", Speaks::Not, Story::Ordinary),
    step("payouts.verify_recipient", Speaks::Sends(Endpoint::RecipientVerify), Story::Ordinary),
    step("payouts.approve", Speaks::Not, Story::Large),
    step("payouts.send", Speaks::Sends(Endpoint::PayoutCreate), Story::Ordinary),
    step("payouts.find", Speaks::Asks(Endpoint::PayoutSearch), Story::Found),
    step("payouts.lose_sight", Speaks::Not, Story::Unknown),
    step("payouts.rule_out", Speaks::Asks(Endpoint::PayoutSearch), Story::NeverPaid),
    step("payouts.record_decision", Speaks::Not, Story::Unknown),
    step("statements.book_fees", Speaks::Asks(Endpoint::Transactions), Story::Ordinary),
    step("statements.find_uncompared", Speaks::Not, Story::Books),
    step("statements.reconcile", Speaks::Asks(Endpoint::Transactions), Story::Books),
    step("ledger.check", Speaks::Not, Story::Books),
    step("ledger.resume", Speaks::Not, Story::Books),
    step("discrepancies.resolve", Speaks::Not, Story::Books),
    step("notices.prepare", Speaks::Not, Story::Untold),
    step("notices.send", Speaks::Not, Story::Untold),
    step("notices.begin", Speaks::Not, Story::Invited),
    step("notices.end", Speaks::Not, Story::Untold),
    step("identities.open_case", Speaks::Not, Story::Reviewed),
    step("identities.open_next", Speaks::Not, Story::Consent),
    step("identities.add_document", Speaks::Not, Story::Reviewed),
    step("identities.remove_document", Speaks::Not, Story::Reviewed),
    step("identities.submit", Speaks::Not, Story::Reviewed),
    step("identities.take", Speaks::Not, Story::Reviewed),
    step("identities.look", Speaks::Not, Story::Reviewed),
    step("identities.decide", Speaks::Not, Story::Reviewed),
    step("identities.escalate", Speaks::Not, Story::Reviewed),
    step("identities.end", Speaks::Not, Story::Consent),
    step("identities.give_up", Speaks::Not, Story::Consent),
    step("identities.destroy", Speaks::Not, Story::Reviewed),
];

/// What happens to the call itself at a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Its bytes leave and do not arrive.
    Request,
    /// Wave does it, and nobody hears.
    Reply,
}

/// One place where a process dies.
#[derive(Clone, Debug)]
pub struct Boundary {
    /// As reports name it: `payouts.send k5`.
    pub name: String,
    /// The point that is armed for it.
    pub point: String,
    pub story: Story,
    /// The call that is bent so that the point is passed.
    pub loss: Option<(Endpoint, Loss)>,
}

impl Boundary {
    /// Whether the processes of a gift, a refund or a payout pass it, or the door through which they are begun and told.
    pub fn moves_money(&self) -> bool {
        let (of, _) = self.name.split_once(['.', ' ']).unwrap_or_default();
        ["donations", "refunds", "payouts", "webhook", "command"].contains(&of)
    }
}

/// All of them, in a fixed order.
pub fn all() -> Vec<Boundary> {
    STEPS.iter().flat_map(of_step).chain(of_the_api()).collect()
}

/// Steps that no story reaches.
pub fn unexercised() -> Vec<&'static str> {
    STEPS.iter().filter(|step| step.story.is_none()).map(|step| step.name).collect()
}

fn of_step(step: &Step) -> Vec<Boundary> {
    let Some(story) = step.story else { return Vec::new() };
    let at = |kind: &str, point: &str, loss| Boundary {
        name: format!("{} {kind}", step.name),
        point: format!("{}@{point}", step.name),
        story,
        loss,
    };
    let mut found = vec![
        at("k1", "begun", None),
        at("k6", "done", None),
        at("k7", "heard", None),
        at("k8", "decided", None),
    ];
    let (endpoint, leaves, lost, read) = match step.speaks {
        Speaks::Not => return found,
        Speaks::Asks(endpoint) => (endpoint, "asking", "untold", "told"),
        Speaks::Sends(endpoint) => (endpoint, "sending", "unanswered", "answered"),
    };
    found.extend([
        at("k2", leaves, None),
        at("k3", lost, Some((endpoint, Loss::Request))),
        at("k4", lost, Some((endpoint, Loss::Reply))),
        at("k5", read, None),
    ]);
    found
}

/// Round Wave's webhooks, and round the commands that people give with a key.
fn of_the_api() -> impl Iterator<Item = Boundary> {
    let points = [
        ("webhook w1", "webhooks@verified"),
        ("webhook w2", "webhooks@kept"),
        ("webhook w3", "webhooks@told"),
        ("webhook w4", "webhooks@noted"),
        ("command a1", "commands@asked"),
        ("command a2", "commands@keyed"),
        ("command a3", "commands@done"),
    ];
    points.into_iter().map(|(name, point)| Boundary {
        name: name.to_owned(),
        point: point.to_owned(),
        story: Story::Ordinary,
        loss: None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_step_that_a_worker_serves_has_its_boundaries() {
        let served: BTreeSet<String> = wolo_workflows::queues::ALL
            .into_iter()
            .flat_map(|queue| wolo_worker::served(queue).expect("a queue of ours").steps)
            .collect();
        let known: BTreeSet<String> = STEPS.iter().map(|step| step.name.to_owned()).collect();
        assert_eq!(STEPS.len(), known.len(), "a step stands here twice");
        let without: Vec<_> = served.difference(&known).collect();
        assert!(without.is_empty(), "give these steps a line, and a story that does them: {without:?}");
        let gone: Vec<_> = known.difference(&served).collect();
        assert!(gone.is_empty(), "nobody serves these steps any more: {gone:?}");
    }

    #[test]
    fn every_step_is_reached_by_a_story() {
        assert_eq!(unexercised(), Vec::<&str>::new());
    }

    #[test]
    fn there_are_a_hundred_boundaries_and_no_two_have_a_name() {
        let all = all();
        let names: BTreeSet<_> = all.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.len() >= 100, "{}", all.len());
    }
}
