//! Opening the page: the gift is written down first, and what is shown to the giver is what stands in its row.

use std::fmt;

use chrono::TimeDelta;
use temporalio_sdk::activities::ActivityError;
use tracing::Instrument as _;
use wolo_database::donations::{self, NewDonation, Requesting};
use wolo_database::{Error as DatabaseError, pots};
use wolo_domain::donations::{DonationRefusal, DonationStage};
use wolo_domain::ids::DonationId;
use wolo_domain::money::Xof;
use wolo_domain::pots::PotStage;
use wolo_providers::ProviderError;
use wolo_providers::wave::{CheckoutSession, CreateCheckout, Currency};
use wolo_workflows::steps::donations::{Checkout, CheckoutOutcome, DonationRequest, Donor};

use super::DonationSteps;
use crate::failure;

/// How long Wave's pages live, for the one case that it does not say when a page was made.
const USUAL_LIFE: TimeDelta = TimeDelta::minutes(30);

impl DonationSteps {
    pub(super) async fn page_for(
        &self,
        request: DonationRequest,
        tried_before: bool,
    ) -> Result<CheckoutOutcome, ActivityError> {
        if let Err(refusal) = request.rules.check(request.amount) {
            return Ok(CheckoutOutcome::Refused { refusal });
        }
        let (donation, amount) = (request.donation, request.amount);
        let asked_before = match donations::request(&self.pool, &written(request)).await {
            Ok(Requesting::Refused(refusal)) => return Ok(CheckoutOutcome::Refused { refusal }),
            Ok(Requesting::New) => false,
            Ok(Requesting::Existing(found)) => match self.answer_of(&found).await? {
                Some(answer) => return Ok(answer),
                None => true,
            },
            // Another gift under this id, or a text that is too long. Nothing is written, and the giver is waiting.
            Err(error @ DatabaseError::Conflict { .. }) => {
                return Err(failure::stop(failure::CONTRADICTION, error));
            }
            Err(error) => return Err(error.into()),
        };
        if tried_before || asked_before {
            if let Some(stage) = self.stage_that_takes_no_gifts(donation).await? {
                return self.give_up(donation, stage).await;
            }
            if let Some(found) = self.page_from_before(donation, amount).await? {
                return self.attach(donation, &found).await;
            }
        }
        self.new_page(donation, amount).await
    }

    /// What a gift that was asked for before answers, if it has an answer.
    async fn answer_of(&self, found: &donations::Donation) -> Result<Option<CheckoutOutcome>, ActivityError> {
        if let Some(checkout) = &found.checkout {
            return Ok(Some(CheckoutOutcome::Opened(shown(checkout))));
        }
        if let Some(code) = &found.refusal_code {
            return Ok(Some(refused_by_wave(code)));
        }
        if found.stage == DonationStage::Requested {
            return Ok(None);
        }
        // It ended before it had a page, which is what the end of its pot does.
        let stage = pots::pot(&self.pool, found.pot).await?.map(|pot| pot.stage);
        let refusal =
            stage.map_or(DonationRefusal::PotUnknown, |stage| DonationRefusal::PotNotOpen { stage });
        Ok(Some(CheckoutOutcome::Refused { refusal }))
    }

    /// A page that is made after the pot has closed could only be paid in order to be paid back.
    async fn stage_that_takes_no_gifts(
        &self,
        donation: DonationId,
    ) -> Result<Option<PotStage>, ActivityError> {
        let Some(row) = donations::donation(&self.pool, donation).await? else { return Ok(None) };
        let pot = pots::pot(&self.pool, row.pot).await?;
        Ok(pot.map(|pot| pot.stage).filter(|stage| !stage.takes_donations()))
    }

    async fn give_up(&self, donation: DonationId, stage: PotStage) -> Result<CheckoutOutcome, ActivityError> {
        let sessions = self.pages_at_wave(donation).await?;
        if let Some(paid) = sessions.iter().find(|session| session.is_paid()) {
            return self.attach(donation, paid).await;
        }
        for session in sessions.iter().filter(|session| session.is_open()) {
            self.end_page(&session.id).await?;
        }
        donations::expire(&self.pool, donation, 0).await?;
        Ok(CheckoutOutcome::Refused { refusal: DonationRefusal::PotNotOpen { stage } })
    }

