//! Configuration: text → raw (serde, spans) → validated.
