//! The providers of messages that the settings name.

use std::num::NonZeroU32;

use governor::Quota;
use url::Url;
use wolo_activities::{Carriers, Paced};
use wolo_bootstrap::settings::{Channels, SmtpSecurity};
use wolo_domain::contacts::Email;
use wolo_providers::fcm::{Fcm, FcmAccess, InvalidServiceAccount, ServiceAccount};
use wolo_providers::http::Timeouts;
use wolo_providers::mail::Sender;
use wolo_providers::messages::{HttpAccess, SetupError};
use wolo_providers::orange::{Orange, OrangeAccess};
use wolo_providers::sendgrid::{SendGrid, SendGridAccess};
use wolo_providers::smtp::{Encryption, Smtp, SmtpAccess, SmtpLogin, SmtpSetupError};
use wolo_providers::twilio::{self, Twilio, TwilioAccess};
use wolo_providers::whatsapp::{WhatsApp, WhatsAppAccess};

/// What stands before our address in a mail.
const NAME: &str = "WOLO";

/// Why a provider of messages could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Smtp(#[from] SmtpSetupError),
    #[error("the service account of Firebase cannot be used")]
    ServiceAccount(#[from] InvalidServiceAccount),
    #[error("the address that our mail comes from is none")]
    Sender(#[from] wolo_domain::contacts::InvalidEmail),
    #[error("receipts of SMS cannot be brought to our own address")]
    Callback(#[from] url::ParseError),
}

fn paced<P>(provider: P, per_second: NonZeroU32) -> Paced<P> {
    Paced::new(provider, Quota::per_second(per_second))
}

pub(crate) fn carriers(channels: &Channels, public_url: &Url) -> Result<Carriers, CarrierError> {
    let http = |url: &Url| HttpAccess {
        base_url: url.clone(),
        timeouts: Timeouts::total(channels.timeout),
        pause: channels.pause,
    };
    let mut carriers = Carriers::default();
    if let Some(whatsapp) = &channels.whatsapp {
        let client = WhatsApp::new(WhatsAppAccess {
            http: http(&whatsapp.url),
            phone_number_id: whatsapp.phone_number_id.clone(),
            business_account_id: whatsapp.business_account_id.clone(),
            access_token: whatsapp.access_token.clone(),
        })?;
        carriers.whatsapp = Some(paced(client, whatsapp.per_second));
    }
    if let Some(orange) = &channels.orange {
        let client = Orange::new(OrangeAccess {
            http: http(&orange.url),
            client_id: orange.client_id.clone(),
            client_secret: orange.client_secret.clone(),
            sender: orange.sender.clone(),
            sender_name: orange.sender_name.clone(),
        })?;
        carriers.orange = Some(paced(client, orange.per_second));
    }
    if let Some(twilio) = &channels.twilio {
        let is_service = twilio.sender.starts_with("MG");
        let sender = twilio.sender.clone();
        let client = Twilio::new(TwilioAccess {
            http: http(&twilio.url),
            account_sid: twilio.account_sid.clone(),
            auth_token: twilio.auth_token.clone(),
            sender: if is_service { twilio::Sender::Service(sender) } else { twilio::Sender::From(sender) },
            status_callback: public_url.join("/api/notifications/receipts/twilio")?,
        })?;
        carriers.twilio = Some(paced(client, twilio.per_second));
    }
    if let Some(sendgrid) = &channels.sendgrid {
        let client = SendGrid::new(SendGridAccess {
            http: http(&sendgrid.url),
            api_key: sendgrid.api_key.clone(),
            from: sender(&sendgrid.from_email)?,
        })?;
        carriers.sendgrid = Some(paced(client, sendgrid.per_second));
    }
    if let Some(smtp) = &channels.smtp {
        let client = Smtp::new(SmtpAccess {
            host: smtp.host.clone(),
            port: smtp.port,
            encryption: match smtp.security {
                SmtpSecurity::Tls => Encryption::Implicit,
                SmtpSecurity::StartTls => Encryption::StartTls,
                SmtpSecurity::None => Encryption::None,
            },
            login: smtp.login.clone().map(|(user, password)| SmtpLogin { user, password }),
            from: sender(&smtp.from_email)?,
            patience: channels.timeout,
            pause: channels.pause,
        })?;
        carriers.smtp = Some(paced(client, smtp.per_second));
    }
    if let Some(fcm) = &channels.fcm {
        let account = ServiceAccount::read(&fcm.service_account)?;
        let client = Fcm::new(FcmAccess { http: http(&fcm.url), account })?;
        carriers.fcm = Some(paced(client, fcm.per_second));
    }
    Ok(carriers)
}

fn sender(address: &str) -> Result<Sender, CarrierError> {
    Ok(Sender { email: address.parse::<Email>()?, name: NAME.to_owned() })
}
