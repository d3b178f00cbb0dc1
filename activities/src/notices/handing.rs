//! Handing a message to a provider, once: the intent, the call, and what came of it.
//!
//! No provider of messages knows a key under which it would take a thing once. An intent that nobody has answered may have gone
//! out, so it is never called for again; only a call that was proven not to have been made is.

use temporalio_sdk::activities::ActivityError;
use wolo_database::notices::{self, Answer, Attempt, Beginning, OptOut, Reach, Window};
use wolo_domain::contacts::{Email, Language};
use wolo_domain::ids::NoticeId;
use wolo_domain::notices::{Channel, sms};
use wolo_domain::people::Phone;
use wolo_providers::fcm::Push;
use wolo_providers::mail::Mail;
use wolo_providers::messages::{Handed, Remedy};
use wolo_providers::whatsapp::{ButtonFill, Message as WhatsAppMessage, Template};
use wolo_providers::{Private, ProviderError, Sent, fcm, orange, sendgrid, smtp, twilio, whatsapp};
use wolo_workflows::steps::notices::{Message, SendNotice, Sending};

use super::carriers::{Carrier, Turn};
use super::{NoticeSteps, words};
use crate::failure;

/// A push is worth nothing on a device that is off for longer.
const PUSH_LIVES: std::time::Duration = std::time::Duration::from_hours(24);

/// A message that cannot be put into words is a mistake of ours.
const UNWORDED: &str = "unworded";

/// What came of one carrier.
enum Carried {
    Ended(Sending),
    /// Our account there is in trouble: another carrier of the channel may do better.
    NotByThisOne(Sending),
}

/// Everything that one handing over is about.
struct Handing<'a> {
    message: &'a Message,
    attempt: Attempt,
    reach: Reach,
    language: Language,
    channel: Channel,
    reference: String,
    opt_out: Option<url::Url>,
}

impl NoticeSteps {
    pub(super) async fn hand_over(&self, input: SendNotice) -> Result<Sending, ActivityError> {
        let is_open =
            |handing: &Handing<'_>| self.ways(&input.message, &handing.reach).contains(&input.channel);
        let mut handing = self.look(&input).await?;
        let mut sending = Sending::NoWay;
        for carrier in self.carriers.of(input.channel, handing.reach.phone.as_ref()) {
            // Nothing is begun before its turn has come, so whoever dies until then has sent nothing; and somebody may say STOP.
            if carrier.turn().await == Turn::Waited {
                handing = self.look(&input).await?;
            }
            if !is_open(&handing) {
                return Ok(Sending::NoWay);
            }
            match self.hand_to(carrier, &handing).await? {
                Carried::Ended(sending) => return Ok(sending),
                Carried::NotByThisOne(refused) => sending = refused,
            }
            handing = self.look(&input).await?;
        }
        Ok(sending)
    }

