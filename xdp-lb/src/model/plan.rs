//! What a configuration would change: the body of the answer to `POST /v1/plan`.

use serde::{Deserialize, Serialize};

/// What a configuration would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The configuration's services.
    pub services: Vec<PlannedService>,
    /// Services in force that it does not name.
    pub removed: Vec<String>,
}

/// What would become of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedService {
    /// Its name.
    pub name: String,
    /// Whether it is not there yet.
    pub new: bool,
    /// Slots that it would have.
    pub slots: u32,
    /// Slots that would get another owner.
    pub moved: u32,
    /// The least that can be: what backends below their share have to gain.
    pub unavoidable: u32,
    /// Of the moved ones, those whose connections would stay where they are. The others' backends are dead or gone.
    pub kept: u32,
    /// Backends that would come.
    pub added: Vec<String>,
    /// Backends that would leave.
    pub removed: Vec<String>,
}
