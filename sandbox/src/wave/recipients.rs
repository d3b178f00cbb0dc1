//! Recipient checks: does this wallet belong to this person, and may it receive this much.
//!
//! Wave compares names loosely (Jaro-Winkler, from 0.65 on). The emulator knows the people it was told about; anybody
//! else matches, so that a local world needs no preparation.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    book::{PayoutRefusal, magic_refusal},
    calls::{Call, Reply},
    errors::{Envelope, Refusal},
    fields::{Fields, check_wallet},
    world::World,
};

/// In thousandths.
const THRESHOLD: usize = 650;

pub(super) fn verify(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let mut fields = Fields::read(call.header("content-type"), &call.body)?;
    let mobile = fields.mobile("mobile")?;
    let name = fields.text("name")?;
    let national_id = fields.text("national_id")?;
    fields.optional_amount("amount")?;
    fields.text("currency")?;
    fields.finish()?;
    check_wallet(&mobile, &world.options.mobile_prefixes)?;
    let now = world.now();
    if !world.change(|book| book.allow_check(&mobile, now)) {
        let message = "Too many checks of this phone number.";
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", message);
        return Err(refusal.shaped(Envelope::ErrorCode));
    }
    let limited =
        matches!(magic_refusal(&mobile), Some(PayoutRefusal { code: "recipient-limit-exceeded", .. }));
    let person = world.read(|book| book.person(&mobile).cloned());
    let judge = |said: Option<String>, known: Option<&Option<String>>, unknown: &str| match (said, known) {
        (None, _) => Value::Null,
        (Some(_), None) => json!("MATCH"),
        (Some(_), Some(None)) => json!(unknown),
        (Some(said), Some(Some(known))) if alike(&said, known) => json!("MATCH"),
        _ => json!("NO_MATCH"),
    };
    Ok(Reply::json(&json!({
        "within_limits": !limited,
        "name_match": judge(name, person.as_ref().map(|person| &person.name), "NAME_NOT_KNOWN"),
        "national_id_match":
            judge(national_id, person.as_ref().map(|person| &person.national_id), "ID_NOT_KNOWN"),
    })))
}

fn alike(said: &str, known: &str) -> bool {
    similarity(&letters(said), &letters(known)) >= THRESHOLD
}

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Jaro-Winkler in thousandths, in whole numbers.
fn similarity(left: &[char], right: &[char]) -> usize {
    if left.is_empty() || right.is_empty() {
        return if left.is_empty() && right.is_empty() { 1000 } else { 0 };
    }
    let reach = (left.len().max(right.len()) / 2).saturating_sub(1);
    let mut taken = vec![false; right.len()];
    let mut from_left = Vec::new();
    for (at, letter) in left.iter().enumerate() {
        let nearby = at.saturating_sub(reach)..(at + reach + 1).min(right.len());
        if let Some(found) = nearby.into_iter().find(|&other| !taken[other] && right[other] == *letter) {
            taken[found] = true;
            from_left.push(*letter);
        }
    }
    let matches = from_left.len();
    if matches == 0 {
        return 0;
    }
    let from_right = right.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(letter, _)| *letter);
    let swapped = from_left.iter().zip(from_right).filter(|(one, other)| *one != other).count() / 2;
    let jaro =
        (1000 * matches / left.len() + 1000 * matches / right.len() + 1000 * (matches - swapped) / matches)
            / 3;
    let prefix = left.iter().zip(right).take(4).take_while(|(one, other)| one == other).count();
    jaro + prefix * (1000 - jaro) / 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_loosely() {
        assert!(alike("Awa Ndiaye", "awa NDIAYE"));
        assert!(alike("Fatou Diop", "Fatoumata Diop"));
        assert!(!alike("Awa Ndiaye", "Boubacar Sy"));
    }

    #[test]
    fn the_textbook_pair_scores_as_in_the_textbook() {
        // Jaro-Winkler of MARTHA and MARHTA is 0.961; thirds of whole thousandths lose at most one.
        let score = similarity(&letters("MARTHA"), &letters("MARHTA"));
        assert!((960..=961).contains(&score), "{score}");
    }
}
