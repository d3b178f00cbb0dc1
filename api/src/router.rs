//! The whole map. Behind each line stands the address that its operations give themselves; a test holds the two together.

use axum::extract::DefaultBodyLimit;
use axum::{Extension, Router};
use utoipa::OpenApi as _;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::notifications::LIMITS;
use crate::papers::UPLOAD_LIMIT;
use crate::problem::{Code, Problem};
use crate::state::App;
use crate::{
    admin, analytics, contract, desk, edge, guardian, health, identity, keys, landing, metrics,
    notifications, pages, payments, pot_page, pots, sponsorship, users,
};

pub(crate) fn router(app: App) -> Router {
    let limit = DefaultBodyLimit::max(app.settings.api.body_limit_bytes);
    let (routes, document) = map().split_for_parts();
    let routes = routes
        .fallback(landing::nowhere)
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(limit)
        .layer(Extension(contract::Document::new(document)));
    edge::around(routes, &app).with_state(app)
}

pub(crate) fn map() -> OpenApiRouter<App> {
    for_minors(for_browsers(for_all(OpenApiRouter::with_openapi(contract::Opening::openapi()))))
}

#[rustfmt::skip]
fn for_all(map: OpenApiRouter<App>) -> OpenApiRouter<App> {
    map
        // Accounts.
        .routes(routes!(users::register))             // /api/users/auth/register
        .routes(routes!(users::login))                // /api/users/auth/login
        .routes(routes!(users::nonce))                // /api/users/auth/social-login/nonce
        .routes(routes!(users::social_login))         // /api/users/auth/social-login
        .routes(routes!(users::request))              // /api/users/auth/otp/request
        .routes(routes!(users::verify))               // /api/users/auth/otp/verify
        .routes(routes!(users::verify_contact))       // /api/users/auth/verify-email
        .routes(routes!(users::resend))               // /api/users/auth/resend-verification
        .routes(routes!(users::enrol))                // /api/users/auth/second-factor/enrol
        .routes(routes!(users::give))                 // /api/users/auth/second-factor
        .routes(routes!(users::refresh))              // /api/users/auth/refresh-token
        .routes(routes!(users::logout))               // /api/users/auth/logout
        .routes(routes!(users::list))                 // /api/users/auth/sessions
        .routes(routes!(users::end))                  // /api/users/auth/sessions/{id}
        .routes(routes!(users::forgot))               // /api/users/auth/forgot-password
        .routes(routes!(users::reset))                // /api/users/auth/reset-password
        .routes(routes!(users::change_password))      // /api/users/auth/password
        .routes(routes!(users::me))                   // /api/users/auth/me
        .routes(routes!(users::show_profile, users::change_profile))            // /api/users/profile
        .routes(routes!(users::change_contact))       // /api/users/profile/contact
        .routes(routes!(users::export))               // /api/users/export
        .routes(routes!(users::close))                // /api/users/me
        .routes(routes!(users::show_preferences, users::change_preferences))    // /api/users/preferences
        .routes(routes!(users::show_points))          // /api/users/points
        .routes(routes!(users::points_history))       // /api/users/points/history
        .routes(routes!(users::convert))              // /api/users/points/convert
        .routes(routes!(users::leaders))              // /api/users/points/leaders
        .routes(routes!(users::list_identities))      // /api/users/identities
        .routes(routes!(users::unlink))               // /api/users/identities/{provider}
        .routes(routes!(health::users))               // /api/users/health
        .routes(routes!(keys::published))             // /.well-known/jwks.json
        .routes(routes!(keys::of_certificates))       // /.well-known/wolo-certificates.json
        // Those who work here.
        .routes(routes!(admin::hold))                 // /api/admin/pots/{pot}/hold
        .routes(routes!(admin::release))              // /api/admin/pots/{pot}/release
        .routes(routes!(admin::approve))              // /api/admin/payouts/{pot}/approve
        .routes(routes!(admin::list_cases))           // /api/admin/cases
        .routes(routes!(admin::show_case))            // /api/admin/cases/{case}
        .routes(routes!(admin::look_at_document))     // /api/admin/cases/{case}/documents/{document}/look
        .routes(routes!(admin::take_case))            // /api/admin/cases/{case}/take
        .routes(routes!(admin::assign_case))          // /api/admin/cases/{case}/assign
        .routes(routes!(admin::approve_case))         // /api/admin/cases/{case}/approve
        .routes(routes!(admin::reject_case))          // /api/admin/cases/{case}/reject
        .routes(routes!(admin::ask_for_more))         // /api/admin/cases/{case}/ask
        .routes(routes!(admin::list_consents))        // /api/admin/consents
        .routes(routes!(admin::show_consent))         // /api/admin/consents/{consent}
        .routes(routes!(admin::stuck))                // /api/admin/stuck
        .routes(routes!(admin::decode).layer(DefaultBodyLimit::max(admin::PAYLOADS_LIMIT)))    // /api/admin/codec/decode
        .routes(routes!(admin::encode).layer(DefaultBodyLimit::max(admin::PAYLOADS_LIMIT)))    // /api/admin/codec/encode
        .routes(routes!(admin::decode_in_development).layer(DefaultBodyLimit::max(admin::PAYLOADS_LIMIT)))    // /dev/codec/{secret}/decode
        .routes(routes!(health::admin))               // /api/admin/health
        .routes(routes!(admin::services))             // /services
        // Pots.
        .routes(routes!(pots::list, pots::create))    // /api/pots
        .routes(routes!(pots::show))                  // /api/pots/{pot}
        .routes(routes!(pots::certificate))           // /api/pots/{pot}/certificate
        .routes(routes!(pots::close))                 // /api/pots/{pot}/close
        .routes(routes!(pots::cancel))                // /api/pots/{pot}/cancel
        .routes(routes!(pots::donations))             // /api/pots/{pot}/donations
        .routes(routes!(pots::report))                // /api/pots/{pot}/report
        .routes(routes!(pots::timeline))              // /api/pots/{pot}/timeline
        .routes(routes!(pots::share))                 // /api/pots/{pot}/share
        .routes(routes!(pots::events))                // /api/pots/{pot}/events
        .routes(routes!(health::pots))                // /api/pots/health
        // Inviting.
        .routes(routes!(sponsorship::invite))         // /api/sponsorship/invite
        .routes(routes!(sponsorship::code))           // /api/sponsorship/code
        .routes(routes!(sponsorship::accept))         // /api/sponsorship/accept
        .routes(routes!(sponsorship::decline))        // /api/sponsorship/decline
        .routes(routes!(sponsorship::status))         // /api/sponsorship/status
        .routes(routes!(sponsorship::cancel))         // /api/sponsorship/invitations/{id}/cancel
        .routes(routes!(sponsorship::show, sponsorship::decline_on_page))    // /i/{token}
        .routes(routes!(sponsorship::code_on_page))    // /i/{token}/code
        .routes(routes!(sponsorship::accept_on_page))    // /i/{token}/accept
        .routes(routes!(health::sponsorship))         // /api/sponsorship/health
        // Giving.
        .routes(routes!(payments::donate))            // /api/payments/donate
        .routes(routes!(payments::status))            // /api/payments/status/{id}
        .routes(routes!(health::payments))            // /api/payments/health
        // What Wave tells us. Its signature is checked on the raw bytes, of which no more are read than this.
        .routes(routes!(payments::webhook).layer(DefaultBodyLimit::max(payments::WEBHOOK_LIMIT)))    // /api/payments/webhook
        // Messages.
        .routes(routes!(notifications::list))         // /api/notifications
        .routes(routes!(notifications::list_devices, notifications::add_device))    // /api/notifications/devices
        .routes(routes!(notifications::remove_device))    // /api/notifications/devices/{id}
        .routes(routes!(notifications::ask_opt_out, notifications::opt_out))    // /api/notifications/opt-out/{token}
        .routes(routes!(health::notifications))       // /api/notifications/health
        // What the providers of messages tell us, as Wave's webhook.
        .routes(routes!(notifications::whatsapp_handshake, notifications::whatsapp).layer(DefaultBodyLimit::max(LIMITS.whatsapp)))    // /api/notifications/receipts/whatsapp
        .routes(routes!(notifications::sendgrid).layer(DefaultBodyLimit::max(LIMITS.sendgrid)))    // /api/notifications/receipts/sendgrid
        .routes(routes!(notifications::orange).layer(DefaultBodyLimit::max(LIMITS.small)))    // /api/notifications/receipts/orange/{secret}
        .routes(routes!(notifications::twilio).layer(DefaultBodyLimit::max(LIMITS.small)))    // /api/notifications/receipts/twilio
        // Figures for the business.
        .routes(routes!(analytics::tell))             // /api/analytics/events
        .routes(routes!(analytics::figures))          // /api/analytics/figures
        .routes(routes!(analytics::one_figure))       // /api/analytics/figures/{figure}
        .routes(routes!(analytics::export))           // /api/analytics/exports/{export}
        .routes(routes!(analytics::live))             // /api/analytics/live
        .routes(routes!(health::analytics))           // /api/analytics/health
        // Operation.
        .routes(routes!(health::health))              // /health
        .routes(routes!(health::ready))               // /ready
        .routes(routes!(metrics::metrics))            // /metrics
        .routes(routes!(contract::openapi))           // /openapi.json
        .routes(routes!(contract::page))              // /docs
        .routes(routes!(contract::file))              // /docs/{file}
}

