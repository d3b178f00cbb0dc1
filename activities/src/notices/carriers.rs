//! Who carries messages: the providers there are, each at the pace that it bears.

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use wolo_domain::notices::Channel;
use wolo_domain::people::Phone;
use wolo_providers::BreakerState;
use wolo_providers::fcm::Fcm;
use wolo_providers::orange::Orange;
use wolo_providers::sendgrid::SendGrid;
use wolo_providers::smtp::Smtp;
use wolo_providers::twilio::Twilio;
use wolo_providers::whatsapp::WhatsApp;

/// A provider that is not asked more often than it bears.
pub struct Paced<P> {
    provider: P,
    pace: DefaultDirectRateLimiter,
}

impl<P> Paced<P> {
    pub fn new(provider: P, quota: Quota) -> Self {
        Self { provider, pace: RateLimiter::direct(quota) }
    }

    pub(super) const fn provider(&self) -> &P {
        &self.provider
    }

    /// Waits until it may be asked again.
    async fn turn(&self) -> Turn {
        if self.pace.check().is_ok() {
            return Turn::AtOnce;
        }
        self.pace.until_ready().await;
        Turn::Waited
    }
}

/// Whether anything may have changed until a provider could be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    AtOnce,
    Waited,
}

/// An absent one is not used.
#[derive(Default)]
pub struct Carriers {
    pub whatsapp: Option<Paced<WhatsApp>>,
    pub orange: Option<Paced<Orange>>,
    pub twilio: Option<Paced<Twilio>>,
    pub sendgrid: Option<Paced<SendGrid>>,
    pub smtp: Option<Paced<Smtp>>,
    pub fcm: Option<Paced<Fcm>>,
}

/// One of them, as rows and receipts name it.
#[derive(Clone, Copy)]
pub(super) enum Carrier<'a> {
    WhatsApp(&'a Paced<WhatsApp>),
    Orange(&'a Paced<Orange>),
    Twilio(&'a Paced<Twilio>),
    SendGrid(&'a Paced<SendGrid>),
    Smtp(&'a Paced<Smtp>),
    Fcm(&'a Paced<Fcm>),
}

impl Carrier<'_> {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::WhatsApp(_) => "whatsapp",
            Self::Orange(_) => "orange",
            Self::Twilio(_) => "twilio",
            Self::SendGrid(_) => "sendgrid",
            Self::Smtp(_) => "smtp",
            Self::Fcm(_) => "fcm",
        }
    }

    fn breaker(&self) -> BreakerState {
        match self {
            Self::WhatsApp(paced) => paced.provider().breaker(),
            Self::Orange(paced) => paced.provider().breaker(),
            Self::Twilio(paced) => paced.provider().breaker(),
            Self::SendGrid(paced) => paced.provider().breaker(),
            Self::Smtp(paced) => paced.provider().breaker(),
            Self::Fcm(paced) => paced.provider().breaker(),
        }
    }

    /// Waits until it may be asked again.
    pub(super) async fn turn(&self) -> Turn {
        match self {
            Self::WhatsApp(paced) => paced.turn().await,
            Self::Orange(paced) => paced.turn().await,
            Self::Twilio(paced) => paced.turn().await,
            Self::SendGrid(paced) => paced.turn().await,
            Self::Smtp(paced) => paced.turn().await,
            Self::Fcm(paced) => paced.turn().await,
        }
    }
}

impl Carriers {
    /// Each one's name, and whether calls to it are let through.
    pub(super) fn breakers(&self) -> impl Iterator<Item = (&'static str, BreakerState)> {
        let all = [
            self.whatsapp.as_ref().map(Carrier::WhatsApp),
            self.orange.as_ref().map(Carrier::Orange),
            self.twilio.as_ref().map(Carrier::Twilio),
            self.sendgrid.as_ref().map(Carrier::SendGrid),
            self.smtp.as_ref().map(Carrier::Smtp),
            self.fcm.as_ref().map(Carrier::Fcm),
        ];
        all.into_iter().flatten().map(|carrier| (carrier.name(), carrier.breaker()))
    }

    /// Whether anybody carries on this channel.
    pub(super) fn carry(&self, channel: Channel) -> bool {
        match channel {
            Channel::WhatsApp => self.whatsapp.is_some(),
            Channel::Sms => self.orange.is_some() || self.twilio.is_some(),
            Channel::Email => self.sendgrid.is_some() || self.smtp.is_some(),
            Channel::Push => self.fcm.is_some(),
        }
    }

    /// Those who carry on a channel, the best first: a second one takes what the first cannot because of our account there.
    pub(super) fn of(&self, channel: Channel, phone: Option<&Phone>) -> Vec<Carrier<'_>> {
        let orange = self.orange.as_ref().map(Carrier::Orange);
        let twilio = self.twilio.as_ref().map(Carrier::Twilio);
        let at_home = phone.is_some_and(|phone| phone.reveal().starts_with("+221"));
        let in_order = match channel {
            Channel::WhatsApp => [self.whatsapp.as_ref().map(Carrier::WhatsApp), None],
            Channel::Sms if at_home => [orange, twilio],
            Channel::Sms => [twilio, orange],
            Channel::Email => {
                [self.sendgrid.as_ref().map(Carrier::SendGrid), self.smtp.as_ref().map(Carrier::Smtp)]
            }
            Channel::Push => [self.fcm.as_ref().map(Carrier::Fcm), None],
        };
        in_order.into_iter().flatten().collect()
    }
}
