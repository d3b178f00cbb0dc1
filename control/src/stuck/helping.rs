//! What something that stands still waits for in plain words, whose it is to help, and the command that helps.

use wolo_domain::accounts::Role;
use wolo_domain::pots::HoldReason;

use super::Why;
use super::looking::Trouble;

/// How the names of processes begin, and who answers for those.
const OWNERS: [(&str, Role); 12] = [
    ("payout/", Role::Finance),
    ("refund/", Role::Finance),
    ("donation/", Role::Finance),
    ("reconciliation", Role::Finance),
    ("discrepancy/", Role::Finance),
    ("ledger-check", Role::Finance),
    ("identity/", Role::Reviewer),
    ("consent/", Role::Reviewer),
    ("pot/", Role::Support),
    ("invitation/", Role::Support),
    ("revocation/", Role::Support),
    ("notice/", Role::Support),
];

/// Whose it is to help. What our code does wrong is nobody's who works with people or money.
pub(super) fn owner(process: &str, why: Why) -> Role {
    if why == Why::Fails {
        return Role::Superadmin;
    }
    let named = OWNERS.iter().find(|(beginning, _)| process.starts_with(beginning));
    named.map_or(Role::Superadmin, |(_, role)| *role)
}

/// What it waits for.
pub(super) fn words(process: &str, trouble: &Trouble<'_>, status: &str) -> String {
    match trouble {
        Trouble::Fails { .. } => "a mend of its code: no worker can carry it on".to_owned(),
        Trouble::Retries(step) => {
            let name = step.activity_type.as_ref().map_or("a step", |kind| kind.name.as_str());
            format!("{name} to succeed, which is tried again until it does")
        }
        Trouble::NeedsHuman => match (process.split('/').next(), status.parse::<HoldReason>()) {
            (_, Ok(reason)) => reason.waits_for().to_owned(),
            (Some("payout"), _) => "gifts or fees of its pot that should be known by now".to_owned(),
            (Some("refund"), _) => "Wave to give the payment back, which it has refused".to_owned(),
            (Some("identity"), _) => "a reviewer's decision, for longer than it should".to_owned(),
            _ => "a person's decision".to_owned(),
        },
        Trouble::Held(reason) => reason.waits_for().to_owned(),
        Trouble::Overdue(_) => "nothing: its time has come, and it has not moved on".to_owned(),
    }
}

/// The command that helps. `fault` is the code of what went wrong last.
pub(super) fn command(process: &str, why: Why, status: &str, fault: Option<&str>) -> String {
    let (kind, about) = process.split_once('/').unwrap_or((process, ""));
    match (why, kind) {
        (Why::Fails, _) => story(process),
        (Why::Retries, _) => retried(process, fault.unwrap_or_default()),
        (Why::NeedsHuman, "payout") => decision(about, status),
        (Why::NeedsHuman, "refund") => format!("wolo refunds retry {about} --reason …"),
        (Why::NeedsHuman, "identity") => format!("wolo cases show {about}"),
        (_, "payout") => format!("wolo payouts show {about}"),
        (_, "pot") => format!("wolo pots show {about}"),
        (_, "consent") => format!("wolo consents show {about}"),
        _ => story(process),
    }
}

/// Everything that is known of a process is its story.
fn story(process: &str) -> String {
    format!("wolo workflows show {process}")
}

/// What to do follows from who did not do what was asked.
fn retried(process: &str, fault: &str) -> String {
    match fault.split_once('.').unwrap_or((fault, "")) {
        // It says whether Wave answers. Where Wave does, and says no to this one thing, only the story tells to what.
        ("wave", "unreachable" | "throttled") => "wolo doctor".to_owned(),
        ("contradiction", _) => "wolo ledger check".to_owned(),
        ("vault", _) => "wolo vault check".to_owned(),
        ("messenger", _) => "wolo notices list --stage queued".to_owned(),
        _ => story(process),
    }
}

/// What finance may decide about a payout depends on what it waits for.
fn decision(pot: &str, status: &str) -> String {
    match status.parse() {
        Ok(HoldReason::PayoutUnknown) => format!("wolo payouts resolve {pot} --ask-again --reason …"),
        Ok(HoldReason::PayoutRefused) => format!("wolo payouts resolve {pot} --order-anew --reason …"),
        Ok(HoldReason::Recipient) => format!("wolo payouts resolve {pot} --accept --reason …"),
        Ok(HoldReason::Approval) => format!("wolo payouts approve {pot} --by … --code … --reason …"),
        _ => format!("wolo payouts show {pot}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helps_follows_from_what_is_wrong() {
        for (process, why, status, fault, help) in [
            ("payout/pot_1", Why::Retries, "", Some("wave.unreachable"), "wolo doctor"),
            (
                "donation/don_1",
                Why::Retries,
                "requested",
                Some("wave.refused"),
                "wolo workflows show donation/don_1",
            ),
            ("pot/pot_1", Why::Retries, "open", Some("contradiction"), "wolo ledger check"),
            ("pot/pot_1", Why::Retries, "open", None, "wolo workflows show pot/pot_1"),
            ("pot/pot_1", Why::Fails, "open", Some("wave.refused"), "wolo workflows show pot/pot_1"),
            ("pot/pot_1", Why::Overdue, "open", None, "wolo pots show pot_1"),
            ("refund/don_1", Why::NeedsHuman, "refused", None, "wolo refunds retry don_1 --reason …"),
            ("payout/pot_1", Why::NeedsHuman, "waiting", None, "wolo payouts show pot_1"),
            (
                "payout/pot_1",
                Why::NeedsHuman,
                "payout_refused",
                None,
                "wolo payouts resolve pot_1 --order-anew --reason …",
            ),
            ("payout/pot_1", Why::Held, "float", None, "wolo payouts show pot_1"),
        ] {
            assert_eq!(command(process, why, status, fault), help, "{process} {why:?} {status}");
        }
    }

    #[test]
    fn everything_has_an_owner() {
        for (process, why, owned_by) in [
            ("payout/pot_1", Why::NeedsHuman, Role::Finance),
            ("payout/pot_1", Why::Fails, Role::Superadmin),
            ("reconciliation-today-2026-11-27T01:00:00Z", Why::Retries, Role::Finance),
            ("identity/cas_1", Why::NeedsHuman, Role::Reviewer),
            ("housekeeping-2026-11-27T03:00:00Z", Why::Retries, Role::Superadmin),
            ("pot/pot_1", Why::Overdue, Role::Support),
        ] {
            assert_eq!(owner(process, why), owned_by, "{process}");
        }
    }
}