/// What people read in a browser.
#[rustfmt::skip]
fn for_browsers(map: OpenApiRouter<App>) -> OpenApiRouter<App> {
    map
        // Pages of those who work here.
        .routes(routes!(desk::today))                 // /admin
        .routes(routes!(desk::stuck))                 // /admin/stuck
        .routes(routes!(desk::cases))                 // /admin/cases
        .routes(routes!(desk::discrepancies))         // /admin/discrepancies
        .routes(routes!(desk::messages))              // /admin/messages
        .routes(routes!(desk::figures))               // /admin/figures
        .routes(routes!(desk::audit))                 // /admin/audit
        .routes(routes!(desk::form, desk::prove))     // /admin/login
        .routes(routes!(desk::code))                  // /admin/login/code
        .routes(routes!(desk::enrol))                 // /admin/login/enrol
        .routes(routes!(desk::second_factor))         // /admin/login/second-factor
        .routes(routes!(desk::leave))                 // /admin/logout
        // Pages.
        .routes(routes!(landing::home))               // /
        .routes(routes!(pot_page::show, pot_page::give_on_page))    // /p/{pot}
        .routes(routes!(pot_page::report_on_page))    // /p/{pot}/report
        .routes(routes!(pot_page::picture))           // /p/{pot}/picture.png
        .routes(routes!(pages::asset))                // /assets/{file}
        .routes(routes!(pages::favicon))              // /favicon.ico
        .routes(routes!(pages::robots))               // /robots.txt
}

