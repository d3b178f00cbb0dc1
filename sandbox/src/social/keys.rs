//! Keys that providers sign with. They are made when they are first needed, once in a process, and are the same for all
//! emulators in it: making one takes a good part of a second.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wolo_domain::accounts::IdentityProvider;

/// Two for each provider, used in turn, and one that nobody publishes.
const MADE: usize = IdentityProvider::ALL.len() * 2 + 1;

static PAIRS: [LazyLock<KeyPair>; MADE] = [const { LazyLock::new(make) }; MADE];

fn make() -> KeyPair {
    KeyPair::generate(KeySize::Rsa2048).expect("a system without random bytes runs nothing else either")
}

/// A key by its name.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pair: &'static KeyPair,
    provider: IdentityProvider,
    turn: u32,
}

impl Key {
    /// The key with which a provider signs after so many rotations.
    pub(super) fn of(provider: IdentityProvider, turn: u32) -> Self {
        let place = provider as usize * 2 + usize::from(turn % 2 == 1);
        Self { pair: &PAIRS[place], provider, turn }
    }

    /// A key of nobody's, that claims to be this one.
    pub(super) fn forged(self) -> Self {
        Self { pair: &PAIRS[MADE - 1], ..self }
    }

    pub(super) fn name(self) -> String {
        format!("{}-{}", self.provider.as_str(), self.turn + 1)
    }

    /// As it is published (RFC 7517).
    pub(super) fn published(self) -> Value {
        let public = self.pair.public_key();
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.name(),
            "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        })
    }

    /// The public half as bytes, which everybody knows.
    pub(super) fn public_bytes(self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    pub(super) fn sign(self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a key that was made can sign");
        signature
    }
}