    /// A page that an earlier attempt made and lost: one that was paid, or one that can be.
    async fn page_from_before(
        &self,
        donation: DonationId,
        amount: Xof,
    ) -> Result<Option<CheckoutSession>, ActivityError> {
        let sessions = self.pages_at_wave(donation).await?;
        let payable = |session: &&CheckoutSession| {
            session.is_open() && session.amount == amount && session.currency == Currency::Xof
        };
        let kept = sessions
            .iter()
            .find(|session| session.is_paid())
            .or_else(|| sessions.iter().find(payable))
            .cloned();
        let is_kept = |session: &CheckoutSession| kept.as_ref().is_some_and(|kept| kept.id == session.id);
        for surplus in sessions.iter().filter(|session| session.is_open() && !is_kept(session)) {
            self.end_page(&surplus.id).await?;
        }
        Ok(kept)
    }

    async fn pages_at_wave(&self, donation: DonationId) -> Result<Vec<CheckoutSession>, ActivityError> {
        let span = tracing::info_span!("wave.checkout.search", %donation);
        let search = self.wave.search_checkouts(&donation.to_string()).instrument(span).await;
        search.map_err(failure::wave)
    }

    async fn new_page(&self, donation: DonationId, amount: Xof) -> Result<CheckoutOutcome, ActivityError> {
        let return_address = self.return_address(donation);
        let request = CreateCheckout {
            amount,
            client_reference: donation.to_string(),
            success_url: return_address.clone(),
            error_url: return_address,
        };
        let span = tracing::info_span!("wave.checkout.create", %donation);
        match self.wave.create_checkout(&request).instrument(span).await {
            Ok(session) => self.attach(donation, &session).await,
            Err(ProviderError::Refused { code, status, .. }) => {
                tracing::warn!(%donation, code, status, "Wave makes no page for a gift");
                donations::refuse_checkout(&self.pool, donation, &code).await?;
                Ok(refused_by_wave(&code))
            }
            Err(error) => Err(failure::wave(error)),
        }
    }

    /// The first page that is written down is the gift's; the giver never sees another.
    async fn attach(
        &self,
        donation: DonationId,
        session: &CheckoutSession,
    ) -> Result<CheckoutOutcome, ActivityError> {
        let ours = donations::Checkout {
            id: session.id.clone(),
            wave_launch_url: session.wave_launch_url.to_string(),
            opened_at: session.when_created.unwrap_or(session.when_expires - USUAL_LIFE),
            expires_at: session.when_expires,
        };
        let attached = donations::attach_checkout(&self.pool, donation, &ours).await?;
        if attached.id != ours.id {
            self.end_page(&ours.id).await?;
        }
        Ok(CheckoutOutcome::Opened(shown(&attached)))
    }

    async fn end_page(&self, id: &str) -> Result<(), ActivityError> {
        // One that has ended already is as good.
        self.wave.expire_checkout(id).await.map(drop).map_err(failure::wave)
    }
}

fn written(request: DonationRequest) -> NewDonation {
    let Donor { user, name, phone, message, anonymous } = request.donor;
    NewDonation {
        id: request.donation,
        pot: request.pot,
        amount: request.amount,
        donor: donations::Donor { user, name, phone, message, anonymous },
    }
}

fn shown(checkout: &donations::Checkout) -> Checkout {
    let life = checkout.expires_at - checkout.opened_at;
    Checkout {
        wave_launch_url: checkout.wave_launch_url.clone(),
        expires_at: checkout.expires_at,
        lives_for_seconds: u64::try_from(life.num_seconds()).unwrap_or(0),
    }
}

fn refused_by_wave(code: &impl fmt::Display) -> CheckoutOutcome {
    CheckoutOutcome::Refused { refusal: DonationRefusal::RefusedByWave { wave_code: code.to_string() } }
}
