//! Prometheus metrics on a TCP listener: `GET /metrics`.

mod page;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::api::{Snapshots, serve_connections};

pub use self::page::page;

/// The content type of the exposition format that [`page`] writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers scrapes until `stop`.
pub async fn serve(listener: TcpListener, snapshots: Snapshots, stop: CancellationToken) {
    let router = Router::new().route("/metrics", get(scrape)).with_state(snapshots);
    serve_connections(listener, router, stop).await;
}

async fn scrape(State(snapshots): State<Snapshots>) -> Response {
    let failure = |error: String| (StatusCode::INTERNAL_SERVER_ERROR, error).into_response();
    match snapshots.show(page).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Ok(Err(error)) => failure(error.to_string()),
        Err(error) => failure(error),
    }
}