    async fn look<'a>(&self, input: &'a SendNotice) -> Result<Handing<'a>, ActivityError> {
        let message = &input.message;
        let now = chrono::Utc::now();
        let reach =
            notices::reach(&self.pool, message.user, &message.contacts(), &message.person, now).await?;
        // What was written for one contact was written in its language.
        let language = if message.to.is_some() { message.language } else { reach.language };
        let opt_out = match input.channel {
            Channel::Email if !message.says.kind().category().must_be_heard() => {
                let secret = notices::opt_out_secret(&self.pool, message.notice).await?;
                self.public_url.join(&format!("/api/notifications/opt-out/{secret}")).ok()
            }
            _ => None,
        };
        Ok(Handing {
            message,
            attempt: Attempt { notice: message.notice, number: input.number },
            reach,
            language,
            channel: input.channel,
            reference: reference(message.notice, input.number),
            opt_out,
        })
    }

    async fn hand_to(&self, carrier: Carrier<'_>, handing: &Handing<'_>) -> Result<Carried, ActivityError> {
        let attempt = handing.attempt;
        match notices::begin(&self.pool, attempt, handing.channel, carrier.name()).await? {
            Beginning::First => {}
            Beginning::Answered(Answer::Accepted { .. }) => return Ok(Carried::Ended(Sending::Accepted)),
            Beginning::Answered(Answer::Refused { code }) => {
                return Ok(Carried::Ended(Sending::Refused { code }));
            }
            Beginning::Begun | Beginning::Answered(Answer::Unknown) => return self.unknown(attempt).await,
        }
        match self.call(carrier, handing).await {
            Ok(Handed { id }) => {
                notices::answer(&self.pool, attempt, &Answer::Accepted { provider_id: id }).await?;
                Ok(Carried::Ended(Sending::Accepted))
            }
            Err(ProviderError::Refused { code, .. }) => self.refused(carrier, handing, code).await,
            Err(
                ProviderError::Unreachable { sent: Sent::Perhaps, .. } | ProviderError::Unexpected { .. },
            ) => self.unknown(attempt).await,
            // Not done, which is certain: it is tried again as if for the first time.
            Err(
                error @ (ProviderError::Throttled { .. } | ProviderError::Unreachable { sent: Sent::No, .. }),
            ) => {
                notices::take_back(&self.pool, attempt).await?;
                Err(failure::messenger(error))
            }
        }
    }

    async fn unknown(&self, attempt: Attempt) -> Result<Carried, ActivityError> {
        notices::answer(&self.pool, attempt, &Answer::Unknown).await?;
        Ok(Carried::Ended(Sending::Unknown))
    }

    async fn refused(
        &self,
        carrier: Carrier<'_>,
        handing: &Handing<'_>,
        code: String,
    ) -> Result<Carried, ActivityError> {
        let remedy = match carrier {
            Carrier::WhatsApp(_) => whatsapp::remedy(&code),
            Carrier::Orange(_) => orange::remedy(&code),
            Carrier::Twilio(_) => twilio::remedy(&code),
            Carrier::SendGrid(_) => sendgrid::remedy(&code),
            Carrier::Smtp(_) => smtp::remedy(&code),
            Carrier::Fcm(_) => fcm::remedy(&code),
        };
        let (notice, carrier) = (handing.attempt.notice, carrier.name());
        if remedy == Remedy::OptedOut {
            self.note_opt_out(handing).await?;
        }
        if remedy == Remedy::Ours {
            tracing::error!(%notice, carrier, code, "a provider of messages refuses for a reason that is ours");
            // Nothing of it stays, so that the next carrier's is the first.
            notices::take_back(&self.pool, handing.attempt).await?;
            return Ok(Carried::NotByThisOne(Sending::Refused { code }));
        }
        tracing::info!(%notice, carrier, code, "a message does not go out this way");
        notices::answer(&self.pool, handing.attempt, &Answer::Refused { code: code.clone() }).await?;
        Ok(Carried::Ended(Sending::Refused { code }))
    }

    async fn note_opt_out(&self, handing: &Handing<'_>) -> Result<(), ActivityError> {
        let Reach { phone, email, .. } = &handing.reach;
        let address = match handing.channel {
            Channel::WhatsApp | Channel::Sms => phone.as_ref().map(Phone::reveal),
            Channel::Email => email.as_ref().map(Email::reveal),
            Channel::Push => None,
        };
        if let Some(address) = address {
            let mut connection = self.pool.acquire().await.map_err(wolo_database::Error::from)?;
            let (how, now) = (OptOut::Provider, chrono::Utc::now());
            notices::opt_out(&mut connection, handing.channel, address, how, now).await?;
        }
        Ok(())
    }

    /// One call, in the words of its channel.
    async fn call(&self, carrier: Carrier<'_>, handing: &Handing<'_>) -> Result<Handed, ProviderError> {
        let Handing { message, reach, language, reference, .. } = handing;
        let phone = || reach.phone.as_ref().ok_or_else(no_address);
        let text = || {
            self.words
                .sms(&message.says, *language)
                .map(|text| sms::plain(&text))
                .map_err(|error| unworded(&error))
        };
        match carrier {
            Carrier::WhatsApp(paced) => {
                let words = self.whatsapp_message(handing).await?;
                paced.provider().send(phone()?, &words, reference).await
            }
            Carrier::Orange(paced) => paced.provider().send(phone()?, &text()?).await,
            Carrier::Twilio(paced) => paced.provider().send(phone()?, &text()?, reference).await,
            Carrier::SendGrid(paced) => paced.provider().send(&self.mail(handing)?, reference).await,
            Carrier::Smtp(paced) => paced.provider().send(&self.mail(handing)?, reference).await,
            Carrier::Fcm(paced) => self.push(paced.provider(), handing).await,
        }
    }

    /// Free words while the person has written to us within the day, and the approved template otherwise.
    async fn whatsapp_message(&self, handing: &Handing<'_>) -> Result<WhatsAppMessage, ProviderError> {
        let Handing { message, reach, language, .. } = handing;
        let words = self.words.whatsapp(&message.says, *language).map_err(|error| unworded(&error))?;
        let phone = reach.phone.as_ref().map(Phone::reveal).unwrap_or_default();
        // A window that cannot be looked up is as good as closed.
        let window = notices::window_of(&self.pool, phone).await.unwrap_or(Window::Closed);
        Ok(match (window, message.says.link()) {
            (Window::Open, Some(link)) => WhatsAppMessage::Text(format!("{}\n{link}", words.text)),
            (Window::Open, None) => WhatsAppMessage::Text(words.text),
            (Window::Closed, _) => WhatsAppMessage::Template(Template {
                name: words.template,
                language: words.language.as_str().to_owned(),
                picture: None,
                body: words.parameters,
                buttons: words.button.map(ButtonFill::Url).into_iter().collect(),
            }),
        })
    }

    fn mail(&self, handing: &Handing<'_>) -> Result<Mail, ProviderError> {
        let Handing { message, reach, language, opt_out, .. } = handing;
        let shown = opt_out.as_ref().map(url::Url::as_str);
        let words = self.words.email(&message.says, *language, shown).map_err(|error| unworded(&error))?;
        Ok(Mail {
            to: reach.email.clone().ok_or_else(no_address)?,
            subject: words.subject,
            text: words.text,
            html: words.html,
            unsubscribe: opt_out.clone(),
        })
    }

    /// To all devices that are there; it has gone out when one has taken it. A device that is gone is forgotten.
    async fn push(&self, fcm: &fcm::Fcm, handing: &Handing<'_>) -> Result<Handed, ProviderError> {
        let Handing { message, reach, language, reference, .. } = handing;
        let words = self.words.push(&message.says, *language).map_err(|error| unworded(&error))?;
        let mut outcome = Err(no_address());
        for device in &reach.devices {
            let push = Push {
                device: Private::new(device.clone()),
                title: words.title.clone(),
                text: words.body.clone(),
                link: words.link.as_deref().and_then(|link| link.parse().ok()),
                lives: PUSH_LIVES,
                reference: reference.clone(),
            };
            let sent = fcm.send(&push).await;
            if let Err(ProviderError::Refused { code, .. }) = &sent
                && fcm::remedy(code) == Remedy::AddressGone
                && let Err(error) = notices::forget_device(&self.pool, device).await
            {
                tracing::warn!(%error, "a device that is gone is still known");
            }
            outcome = outcome.or(sent);
        }
        outcome
    }
}

/// What a message is called at its providers.
fn reference(notice: NoticeId, number: u32) -> String {
    format!("{notice}-{number}")
}

fn no_address() -> ProviderError {
    refused("no-address")
}

fn unworded(error: &words::WordsError) -> ProviderError {
    tracing::error!(%error, "a message cannot be put into words");
    refused(UNWORDED)
}

fn refused(code: &str) -> ProviderError {
    ProviderError::Refused { code: code.to_owned(), message: Private::new(String::new()), status: 0 }
}
