//! Writing a certificate: the same facts and the same key give the same bytes.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use thiserror::Error;

use super::judge::{Judge, Wrong};
use super::lines::{
    Bearer, Closing, Currency, Line, Mark, OfGift, Opening, Payout, PayoutFee, WITH_CREDITS, WITHOUT_CREDITS,
    What,
};
use super::{chain, lines, verify};
use crate::ids::{ConversionId, DonationId, PayoutId, PotId};
use crate::money::Xof;
use crate::seals::{Chain, SealingKey};

/// What is to be certified, from the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub pot: PotId,
    /// Of the birthday.
    pub year: i32,
    pub opened_at: DateTime<Utc>,
    pub closed_at: DateTime<Utc>,
    pub settled_at: DateTime<Utc>,
    /// In any order.
    pub credits: Vec<Credit>,
    /// In any order.
    pub gifts: Vec<Gift>,
    /// None when there was nothing to pay.
    pub payout: Option<Paid>,
}

/// Points that became francs, borne by WOLO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    pub conversion: ConversionId,
    pub amount: Xof,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gift {
    pub donation: DonationId,
    pub amount: Xof,
    /// Wave's id of the payment.
    pub transaction: String,
    pub paid_at: DateTime<Utc>,
    /// Zero: it cost nothing.
    pub fee: Xof,
    /// Zero: it did not go back.
    pub refund: Xof,
}

/// A payout that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    pub amount: Xof,
    /// Wave's id of it.
    pub transaction: String,
    /// What Wave charged us for it; zero is an answer.
    pub fee: Xof,
}

/// A certificate as it is kept and handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub document: String,
    /// SHA-256 of the document's bytes.
    pub digest: [u8; 32],
    pub lines: u64,
}

/// What was to be certified contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line} of the certificate would be wrong: {wrong}")]
pub struct NotCertifiable {
    pub line: u64,
    pub wrong: Wrong,
}

/// Writes the certificate of a settled pot, or says what does not add up.
pub fn write(facts: &Facts, key: &SealingKey) -> Result<Certificate, NotCertifiable> {
    let mut writer = Writer {
        judge: Judge::new(),
        key,
        chain: chain(facts.pot),
        // What most lines need, so that a large document is not copied again and again.
        document: String::with_capacity(512 * (facts.gifts.len() + 3) + 192 * facts.credits.len()),
    };
    writer.opening(facts)?;
    let mut credits: Vec<(Mark, &Credit)> =
        facts.credits.iter().map(|credit| (Mark::of_credit(facts.pot, credit.conversion), credit)).collect();
    credits.sort_unstable_by(|(mark, _), (other, _)| mark.cmp(other));
    for (mark, credit) in credits {
        writer.credit(mark, credit)?;
    }
    let mut gifts: Vec<(Mark, &Gift)> =
        facts.gifts.iter().map(|gift| (Mark::of(facts.pot, gift.donation), gift)).collect();
    gifts.sort_unstable_by(|(mark, gift), (other_mark, other)| {
        (gift.paid_at, mark).cmp(&(other.paid_at, other_mark))
    });
    for (mark, gift) in gifts {
        writer.gift(&mark, gift)?;
    }
    if let Some(paid) = &facts.payout {
        writer.payout(PayoutId::of_pot(facts.pot), paid)?;
    }
    writer.closing(facts.settled_at)?;
    Ok(writer.done())
}

struct Writer<'a> {
    judge: Judge,
    key: &'a SealingKey,
    chain: Chain,
    document: String,
}

impl Writer<'_> {
    fn opening(&mut self, facts: &Facts) -> Result<(), NotCertifiable> {
        self.line(What::Opening(Opening {
            format: if facts.credits.is_empty() { WITHOUT_CREDITS } else { WITH_CREDITS },
            pot: facts.pot,
            year: facts.year,
            currency: Currency::Xof,
            opened_at: facts.opened_at,
            closed_at: facts.closed_at,
            key_id: self.key.id().to_owned(),
            public_key: self.key.public().to_string(),
        }))
    }

    fn credit(&mut self, mark: Mark, credit: &Credit) -> Result<(), NotCertifiable> {
        self.line(What::Credit(lines::Credit { mark, amount: credit.amount, borne_by: Bearer::Wolo }))
    }

    fn gift(&mut self, mark: &Mark, gift: &Gift) -> Result<(), NotCertifiable> {
        let part = |amount| OfGift { mark: mark.clone(), amount, transaction: gift.transaction.clone() };
        self.line(What::Gift(lines::Gift {
            mark: mark.clone(),
            amount: gift.amount,
            transaction: gift.transaction.clone(),
            paid_at: gift.paid_at,
        }))?;
        if !gift.fee.is_zero() {
            self.line(What::Fee(part(gift.fee)))?;
        }
        if !gift.refund.is_zero() {
            self.line(What::Refund(part(gift.refund)))?;
        }
        Ok(())
    }

    fn payout(&mut self, payout: PayoutId, paid: &Paid) -> Result<(), NotCertifiable> {
        let Paid { amount, transaction, fee } = paid.clone();
        self.line(What::Payout(Payout { payout, amount, transaction: transaction.clone() }))?;
        if !fee.is_zero() {
            let borne_by = Bearer::Wolo;
            self.line(What::PayoutFee(PayoutFee { payout, amount: fee, transaction, borne_by }))?;
        }
        Ok(())
    }

    fn closing(&mut self, settled_at: DateTime<Utc>) -> Result<(), NotCertifiable> {
        let totals = self.judge.totals();
        self.line(What::Closing(Closing {
            settled_at,
            lines: self.judge.lines() + 1,
            gift_count: totals.gift_count,
            gifts: totals.gifts,
            credits: Some(totals.credits).filter(|credits| !credits.is_zero()),
            fees: totals.fees,
            refunds: totals.refunds,
            payout: totals.payout,
            payout_fee: totals.payout_fee,
        }))
    }

    /// Adds a line with its seal, if the judge lets it stand there.
    fn line(&mut self, what: What) -> Result<(), NotCertifiable> {
        let number = self.judge.lines() + 1;
        let refused = |wrong| NotCertifiable { line: number, wrong };
        let line = Line { line: number, what };
        self.judge.take(&line).map_err(refused)?;
        let body = line.body().ok_or_else(|| refused(Wrong::Form))?;
        let sealed = self.chain.to_be_sealed(&body);
        let seal = self.key.seal(&sealed);
        self.chain = self.chain.after(&sealed, &seal);
        self.document.push_str(if number == 1 { "[" } else { ",\n" });
        self.document.push_str(body.strip_suffix('}').unwrap_or_default());
        self.document.push_str(verify::BEFORE_SEAL);
        self.document.push_str(&URL_SAFE_NO_PAD.encode(seal));
        self.document.push_str(verify::AFTER_SEAL);
        Ok(())
    }

    fn done(mut self) -> Certificate {
        self.document.push_str("]\n");
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.document.as_bytes()).as_ref());
        Certificate { document: self.document, digest: hash, lines: self.judge.lines() }
    }
}
