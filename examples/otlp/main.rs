//! One run of an agent whose trace goes to an OpenTelemetry collector.
//!
//! ```text
//! cargo run --features otlp --bin otlp
//! ```
//!
//! | variable | default | |
//! |---|---|---|
//! | `OTEL_EXPORTER_OTLP_ENDPOINT` | `http://localhost:4318` | a collector that takes OTLP over HTTP, in JSON |
//! | `OPENAI_API_KEY` | | without it a built-in scripted model answers |
//!
//! The library only makes `tracing` spans; a layer of `tracing-opentelemetry` turns them into OpenTelemetry's.

use std::env;
use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::{Request, Response};
use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_agents::{Agent, RunConfig, Runner, function_tool};
use chatkit_examples::model::{Models, tool_output};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::json;
use tokio::runtime::Handle;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

/// How long the collector has to take what is left at the end.
const LAST_EXPORT: Duration = Duration::from_secs(5);

/// Look up the weather for a city.
#[function_tool]
async fn get_weather(
    /// City name, e.g. "Paris".
    city: String,
) -> String {
    format!("Clear sky in {city}.")
}

fn answer(request: &RecordedRequest) -> Script {
    match tool_output(request) {
        None => Script::function_call("get_weather", json!({"city": "Paris"})).usage(120, 15),
        Some(weather) => Script::text(format!("{weather} Have a picnic.")).usage(150, 9),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let collector = env::var("OTEL_EXPORTER_OTLP_ENDPOINT")
        .unwrap_or_else(|_| "http://localhost:4318".to_owned());
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Http::new()?)
        .with_endpoint(format!("{}/v1/traces", collector.trim_end_matches('/')))
        .build()?;
    let traces = SdkTracerProvider::builder()
        .with_resource(
            Resource::builder()
                .with_service_name("otlp-example")
                .build(),
        )
        .with_batch_exporter(exporter)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer("chatkit"));
    tracing_subscriber::registry()
        .with(layer.with_filter(LevelFilter::INFO))
        .init();

    let models = Models::connect(answer).await?;
    let agent = Agent::new("Assistant", models.default_model())
        .instructions("Answer briefly.")
        .tool(get_weather);
    // What was said is in the trace only with `.trace_include_sensitive_data(true)`.
    let config = RunConfig::new().workflow_name("picnic").group_id("thr_1");
    let run = Runner::run(&agent, "Is it a day for a picnic in Paris?", ()).config(config);
    let result = run.await?;

    // The last spans are sent from a thread that this one would block.
    tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(LAST_EXPORT)).await??;
    #[expect(clippy::print_stdout, reason = "it is the program's output")]
    {
        println!("{}", result.into_output()?);
    }
    Ok(())
}

/// HTTP for the exporter, which has a thread of its own: requests are made on the runtime.
#[derive(Debug)]
struct Http {
    client: reqwest::Client,
    runtime: Handle,
}

impl Http {
    fn new() -> Result<Self, Box<dyn Error>> {
        // Fails where one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        Ok(Self {
            client: reqwest::Client::builder().build()?,
            runtime: Handle::current(),
        })
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let sent = self.client.execute(request);
        let answer = self.runtime.spawn(async move {
            let answer = sent.await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        let (status, body) = answer.await??;
        Ok(Response::builder().status(status).body(body)?)
    }
}