/// Minors and their guardians.
#[rustfmt::skip]
fn for_minors(map: OpenApiRouter<App>) -> OpenApiRouter<App> {
    map
        .routes(routes!(identity::list_consents, identity::ask_guardian))    // /api/identity/consents
        .routes(routes!(identity::list_cases))        // /api/identity/cases
        .routes(routes!(identity::show_case))         // /api/identity/cases/{case}
        .routes(routes!(identity::add_document).layer(DefaultBodyLimit::max(UPLOAD_LIMIT)))    // /api/identity/cases/{case}/documents
        .routes(routes!(identity::remove_document))    // /api/identity/cases/{case}/documents/{document}
        .routes(routes!(identity::submit_case))       // /api/identity/cases/{case}/submit
        .routes(routes!(identity::begin_case_again))    // /api/identity/cases/{case}/again
        .routes(routes!(guardian::show_consent))      // /g/{token}
        .routes(routes!(guardian::send_code))         // /g/{token}/code
        .routes(routes!(guardian::open_session))      // /g/{token}/session
        .routes(routes!(guardian::give_consent))      // /g/{token}/give
        .routes(routes!(guardian::refuse_consent))    // /g/{token}/refuse
        .routes(routes!(guardian::ask_withdrawal, guardian::withdraw_consent))    // /g/{token}/withdraw
        .routes(routes!(guardian::show_documents, guardian::add_document).layer(DefaultBodyLimit::max(UPLOAD_LIMIT)))    // /g/{token}/documents
        .routes(routes!(guardian::remove_document))    // /g/{token}/documents/{document}/remove
        .routes(routes!(guardian::submit_case))       // /g/{token}/documents/submit
        .routes(routes!(guardian::begin_case_again))    // /g/{token}/documents/again
        .routes(routes!(health::identity))            // /api/identity/health
}
