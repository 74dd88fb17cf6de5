//! Sessions: a cookie that says who someone is until when, with a signature.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chatkit_examples::serve;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How long a session lasts, in seconds.
const LIFETIME: u64 = 8 * 60 * 60;

/// What a secret needs: as many bytes as the signature has.
const LEAST_SECRET: usize = 32;

/// The cookie that takes a session away.
pub(crate) const END: &str = "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict";

pub(crate) struct Sessions(Hmac<Sha256>);

impl Sessions {
    /// Signs with `SESSION_SECRET`.
    pub(crate) fn from_env() -> Result<Self, String> {
        let secret = serve::secret("SESSION_SECRET");
        if secret.len() < LEAST_SECRET {
            return Err(format!(
                "SESSION_SECRET must have {LEAST_SECRET} bytes or more: make one with `openssl rand -hex 32`"
            ));
        }
        let mac = Hmac::new_from_slice(secret.as_bytes());
        Ok(Self(mac.map_err(|error| error.to_string())?))
    }

    /// The cookie that begins a session. Scripts cannot read it, and other sites cannot use it; with HTTPS, add `Secure`.
    pub(crate) fn begin(&self, user: &str) -> String {
        let claim = format!("{user}.{}", now() + LIFETIME);
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&claim).finalize().into_bytes());
        format!(
            "session={claim}.{signature}; Path=/; Max-Age={LIFETIME}; HttpOnly; SameSite=Strict"
        )
    }

    /// The user whose session a request belongs to.
    pub(crate) fn user<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let cookies = headers.get_all(header::COOKIE).into_iter();
        let cookies = cookies.filter_map(|header| header.to_str().ok());
        let mut cookies = cookies.flat_map(|header| header.split("; "));
        let session = cookies.find_map(|cookie| cookie.strip_prefix("session="))?;

        let (claim, signature) = session.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.mac(claim).verify_slice(&signature).ok()?;
        let (user, expires) = claim.rsplit_once('.')?;
        (expires.parse::<u64>().ok()? > now()).then_some(user)
    }

    fn mac(&self, claim: &str) -> Hmac<Sha256> {
        self.0.clone().chain_update("session ").chain_update(claim)
    }
}

/// In seconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
