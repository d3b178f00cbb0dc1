//! Passwords: Argon2id, as costly as the settings say, and never more at once than memory allows.
//!
//! Hashes of the earlier system (bcrypt) verify and are replaced at the next sign-in. For an account that is not there a
//! hash is computed all the same, so that time does not tell.

use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use argon2::{Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use wolo_bootstrap::settings;

use crate::problem::{Code, Problem, Words};

/// How long somebody waits for a place before they are told to come again.
const PATIENCE: Duration = Duration::from_secs(3);

const SHORTEST: usize = 8;
const LONGEST: usize = 256;

/// What everybody tries first.
const COMMON: [&str; 24] = [
    "12345678",
    "123456789",
    "1234567890",
    "password",
    "password1",
    "motdepasse",
    "azertyui",
    "azertyuiop",
    "qwertyui",
    "qwertyuiop",
    "11111111",
    "00000000",
    "iloveyou",
    "jetaime1",
    "senegal1",
    "senegal221",
    "dakar221",
    "123123123",
    "bonjour1",
    "loulou123",
    "doudou123",
    "anniversaire",
    "87654321",
    "abcdefgh",
];

/// What came of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verified {
    Right {
        /// The hash is of another time, and should be made anew.
        outdated: bool,
    },
    Wrong,
}

#[derive(Clone)]
pub(crate) struct Passwords {
    params: Params,
    places: Arc<Semaphore>,
    /// Compared with where there is nothing to compare with.
    dummy: Arc<OnceLock<String>>,
}

/// Makes no parameters fail that the settings let through: their ranges are Argon2's own.
static FALLBACK: LazyLock<Params> = LazyLock::new(Params::default);

impl Passwords {
    pub(crate) fn new(settings: &settings::Passwords) -> Self {
        let params = Params::new(settings.memory_kib, settings.iterations, settings.lanes, None);
        Self {
            params: params.unwrap_or_else(|_| FALLBACK.clone()),
            places: Arc::new(Semaphore::new(settings.at_once)),
            dummy: Arc::default(),
        }
    }

    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, Problem> {
        let argon2 = Argon2::from(self.params.clone());
        self.work(move || {
            argon2.hash_password(password.expose_secret().as_bytes()).map(|hash| hash.to_string())
        })
        .await?
        .map_err(broken)
    }

    /// Compares with a hash, or with nobody's.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<Verified, Problem> {
        let (params, dummy) = (self.params.clone(), Arc::clone(&self.dummy));
        self.work(move || {
            let argon2 = Argon2::from(params.clone());
            let given = password.expose_secret().as_bytes();
            let Some(hash) = hash else {
                let made =
                    || argon2.hash_password(b"nobody").map(|hash| hash.to_string()).unwrap_or_default();
                let _ = argon2.verify_password(given, dummy.get_or_init(made).as_str());
                return Verified::Wrong;
            };
            if hash.starts_with("$2") {
                // bcrypt looks at no more than 72 bytes, as it did when the hash was made.
                let cut = &given[..given.len().min(72)];
                return match bcrypt::verify(cut, &hash) {
                    Ok(true) => Verified::Right { outdated: true },
                    Ok(false) | Err(_) => Verified::Wrong,
                };
            }
            match argon2.verify_password(given, hash.as_str()) {
                Ok(()) => Verified::Right { outdated: is_outdated(&hash, &params) },
                Err(_) => Verified::Wrong,
            }
        })
        .await
    }

    /// Does costly work where it holds up nobody, in one of so many places.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = |_| Problem::new(Code::Busy);
        let place = Arc::clone(&self.places).acquire_owned();
        let place = tokio::time::timeout(PATIENCE, place)
            .await
            .map_err(busy)?
            .map_err(|_| Problem::new(Code::Busy))?;
        let worked = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        worked.await.map_err(|_| Problem::new(Code::Internal))
    }
}

fn broken(error: argon2::password_hash::Error) -> Problem {
    tracing::error!(%error, "a password could not be hashed");
    Problem::new(Code::Internal)
}

fn is_outdated(hash: &str, wanted: &Params) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else { return true };
    Params::try_from(&parsed).map_or(true, |params| {
        (params.m_cost(), params.t_cost(), params.p_cost())
            != (wanted.m_cost(), wanted.t_cost(), wanted.p_cost())
    })
}

/// Why a password is too weak, if it is. Length counts more than odd characters.
pub(crate) fn weakness(password: &str, names: &[&str]) -> Option<Words> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    if length < SHORTEST {
        Some(
            Words::new("ce mot de passe a moins de 8 caractères", "this password has less than 8 characters")
                .wolof("mot de passe bii matul 8 caractères"),
        )
    } else if length > LONGEST {
        Some(
            Words::new(
                "ce mot de passe a plus de 256 caractères",
                "this password has more than 256 characters",
            )
            .wolof("mot de passe bii ëpp na 256 caractères"),
        )
    } else if COMMON.contains(&lower.as_str()) {
        Some(
            Words::new("ce mot de passe est trop courant", "this password is too common")
                .wolof("mot de passe bii ñu bari jëfandikoo nañu ko"),
        )
    } else if names.iter().any(|name| !name.is_empty() && lower == name.to_lowercase()) {
        Some(
            Words::new(
                "ce mot de passe est votre nom ou votre contact",
                "this password is your name or contact",
            )
            .wolof("mot de passe bii sa tur la walla sa contact"),
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(iterations: u32) -> Passwords {
        Passwords::new(&settings::Passwords { memory_kib: 64, iterations, lanes: 1, at_once: 2 })
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let passwords = passwords(1);
        let hash = passwords.hash(secret("une longue phrase")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let right = passwords.verify(secret("une longue phrase"), Some(hash.clone())).await.unwrap();
        assert_eq!(right, Verified::Right { outdated: false });
        assert_eq!(passwords.verify(secret("une autre"), Some(hash)).await.unwrap(), Verified::Wrong);
        assert_eq!(passwords.verify(secret("une longue phrase"), None).await.unwrap(), Verified::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_another_time_is_right_and_outdated() {
        let hash = passwords(1).hash(secret("une longue phrase")).await.unwrap();
        let right = passwords(2).verify(secret("une longue phrase"), Some(hash)).await.unwrap();
        assert_eq!(right, Verified::Right { outdated: true });
        let earlier = bcrypt::hash("une longue phrase", 4).unwrap();
        let right = passwords(1).verify(secret("une longue phrase"), Some(earlier.clone())).await.unwrap();
        assert_eq!(right, Verified::Right { outdated: true });
        assert_eq!(passwords(1).verify(secret("une autre"), Some(earlier)).await.unwrap(), Verified::Wrong);
        let nonsense = passwords(1).verify(secret("x"), Some("nonsense".to_owned())).await.unwrap();
        assert_eq!(nonsense, Verified::Wrong);
    }

    #[test]
    fn weak_passwords_are_named_as_such() {
        assert!(weakness("court", &[]).is_some());
        assert!(weakness(&"x".repeat(257), &[]).is_some());
        assert!(weakness("Motdepasse", &[]).is_some());
        assert!(weakness("Awa Ndiaye", &["awa ndiaye"]).is_some());
        assert!(weakness("des mangues au marché", &["awa"]).is_none());
    }
}
