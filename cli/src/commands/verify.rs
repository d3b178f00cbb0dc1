//! `wolo verify`: reads a certificate and believes nothing but a key. It asks neither the network nor a database.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde_json::json;
use wolo_domain::certificates::{self, CertificateError, Trust, Verified};
use wolo_domain::seals::{self, NamedKey};

use crate::failure::{not_understood, refused};
use crate::output::{self, Fields, Format, gifts, instant};

/// How a certificate that was checked ends the program.
const EXIT_CODES: &str = "Exit codes: 0 it is whole, adds up and was sealed with a key that you gave, 1 it is wrong (the first wrong \
     line is named), 2 it cannot be read, 3 it is whole and adds up, but no key was given: whoever forged all of it could have \
     sealed it too.";

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Verify {
    /// The certificate
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The public keys to believe: a file, or the key itself as 64 hexadecimal digits. A file holds such digits, or what
    /// `/.well-known/wolo-certificates.json` gives out. Without it the key that stands in the certificate is taken, which
    /// proves that nothing was changed, and not who sealed it
    #[arg(long, value_name = "FILE|KEY")]
    key: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Verify {
    pub(super) fn run(self) -> Result<()> {
        let document = fs::read(&self.file)
            .map_err(|error| not_understood(format!("{} cannot be read: {error}", self.file.display())))?;
        let trust = match &self.key {
            Some(given) => Trust::Keys(keys(given)?),
            None => Trust::ItsOwnKey,
        };
        let verified = match certificates::verify(&document, &trust) {
            Ok(verified) => verified,
            Err(wrong @ CertificateError::Line { .. }) => return self.is_wrong(&wrong),
            Err(other) => {
                return Err(not_understood(format!("{} cannot be read: {other}", self.file.display())));
            }
        };
        let is_trusted = self.key.is_some();
        if self.format.json { json(&verified, is_trusted) } else { tell(&verified, is_trusted) }?;
        if is_trusted {
            Ok(())
        } else {
            Err(refused("who sealed it is not proved: give the published key with --key"))
        }
    }

    fn is_wrong(&self, error: &CertificateError) -> Result<()> {
        if self.format.json
            && let CertificateError::Line { line, wrong } = error
        {
            output::json(&json!({ "ok": false, "line": line, "wrong": wrong.to_string() }))?;
        }
        Err(anyhow!("{error}"))
    }
}

/// Keys given in person, or in a file.
pub(super) fn keys(given: &str) -> Result<Vec<NamedKey>> {
    if let Ok(keys) = seals::read_keys(given) {
        return Ok(keys);
    }
    let text = fs::read_to_string(Path::new(given))
        .map_err(|error| not_understood(format!("the keys in {given} cannot be read: {error}")))?;
    seals::read_keys(&text)
        .map_err(|error| not_understood(format!("the keys in {given} cannot be used: {error}")))
}

fn json(verified: &Verified, is_trusted: bool) -> Result<()> {
    let totals = verified.totals;
    output::json(&json!({
        "ok": is_trusted,
        "whole": true,
        "pot": verified.pot,
        "year": verified.year,
        "lines": verified.lines,
        "gifts": totals.gift_count,
        "given_xof": totals.gifts,
        "credits_xof": totals.credits,
        "fees_xof": totals.fees,
        "refunds_xof": totals.refunds,
        "paid_out_xof": totals.payout,
        "payout_fee_xof": totals.payout_fee,
        "opened_at": verified.opened_at,
        "closed_at": verified.closed_at,
        "settled_at": verified.settled_at,
        "key_id": verified.key_id,
        "key": verified.key.to_string(),
        "key_was_given": is_trusted,
    }))
}

fn tell(verified: &Verified, is_trusted: bool) -> Result<()> {
    let totals = verified.totals;
    let count = i64::try_from(totals.gift_count).context("more gifts than there can be")?;
    let mut fields = Fields::new();
    fields.field("pot", verified.pot);
    fields.field("given", format!("{} in {}", totals.gifts, gifts(count)));
    if !totals.credits.is_zero() {
        fields.field("credit", format!("{}, borne by WOLO", totals.credits));
    }
    fields.field("Wave's fees", totals.fees);
    fields.field("given back", totals.refunds);
    fields.field("paid out", totals.payout);
    fields.field("payout's fee", format!("{}, borne by WOLO", totals.payout_fee));
    fields.field("open", format!("{} to {}", instant(verified.opened_at), instant(verified.closed_at)));
    fields.field("settled", instant(verified.settled_at));
    fields.field("lines", verified.lines);
    fields.field("sealed with", format!("{} ({})", verified.key_id, verified.key));
    let came = if totals.credits.is_zero() { "gifts" } else { "gifts + credits" };
    output::say(&format!("The certificate is whole, and adds up: {came} = payout + fees + refunds."));
    output::say(&fields.text());
    if !is_trusted {
        output::say(
            "Proved: nothing was changed since it was sealed with the key that stands in it.\n\
             Not proved: that this key is WOLO's.",
        );
    }
    Ok(())
}
