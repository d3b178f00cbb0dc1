//! Accounts: what people may do here, and how they prove who they are.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// What somebody is trusted with who works here. That everybody is also a user goes without saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads people, masked; freezes a pot.
    Support,
    /// Decides identity cases.
    Reviewer,
    /// Payouts, refunds, the ledger.
    Finance,
    /// All of it, and who else is trusted with what.
    Superadmin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Support, Self::Reviewer, Self::Finance, Self::Superadmin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Reviewer => "reviewer",
            Self::Finance => "finance",
            Self::Superadmin => "superadmin",
        }
    }
}

words!(Role, "a role");

/// What a one-time code is good for, and for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodePurpose {
    /// Proves the contact of somebody who wants an account.
    Register,
    /// Opens a session without a password.
    SignIn,
    /// Proves another contact of an account that is there.
    VerifyContact,
    /// Lets a new password be chosen.
    ResetPassword,
    /// Proves the contact that an invitation went to.
    AcceptInvitation,
    /// Proves the contact that a request for a guardian's consent went to.
    Consent,
}

impl CodePurpose {
    pub const ALL: [Self; 6] = [
        Self::Register,
        Self::SignIn,
        Self::VerifyContact,
        Self::ResetPassword,
        Self::AcceptInvitation,
        Self::Consent,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SignIn => "sign_in",
            Self::VerifyContact => "verify_contact",
            Self::ResetPassword => "reset_password",
            Self::AcceptInvitation => "accept_invitation",
            Self::Consent => "consent",
        }
    }
}

words!(CodePurpose, "a purpose of a code");

/// Somebody else who knows who people are, and whose word we take for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityProvider {
    Google,
    Apple,
    Facebook,
}

impl IdentityProvider {
    pub const ALL: [Self; 3] = [Self::Google, Self::Apple, Self::Facebook];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Apple => "apple",
            Self::Facebook => "facebook",
        }
    }

    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Apple => "Apple",
            Self::Facebook => "Facebook",
        }
    }

    /// The issuer under which we keep its people, whichever of its spellings a token has. It never changes: with another
    /// one nobody would be known again.
    pub const fn issuer(self) -> &'static str {
        match self {
            Self::Google => "https://accounts.google.com",
            Self::Apple => "https://appleid.apple.com",
            Self::Facebook => "https://www.facebook.com",
        }
    }

    /// The provider of whom we keep people under this issuer.
    pub fn of_issuer(issuer: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.issuer() == issuer)
    }
}

words!(IdentityProvider, "an identity provider");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        for purpose in CodePurpose::ALL {
            assert_eq!(purpose.as_str().parse(), Ok(purpose));
        }
        for provider in IdentityProvider::ALL {
            assert_eq!(provider.as_str().parse(), Ok(provider));
            assert_eq!(IdentityProvider::of_issuer(provider.issuer()), Some(provider));
        }
        assert!("root".parse::<Role>().is_err());
    }
}
