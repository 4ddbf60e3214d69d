//! The daemon's side.

use axum::{
    Json, Router,
    extract::State,
    http::{Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio_util::sync::CancellationToken;

use super::{ErrorBody, PLAN, RELOAD, STATUS, Snapshots, Socket, backends, connections, plan};

/// Answers until `stop`.
pub async fn serve(socket: Socket, snapshots: Snapshots, stop: CancellationToken) -> std::io::Result<()> {
    let router = Router::new()
        .route(STATUS, get(status))
        .route(RELOAD, post(reload))
        .route(PLAN, post(plan::plan))
        .merge(backends::router())
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .with_state(snapshots);
    let (listener, _removed_when_done) = socket.listener()?;
    connections::serve(listener, router, stop).await;
    Ok(())
}

async fn status(State(snapshots): State<Snapshots>) -> Response {
    match snapshots.show(serde_json::to_vec).await {
        Ok(Ok(body)) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Ok(Err(error)) => failure(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
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

async fn not_allowed(method: Method, path: Uri) -> Response {
    failure(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{method} is not a method of {}; the header `allow` names those that are", path.path()),
    )
}

pub(super) fn failure(code: StatusCode, error: String) -> Response {
    (code, Json(ErrorBody { error })).into_response()
}
