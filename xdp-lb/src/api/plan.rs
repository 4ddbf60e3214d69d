//! `POST /v1/plan` with a [`ConfigText`]: what it would change. Answers with a [`crate::model::Plan`].

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};

use super::{Snapshots, extract::Body, server::failure};
use crate::config::{self, ThisHost};

/// A configuration, as text: the file need not be where the daemon is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigText {
    /// What messages call it.
    pub name: String,
    /// What it says.
    pub text: String,
}

pub(super) async fn plan(State(snapshots): State<Snapshots>, Body(body): Body<ConfigText>) -> Response {
    let parsed = tokio::task::spawn_blocking(move || config::parse(&body.name, &body.text, &ThisHost)).await;
    let loaded = match parsed {
        Ok(Ok(loaded)) => loaded,
        Ok(Err(report)) => return failure(StatusCode::UNPROCESSABLE_ENTITY, report.to_string()),
        Err(error) => return failure(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    match snapshots.handle().plan(loaded.config).await {
        Ok(plan) => Json(plan).into_response(),
        Err(error) => failure(StatusCode::UNPROCESSABLE_ENTITY, error),
    }
}
