//! HTTP for the buckets of the clouds.

use std::sync::Arc;
use std::time::Duration;

use object_store::client::{HttpClient, HttpConnector};
use object_store::{ClientOptions, Error, Result};
use rustls_platform_verifier::BuilderVerifierExt;

/// Makes the HTTP clients of buckets, with TLS by ring: `AmazonS3Builder::with_http_connector(HttpClients)`, and the same
/// for Azure and Google.
///
/// Without it a builder wants a crypto provider that is installed for the whole process. The builder's own client options
/// do not apply: certificates are those of the system, connecting may take 10 seconds, and so may a silence 30.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpClients;

impl HttpConnector for HttpClients {
    fn connect(&self, _: &ClientOptions) -> Result<HttpClient> {
        let failed = |source: crate::BoxError| Error::Generic {
            store: "HttpClients",
            source,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(|error| failed(error.into()))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.with_no_client_auth())
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| failed(error.into()))?;
        Ok(HttpClient::new(client))
    }
}
