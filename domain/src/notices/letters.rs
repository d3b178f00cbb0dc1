//! A message on its way, with the address that it goes to.

use serde::{Deserialize, Serialize};

use super::Says;
use crate::accounts::CodePurpose;
use crate::contacts::{Contact, Language};

/// What a message says, with the address that it goes to. Personal; it is sealed wherever it lies.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub to: Contact,
    pub language: Language,
    #[serde(flatten)]
    pub says: Says,
}

impl Letter {
    /// The words of a letter that is short enough for every channel.
    pub fn words(&self) -> String {
        match (&self.says, self.language) {
            (Says::OneTimeCode { purpose, code, minutes }, Language::English) => {
                let what = match purpose {
                    CodePurpose::Register => "to open your account",
                    CodePurpose::SignIn => "to sign in",
                    CodePurpose::VerifyContact => "to confirm this contact",
                    CodePurpose::ResetPassword => "to choose a new password",
                };
                format!("WOLO: {code} is your code {what}. It is good for {minutes} minutes. Give it to nobody.")
            }
            (Says::OneTimeCode { purpose, code, minutes }, Language::French | Language::Wolof) => {
                let what = match purpose {
                    CodePurpose::Register => "pour ouvrir votre compte",
                    CodePurpose::SignIn => "pour vous connecter",
                    CodePurpose::VerifyContact => "pour confirmer ce contact",
                    CodePurpose::ResetPassword => "pour choisir un nouveau mot de passe",
                };
                format!("WOLO : {code} est votre code {what}. Valable {minutes} minutes. Ne le donnez à personne.")
            }
            (Says::AlreadyRegistered, Language::English) => {
                "WOLO: you have an account with this contact already. Sign in, or choose a new password.".to_owned()
            }
            (Says::AlreadyRegistered, Language::French | Language::Wolof) => {
                "WOLO : vous avez déjà un compte avec ce contact. Connectez-vous, ou choisissez un nouveau mot de \
                 passe."
                    .to_owned()
            }
            (Says::PasswordChanged, Language::English) => {
                "WOLO: your password was changed. If it was not you, choose a new one now.".to_owned()
            }
            (Says::PasswordChanged, Language::French | Language::Wolof) => {
                "WOLO : votre mot de passe a été changé. Si ce n'était pas vous, choisissez-en un nouveau maintenant."
                    .to_owned()
            }
            (Says::NewDevice { device }, Language::English) => {
                let device = device.as_deref().unwrap_or("a new device");
                format!("WOLO: somebody signed in to your account on {device}. If it was not you, end that session.")
            }
            (Says::NewDevice { device }, Language::French | Language::Wolof) => {
                let device = device.as_deref().unwrap_or("un nouvel appareil");
                format!("WOLO : connexion à votre compte sur {device}. Si ce n'était pas vous, fermez cette session.")
            }
            (Says::IdentityLinked { provider }, Language::English) => {
                let name = provider.name();
                format!("WOLO: your account now opens with {name} too. If it was not you, write to us.")
            }
            (Says::IdentityLinked { provider }, Language::French | Language::Wolof) => {
                let name = provider.name();
                format!("WOLO : votre compte s'ouvre maintenant aussi avec {name}. Si ce n'était pas vous, écrivez-nous.")
            }
            (says, _) => says.kind().to_string(),
        }
    }
}
