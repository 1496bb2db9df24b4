//! The room machine: roster, roles, resume, limits. Pure.

mod limits;
mod link;

pub use limits::Limits;
pub use link::{Grant, LinkRefusal};
