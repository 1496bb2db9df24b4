//! The forwarding engine: rooms, publications, slots, rewriting. Pure.
