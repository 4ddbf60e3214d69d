//! Health: checks run here, what they mean is decided by the owner of the state.

mod checks;
mod state;
mod tcp;

pub use self::{
    checks::{Checks, Observation, Target},
    state::{Machine, State},
};
