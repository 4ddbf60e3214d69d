//! Calls about backends, below `/v1/services/SERVICE/backends`:
//!
//! - `POST` with a [`NewBackend`] adds one;
//! - `POST …/BACKEND/ready`, `drain`, `maint` set its admin state;
//! - `PUT …/BACKEND/weight` with a [`NewWeight`] sets its weight;
//! - `DELETE …/BACKEND` removes it, `?now=true` without waiting for its connections.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{delete, post, put},
};
use serde::{Deserialize, Serialize};

use super::{
    Snapshots,
    extract::{Body, Names, Options},
    server::failure,
};
use crate::{
    config::Backend,
    control::{Change, Refused},
    model::Admin,
};

/// Prefix of all these calls.
pub(super) const SERVICES: &str = "/v1/services";

/// A backend to be added.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBackend {
    /// Address and port.
    pub address: SocketAddr,
    /// Its weight; 1 if it is left out.
    #[serde(default = "one")]
    pub weight: u16,
    /// Its name; its address if it is left out.
    pub name: Option<String>,
}

const fn one() -> u16 {
    1
}

/// A weight to be set.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWeight {
    /// `None`: the configured one again.
    pub weight: Option<u16>,
}

/// How a backend is removed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Removal {
    #[serde(default)]
    now: bool,
}

pub(super) fn router() -> Router<Snapshots> {
    Router::new()
        .route("/v1/services/{service}/backends", post(add))
        .route("/v1/services/{service}/backends/{backend}", delete(remove))
        .route("/v1/services/{service}/backends/{backend}/weight", put(weight))
        .route("/v1/services/{service}/backends/{backend}/{admin}", post(admin))
}

async fn add(
    State(snapshots): State<Snapshots>,
    Names(service): Names<String>,
    Body(new): Body<NewBackend>,
) -> Response {
    let name = new.name.unwrap_or_else(|| new.address.to_string());
    let backend = Backend::new(name, new.address, new.weight);
    answer(snapshots.handle().add(service, backend).await)
}

async fn remove(
    State(snapshots): State<Snapshots>,
    Names((service, backend)): Names<(String, String)>,
    Options(Removal { now }): Options<Removal>,
) -> Response {
    answer(snapshots.handle().change(service, backend, Change::Remove { now }).await)
}

async fn weight(
    State(snapshots): State<Snapshots>,
    Names((service, backend)): Names<(String, String)>,
    Body(NewWeight { weight }): Body<NewWeight>,
) -> Response {
    answer(snapshots.handle().change(service, backend, Change::Weight(weight)).await)
}

async fn admin(
    State(snapshots): State<Snapshots>,
    Names((service, backend, admin)): Names<(String, String, String)>,
) -> Response {
    let admin = match admin.as_str() {
        "ready" => Admin::Ready,
        "drain" => Admin::Drain,
        "maint" => Admin::Maint,
        _ => {
            let error = format!("{admin:?} is not an admin state: a backend can be ready, drain or maint");
            return failure(StatusCode::NOT_FOUND, error);
        }
    };
    answer(snapshots.handle().change(service, backend, Change::Admin(admin)).await)
}

fn answer(result: Result<(), Refused>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error @ Refused::Unknown(_)) => failure(StatusCode::NOT_FOUND, error.to_string()),
        Err(error @ Refused::Invalid(_)) => failure(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
    }
}
