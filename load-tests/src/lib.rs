//! The simulator, model clients, and tests of the whole.
//!
//! [`client`] is a browser as a value; [`sim`] puts many of them, links and one node on one heap of
//! events under virtual time, where one seed is one run. [`probe`] feeds the parts that decide from
//! lines of JSON. The program `preau-load` is their command line.

pub mod client;
pub mod handshake;
pub mod probe;
pub mod random;
pub mod sim;
