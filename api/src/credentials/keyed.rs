//! Secrets that we hand out, and their keyed hashes: what lies in the database cannot be tried out by whoever has only
//! the database.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use wolo_domain::contacts::Contact;

/// How many codes somebody gets for the day on which the device is lost.
const RECOVERY_CODES: usize = 10;

/// Makes keyed hashes, of each kind of thing apart.
pub(crate) struct Keyed {
    key: hmac::Key,
}

impl Keyed {
    pub(crate) fn new(pepper: &[u8]) -> Self {
        Self { key: hmac::Key::new(HMAC_SHA256, pepper) }
    }

    pub(crate) fn contact(&self, contact: &Contact) -> Vec<u8> {
        self.hash("contact", &[contact.reveal().as_bytes()])
    }

    /// The target of guesses at an account, which need not exist.
    pub(crate) fn guesses(&self, kind: &str, contact: &[u8]) -> Vec<u8> {
        self.hash("guesses", &[kind.as_bytes(), contact])
    }

    pub(crate) fn code(&self, code: &str) -> Vec<u8> {
        self.hash("code", &[code.as_bytes()])
    }

    pub(crate) fn recovery_code(&self, user: Uuid, code: &str) -> Vec<u8> {
        self.hash("recovery code", &[user.as_bytes(), code.as_bytes()])
    }

    pub(crate) fn refresh_token(&self, token: &str) -> Vec<u8> {
        self.hash("refresh token", &[token.as_bytes()])
    }

    pub(crate) fn nonce(&self, nonce: &str) -> Vec<u8> {
        self.hash("nonce", &[nonce.as_bytes()])
    }

    /// Of the secret in the link of an invitation.
    pub(crate) fn invitation(&self, token: &str) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(&self.hash("invitation", &[token.as_bytes()]));
        hash
    }

    /// Of a contact that is invited: one mailbox, however its address is spelt, is one.
    pub(crate) fn invited(&self, contact: &Contact) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(&self.hash("invited", &[contact.reached().as_bytes()]));
        hash
    }

    /// The secret in the link of a guardian. It follows from the request, so that whoever asks for it again makes the same link; by
    /// nobody else can it be made. Short, because it stands in an SMS: 128 bits.
    pub(crate) fn guardian_link(&self, request: Uuid) -> String {
        let hash = self.hash("guardian link", &[request.as_bytes()]);
        URL_SAFE_NO_PAD.encode(&hash[..16])
    }

    /// Of what the browser of a guardian keeps who has shown a code.
    pub(crate) fn guardian_session(&self, token: &str) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(&self.hash("guardian session", &[token.as_bytes()]));
        hash
    }

    /// Of an access token that another provider gave out.
    pub(crate) fn foreign_token(&self, token: &str) -> Vec<u8> {
        self.hash("foreign token", &[token.as_bytes()])
    }

    /// The token that follows another one. It can be made again when the reply that carried it was lost, by us and by
    /// nobody else.
    pub(crate) fn child_of(&self, token: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.hash("child", &[token.as_bytes()]))
    }

    /// Parts of different lengths cannot run into each other, nor one kind into another.
    fn hash(&self, kind: &str, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [kind.as_bytes()].iter().chain(parts) {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().to_vec()
    }
}

/// Why there are no random bytes: the system has none, and then nothing secret is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub(crate) struct NoRandomness;

fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// Six digits, each as likely as any other.
pub(crate) fn new_code() -> Result<String, NoRandomness> {
    loop {
        let number = u32::from_be_bytes(random()?);
        // The last part of the numbers would favour some codes.
        if number < u32::MAX - u32::MAX % 1_000_000 {
            return Ok(format!("{:06}", number % 1_000_000));
        }
    }
}

/// 256 bits.
pub(crate) fn new_refresh_token() -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// 256 bits, for the link of an invitation.
pub(crate) fn new_invitation_token() -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// 256 bits, for the session of a guardian.
pub(crate) fn new_guardian_session() -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// 256 bits, which somebody carries to another provider and back.
pub(crate) fn new_nonce() -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// Eighty bits each, in groups that can be copied by hand.
pub(crate) fn new_recovery_codes() -> Result<Vec<String>, NoRandomness> {
    let one = || {
        let hex = hex::encode(random::<10>()?);
        Ok([&hex[..5], &hex[5..10], &hex[10..15], &hex[15..]].join("-"))
    };
    (0..RECOVERY_CODES).map(|_| one()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_one_kind_say_nothing_about_another_and_need_the_key() {
        let keyed = Keyed::new(b"pepper");
        assert_eq!(keyed.code("123456"), keyed.code("123456"));
        assert_ne!(keyed.code("123456"), keyed.refresh_token("123456"));
        assert_ne!(keyed.code("123456"), Keyed::new(b"other").code("123456"));
        assert_ne!(keyed.guesses("a", b"bc"), keyed.guesses("ab", b"c"));
    }

    #[test]
    fn a_child_follows_from_its_parent_alone() {
        let keyed = Keyed::new(b"pepper");
        let parent = new_refresh_token().unwrap();
        assert_eq!(keyed.child_of(&parent), keyed.child_of(&parent));
        assert_ne!(keyed.child_of(&parent), keyed.child_of(&new_refresh_token().unwrap()));
        assert_eq!(keyed.child_of(&parent).len(), parent.len());
    }

    #[test]
    fn codes_are_six_digits_and_recovery_codes_differ() {
        for _ in 0..1_000 {
            let code = new_code().unwrap();
            assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        }
        let mut codes = new_recovery_codes().unwrap();
        codes.dedup();
        assert_eq!(codes.len(), RECOVERY_CODES);
        assert_eq!(codes[0].len(), 23);
    }
}
