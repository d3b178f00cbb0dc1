//! How the values of the domain look in JSON. The domain itself knows nothing of documents; what it lists (prefixes,
//! stages) is read from it, so that it cannot say one thing and the contract another.

use std::borrow::Cow;

use serde_json::json;
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};
use wolo_control::stuck;
use wolo_database::notices as stored;
use wolo_domain::{
    accounts, consents, contacts, donations, figures, identities, ids, invitations, notices, points, pots,
    reports, visits,
};

use super::docs::FILES;

/// A type that stands in `value_type = …` for one of the domain's.
macro_rules! shapes {
    ($($name:ident = $schema:expr;)*) => {$(
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                RefOr::T(Schema::Object($schema))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

shapes! {
    PotId = id(ids::PotId::PREFIX, "A pot.");
    DonationId = id(ids::DonationId::PREFIX, "A gift.");
    UserId = id(ids::UserId::PREFIX, "A person with an account.");
    Why = words("Why something does not go on by itself.", stuck::Why::ALL.map(stuck::Why::as_str));
    Role = words("What somebody is trusted with who works here.", accounts::Role::ALL.map(accounts::Role::as_str));
    Language = words("What a person reads.", contacts::Language::ALL.map(contacts::Language::as_str));
    IdentityProvider = words(
        "Whose word is taken for who somebody is.",
        accounts::IdentityProvider::ALL.map(accounts::IdentityProvider::as_str),
    );
    Francs = francs();
    PotStage = words("Where a pot stands.", pots::PotStage::ALL.map(pots::PotStage::as_str));
    HoldReason = words("What a held pot waits for.", pots::HoldReason::ALL.map(pots::HoldReason::as_str));
    Visibility = words(
        "Who sees a pot: its owner, whoever has the link, or everybody.",
        pots::Visibility::ALL.map(pots::Visibility::as_str),
    );
    DonationStage = words("Where a gift stands.", donations::DonationStage::ALL.map(donations::DonationStage::as_str));
    NoticeId = id(ids::NoticeId::PREFIX, "A message.");
    NoticeKind = words("What a message says.", notices::Kind::ALL.map(notices::Kind::as_str));
    NoticeStage = words("Where a message stands.", notices::NoticeStage::ALL.map(notices::NoticeStage::as_str));
    Channel = words("How a message comes.", notices::Channel::ALL.map(notices::Channel::as_str));
    Category = words("What a message is about.", notices::Category::ALL.map(notices::Category::as_str));
    Mutable = text("What may be muted. Money, consent and security are always told.")
        .enum_values(Some(
            notices::Category::ALL.into_iter().filter(|one| !one.must_be_heard()).map(notices::Category::as_str),
        ))
        .build();
    InvitationId = id(ids::InvitationId::PREFIX, "An invitation.");
    ConversionId = id(ids::ConversionId::PREFIX, "Points that became credit in a pot.");
    AwardId = id(ids::AwardId::PREFIX, "Points for one thing that happened.");
    PointsLineId = text("Points that were given, or that were used.")
        .pattern(Some(format!("^({}|{})_[0-9a-f]{{32}}$", ids::AwardId::PREFIX, ids::ConversionId::PREFIX)))
        .examples([json!(format!("{}_0193a5c2f0f07c3ab1d2e3f405162738", ids::AwardId::PREFIX))])
        .build();
    Relationship = words(
        "What an invited person is to the sponsor.",
        invitations::Relationship::ALL.map(invitations::Relationship::as_str),
    );
    InvitationStage = words(
        "How far an invitation has come.",
        invitations::InvitationStage::ALL.map(invitations::InvitationStage::as_str),
    );
    NoPoints = words(
        "Why an accepted invitation brings no points.",
        invitations::NoPoints::ALL.map(invitations::NoPoints::as_str),
    );
    PointsRule = words("What brings points.", points::PointsRule::ALL.map(points::PointsRule::as_str));
    AwardStage = words("Where points stand.", points::AwardStage::ALL.map(points::AwardStage::as_str));
    InvitationToken = text("The secret part of an invitation's link.").pattern(Some("^[A-Za-z0-9_-]{1,64}$")).build();
    ConsentId = id(ids::ConsentId::PREFIX, "A guardian's consent.");
    ConsentStage = words("How far a consent has come.", consents::ConsentStage::ALL.map(consents::ConsentStage::as_str));
    Guardianship = words(
        "What a guardian is to a minor.",
        consents::Guardianship::ALL.map(consents::Guardianship::as_str),
    );
    Purpose = words("What consent is given for.", consents::Purpose::ALL.map(consents::Purpose::as_str));
    Proof = words("How it is known who consented.", consents::Proof::ALL.map(consents::Proof::as_str));
    AddressClass = words(
        "What kind of address somebody came from.",
        consents::AddressClass::ALL.map(consents::AddressClass::as_str),
    );
    CaseId = id(ids::CaseId::PREFIX, "An identity case.");
    DocumentId = id(ids::DocumentId::PREFIX, "A document of an identity case.");
    CaseStage = words("Where an identity case stands.", identities::CaseStage::ALL.map(identities::CaseStage::as_str));
    CaseReason = words(
        "Why a case is rejected, or what is needed.",
        identities::Reason::ALL.map(identities::Reason::as_str),
    );
    Party = words("Whom a document is about.", identities::Party::ALL.map(identities::Party::as_str));
    DocumentKind = words("What kind of document it is.", identities::DocumentKind::ALL.map(identities::DocumentKind::as_str));
    Media = words("As what a document is kept.", identities::Media::ALL.map(identities::Media::as_str));
    Verdict = words("What a reviewer says.", identities::Verdict::ALL.map(identities::Verdict::as_str));
    GuardianToken = text("The secret part of a guardian's link.").pattern(Some("^[A-Za-z0-9_-]{1,64}$")).build();
    FigureName = words("A figure of the business.", figures::Figure::ALL.map(figures::Figure::as_str));
    FigureUnit = words("What a number is a number of.", figures::Unit::ALL.map(figures::Unit::as_str));
    PartOfPeriod = words("What a period is cut into.", figures::Part::ALL.map(figures::Part::as_str));
    ExportFile = text("What is exported, and in which form.")
        .enum_values(Some(figures::Export::ALL.into_iter().flat_map(|export| {
            figures::Writing::ALL.map(|writing| format!("{export}.{writing}"))
        })))
        .build();
    ReportReason = words("What is wrong with a pot.", reports::ReportReason::ALL.map(reports::ReportReason::as_str));
    VisitKind = words("What a visitor did.", visits::VisitKind::ALL.map(visits::VisitKind::as_str));
    VisitPage = words("Where a visitor was.", visits::VisitPage::ALL.map(visits::VisitPage::as_str));
    ShareWay = words("By which way something was shared.", visits::ShareWay::ALL.map(visits::ShareWay::as_str));
    Platform = words("What runs on a phone.", stored::Platform::ALL.map(stored::Platform::as_str));
    OptOutToken = text("The secret part of an opt-out link.").pattern(Some("^[A-Za-z0-9_-]{1,64}$")).build();
    WaveEvent = ObjectBuilder::new()
        .description(Some("An event, as Wave writes it; of what it says, only what it is about is read."))
        .property("id", text("The event.").max_length(Some(255)))
        .property("type", text("What happened.").examples(["checkout.session.completed"]))
        .property("data", ObjectBuilder::new().schema_type(Type::Object))
        .required("id")
        .required("type")
        .required("data")
        .build();
    DocsFile = text("A file of the documentation.").enum_values(Some(FILES)).build();
}

fn id(prefix: &str, what: &str) -> Object {
    text(what)
        .pattern(Some(format!("^{prefix}_[0-9a-f]{{32}}$")))
        .examples([json!(format!("{prefix}_0193a5c2f0f07c3ab1d2e3f405162738"))])
        .build()
}

fn francs() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0))
        .description(Some("Whole West African francs."))
        .examples([json!(25_000)])
        .build()
}

fn words<const N: usize>(what: &str, words: [&'static str; N]) -> Object {
    text(what).enum_values(Some(words)).build()
}

/// A text, as the beginning of something more exact.
pub(super) fn text(what: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(what))
}

/// A reference to something that the whole document shares.
pub(super) fn shared<T>(place: &str, name: &str) -> RefOr<T> {
    RefOr::Ref(Ref::new(format!("#/components/{place}/{name}")))
}
