//! Whose XDP program is on an interface?

use aya::programs::loaded_programs;

/// "NAME (id N)" of a loaded program.
#[must_use]
pub fn foreign_program(id: u32) -> String {
    let info = loaded_programs().filter_map(Result::ok).find(|program| program.id() == id);
    match info.as_ref().and_then(|info| info.name_as_str()).filter(|name| !name.is_empty()) {
        Some(name) => format!("\"{name}\" (id {id})"),
        None => format!("with id {id}"),
    }
}
