//! Health: checks run here, what they mean is decided by the owner of the state.

mod checks;
mod descriptors;
mod seldom;
mod state;
mod tcp;

pub use self::{
    checks::{Checks, Observation, Target},
    descriptors::raise as raise_descriptors,
    state::{Machine, State},
};
