//! URLs that carry their permission with them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a signed URL allows. The fields that are not in the URL are those that the server knows better.
#[derive(Debug, Clone, Copy)]
pub(super) enum Grant<'a> {
    /// To upload the bytes of an attachment, once.
    Upload {
        id: &'a str,
        owner: &'a str,
        mime_type: &'a str,
        size: u64,
    },
    /// To download a file.
    Download {
        id: &'a str,
        mime_type: &'a str,
        name: &'a str,
    },
    /// To show an image.
    Preview { id: &'a str, mime_type: &'a str },
}

/// Signs and verifies with HMAC-SHA256.
#[derive(Clone)]
pub(super) struct Signer(Hmac<Sha256>);

impl Signer {
    pub(super) fn new(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(Self)
    }

    /// The signature of a grant until `expires`, in seconds since 1970.
    pub(super) fn sign(&self, grant: Grant<'_>, expires: i64) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(grant, expires).finalize().into_bytes())
    }

    /// Whether the signature is that of the grant, found in constant time.
    pub(super) fn verify(&self, grant: Grant<'_>, expires: i64, signature: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(signature)
            .is_ok_and(|signature| self.mac(grant, expires).verify_slice(&signature).is_ok())
    }

    fn mac(&self, grant: Grant<'_>, expires: i64) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        // Each field with its length, so that no two grants are the same bytes.
        let mut field = |bytes: &[u8]| {
            mac.update(&(bytes.len() as u64).to_le_bytes());
            mac.update(bytes);
        };
        field(b"chatkit attachment 1");
        field(&expires.to_le_bytes());
        match grant {
            Grant::Upload {
                id,
                owner,
                mime_type,
                size,
            } => {
                field(b"upload");
                field(id.as_bytes());
                field(owner.as_bytes());
                field(mime_type.as_bytes());
                field(&size.to_le_bytes());
            }
            Grant::Download {
                id,
                mime_type,
                name,
            } => {
                field(b"download");
                field(id.as_bytes());
                field(mime_type.as_bytes());
                field(name.as_bytes());
            }
            Grant::Preview { id, mime_type } => {
                field(b"preview");
                field(id.as_bytes());
                field(mime_type.as_bytes());
            }
        }
        mac
    }
}

/// The part of a signed URL behind the question mark.
#[derive(Debug, Default)]
pub(super) struct SignedQuery {
    pub(super) expires: i64,
    pub(super) signature: String,
    pub(super) mime_type: String,
    pub(super) name: String,
}

impl SignedQuery {
    /// Reads a query. `None` when it has no signature; what it has besides is not looked at.
    pub(super) fn parse(query: Option<&str>) -> Option<Self> {
        let mut parsed = Self::default();
        let mut signed = false;
        for (name, value) in form_urlencoded::parse(query?.as_bytes()) {
            match &*name {
                // Zero has passed long ago.
                "expires" => parsed.expires = value.parse().unwrap_or_default(),
                "type" => parsed.mime_type = value.into_owned(),
                "name" => parsed.name = value.into_owned(),
                "signature" => {
                    parsed.signature = value.into_owned();
                    signed = true;
                }
                _ => {}
            }
        }
        signed.then_some(parsed)
    }

    /// Writes it: the fields that are there, always in the same order.
    pub(super) fn write(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("expires", &self.expires.to_string());
        for (name, value) in [("type", &self.mime_type), ("name", &self.name)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("signature", &self.signature);
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPLOAD: Grant<'_> = Grant::Upload {
        id: "atc_1",
        owner: "ann",
        mime_type: "image/png",
        size: 3,
    };

    fn signer(secret: u8) -> Signer {
        Signer::new(&[secret; 32]).unwrap()
    }

    #[test]
    fn a_signature_fits_one_grant_only() {
        let signature = signer(1).sign(UPLOAD, 100);
        assert!(signer(1).verify(UPLOAD, 100, &signature));
        assert!(!signer(2).verify(UPLOAD, 100, &signature));
        assert!(!signer(1).verify(UPLOAD, 101, &signature));
        let upload = |id, owner, mime_type, size| Grant::Upload {
            id,
            owner,
            mime_type,
            size,
        };
        for other in [
            upload("atc_2", "ann", "image/png", 3),
            upload("atc_1", "bob", "image/png", 3),
            upload("atc_1", "ann", "image/gif", 3),
            upload("atc_1", "ann", "image/png", 4),
            // The same bytes, cut elsewhere.
            upload("atc_1a", "nn", "image/png", 3),
            Grant::Download {
                id: "atc_1",
                mime_type: "image/png",
                name: "ann",
            },
            Grant::Preview {
                id: "atc_1",
                mime_type: "image/png",
            },
        ] {
            assert!(!signer(1).verify(other, 100, &signature), "{other:?}");
        }
        for other in ["", "AAAA", &signature[1..], &format!("{signature}A"), "ä"] {
            assert!(!signer(1).verify(UPLOAD, 100, other), "{other}");
        }
    }

    #[test]
    fn the_signature_is_the_one_of_the_standard() {
        // RFC 4231, test case 2.
        let mut known = Signer::new(b"Jefe").unwrap().0;
        known.update(b"what do ya want for nothing?");
        let signature: String = known
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            signature,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn queries_read_as_they_were_written() {
        let query = SignedQuery {
            expires: 17,
            signature: "a-b_c".to_owned(),
            mime_type: "image/png".to_owned(),
            name: "Ä &=?#.png".to_owned(),
        };
        let read = SignedQuery::parse(Some(&query.write())).unwrap();
        assert_eq!(format!("{read:?}"), format!("{query:?}"));
        assert!(SignedQuery::parse(Some("expires=1")).is_none());
        assert!(SignedQuery::parse(None).is_none());
    }
}
