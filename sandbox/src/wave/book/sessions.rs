//! Rules of checkout sessions: open until paid, closed or expired; paid at most once; refunded at most once.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Book, CheckoutStatus, Line, MovementKind, PaymentError, Session, new_id};

#[derive(Debug)]
pub(in crate::wave) struct NewSession {
    pub(in crate::wave) amount: i64,
    pub(in crate::wave) client_reference: Option<String>,
    pub(in crate::wave) success_url: String,
    pub(in crate::wave) error_url: String,
    pub(in crate::wave) restrict_payer_mobile: Option<String>,
    pub(in crate::wave) life: TimeDelta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wave) enum PayRefusal {
    Unknown,
    AlreadyPaid,
    Expired,
    /// The session is for another wallet; it stays open and remembers the attempt.
    OtherPayer,
}

impl PayRefusal {
    pub(in crate::wave) fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "there is no such session",
            Self::AlreadyPaid => "the session is paid already",
            Self::Expired => "the session has expired",
            Self::OtherPayer => "the session is for another wallet",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wave) enum RefundRefusal {
    Unknown,
    NotPaid,
    Short,
}

impl Book {
    pub(in crate::wave) fn open_session(&mut self, new: NewSession, now: DateTime<Utc>) -> &Session {
        self.sessions.push(Session {
            id: new_id("cos-"),
            amount: new.amount,
            client_reference: new.client_reference,
            success_url: new.success_url,
            error_url: new.error_url,
            restrict_payer_mobile: new.restrict_payer_mobile,
            when_created: now,
            when_expires: now + new.life,
            when_completed: None,
            when_closed: None,
            transaction_id: None,
            payer_mobile: None,
            fee: 0,
            last_payment_error: None,
            refund_transaction_id: None,
        });
        let at = self.sessions.len() - 1;
        self.index_session(at);
        &self.sessions[at]
    }

    fn payable(&self, id: &str, now: DateTime<Utc>) -> Result<usize, PayRefusal> {
        let &at = self.index.session.get(id).ok_or(PayRefusal::Unknown)?;
        match self.sessions[at].status_at(now) {
            CheckoutStatus::Open => Ok(at),
            CheckoutStatus::Complete => Err(PayRefusal::AlreadyPaid),
            CheckoutStatus::Expired => Err(PayRefusal::Expired),
        }
    }

    pub(in crate::wave) fn pay_session(
        &mut self,
        id: &str,
        mobile: &str,
        fee: i64,
        now: DateTime<Utc>,
    ) -> Result<&Session, PayRefusal> {
        let at = self.payable(id, now)?;
        let session = &self.sessions[at];
        if session.restrict_payer_mobile.as_deref().is_some_and(|only| only != mobile) {
            self.sessions[at].last_payment_error = Some(PaymentError {
                code: "payer-mobile-mismatch".into(),
                message: "This payment is meant for another wallet.".into(),
            });
            return Err(PayRefusal::OtherPayer);
        }
        let mut line = Line::new(MovementKind::ApiCheckout, session.amount - fee, fee);
        line.counterparty_mobile = Some(mobile.to_owned());
        line.client_reference.clone_from(&session.client_reference);
        line.checkout_session_id = Some(session.id.clone());
        let transaction_id = self.record(line, now);
        self.index.session_by_transaction.insert(transaction_id.clone(), at);
        let session = &mut self.sessions[at];
        session.when_completed = Some(now);
        session.transaction_id = Some(transaction_id);
        session.payer_mobile = Some(mobile.to_owned());
        session.fee = fee;
        session.last_payment_error = None;
        Ok(session)
    }

    /// A payer's failed attempt: the session stays open.
    pub(in crate::wave) fn fail_session(
        &mut self,
        id: &str,
        error: PaymentError,
        now: DateTime<Utc>,
    ) -> Result<&Session, PayRefusal> {
        let at = self.payable(id, now)?;
        self.sessions[at].last_payment_error = Some(error);
        Ok(&self.sessions[at])
    }

    /// Closes an open session. An expired one is refused like a paid one.
    pub(in crate::wave) fn close_session(&mut self, id: &str, now: DateTime<Utc>) -> Result<(), PayRefusal> {
        let at = self.payable(id, now)?;
        self.sessions[at].when_closed = Some(now);
        Ok(())
    }

    /// Gives a payment back in full, fee included; twice moves nothing the second time.
    pub(in crate::wave) fn refund_session(
        &mut self,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), RefundRefusal> {
        let session = self.session(id).ok_or(RefundRefusal::Unknown)?;
        let transaction = session.transaction_id.clone().ok_or(RefundRefusal::NotPaid)?;
        self.refund_transaction(&transaction, now)
    }

    /// The same, found by its statement line: a checkout or a payment in the shop.
    pub(in crate::wave) fn refund_transaction(
        &mut self,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), RefundRefusal> {
        let &at = self.index.movement_by_transaction.get(id).ok_or(RefundRefusal::Unknown)?;
        let movement = &self.movements[at];
        let kind = match movement.kind {
            MovementKind::ApiCheckout => MovementKind::ApiCheckoutRefund,
            MovementKind::MerchantPayment => MovementKind::MerchantPaymentRefund,
            _ => return Err(RefundRefusal::NotPaid),
        };
        if movement.reversed_by.is_some() {
            return Ok(());
        }
        if self.available() < movement.amount {
            return Err(RefundRefusal::Short);
        }
        let refund = self.record(Line::undoing(movement, kind), now);
        self.movements[at].reversed_by = Some(refund.clone());
        if let Some(&session) = self.index.session_by_transaction.get(id) {
            self.sessions[session].refund_transaction_id = Some(refund);
        }
        Ok(())
    }
}
