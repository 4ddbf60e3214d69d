//! The daemon's side.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio_util::sync::CancellationToken;

use super::{ErrorBody, PLAN, RELOAD, STATUS, Snapshots, Socket, backends, plan};

/// Answers until `stop`.
pub async fn serve(socket: Socket, snapshots: Snapshots, stop: CancellationToken) -> std::io::Result<()> {
    let router = Router::new()
        .route(STATUS, get(status))
        .route(RELOAD, post(reload))
        .route(PLAN, post(plan::plan))
        .merge(backends::router())
        .fallback(unknown)
        .with_state(snapshots);
    let (listener, _removed_when_done) = socket.listener()?;
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
}

async fn status(State(snapshots): State<Snapshots>) -> Response {
    match snapshots.take().await {
        Ok(status) => Json(status).into_response(),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

async fn reload(State(snapshots): State<Snapshots>) -> Response {
    match snapshots.handle().reload().await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failure(StatusCode::UNPROCESSABLE_ENTITY, error),
    }
}

async fn unknown() -> Response {
    failure(
        StatusCode::NOT_FOUND,
        format!(
            "no such call; there are GET {STATUS}, POST {RELOAD}, POST {PLAN} and those below {}",
            backends::SERVICES
        ),
    )
}

pub(super) fn failure(code: StatusCode, error: String) -> Response {
    (code, Json(ErrorBody { error })).into_response()
}
