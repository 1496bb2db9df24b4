//! The room machine: roster, roles, resume, limits. Pure.
