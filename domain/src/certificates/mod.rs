//! Certificates: what a settled pot took in and where it went, provable to somebody who trusts only a public key.
//!
//! A certificate is a JSON array, one element on each line of the file: an opening, then each credit, each gift with Wave's fee
//! on it and its refund, then the payout with its fee, then a closing with the sums. It holds no name, no phone and no message.
//! A gift is called by a mark, because its id opens its page: the first 16 bytes of
//! SHA-256("wolo certificate 1: gift" ‖ 0 ‖ pot id ‖ 0 ‖ donation id), in the base64 of addresses. Its giver finds it by that.
//!
//! **Two formats.** A pot to which nobody gave credit is written in format 1. Credit is points that became francs, borne by WOLO:
//! a pot that has any is written in format 2, in which each credit is a line after the opening, by mark
//! (SHA-256("wolo certificate 2: credit" ‖ 0 ‖ pot id ‖ 0 ‖ conversion id), cut and written as a gift's), and the closing says
//! what they come to. All else is the same, seals included; that a certificate cannot be taken for one of the other format
//! follows from the opening, which is sealed.
//!
//! **Canonical bytes.** A certificate is its bytes, and there is one way to write each line: the fields that its kind
//! has, in their order, whole numbers and texts only, no space. A reader writes down again what it understood and
//! compares; whatever differs (another order, a field twice or unknown, `1.0` for `1`) is a wrong line.
//!
//! **Seals.** Each line ends with a [seal](crate::seals) under the name "wolo certificate 1", in a chain that begins with the id
//! of the pot. A tail that was cut off shows because the closing line is missing.
//!
//! **What is in it.** All that was booked into the pot or came too late for it and had gone back when the pot was settled:
//! gifts + credits = payout + fees + refunds. Money in suspense was never the pot's, and what comes or goes back after the
//! settlement stands in the ledger alone. The fee of the payout is borne by WOLO and stands apart.
//!
//! Certificates are not chained to one another. Each would need the one before, so all pots of a morning would settle in
//! single file, and a pot that cannot be settled would hold up the others; that a certificate exists for every settled pot
//! is held by the database instead.
//!
//! Refused: to write down what does not add up. The writer puts its lines before the same judge as the reader does.

mod judge;
mod lines;
mod verify;
mod write;

pub use judge::{Totals, Wrong};
pub use verify::{CertificateError, Trust, Verified, verify};
pub use write::{Certificate, Credit, Facts, Gift, NotCertifiable, Paid, write};

use crate::ids::PotId;
use crate::seals::Chain;

fn chain(pot: PotId) -> Chain {
    Chain::of("wolo certificate 1", "pot", &[pot.to_string().as_bytes()])
}

#[cfg(test)]
mod tests;
