//! The simulator, model clients, and tests of the whole.
//!
//! [`client`] is a browser as a value; [`sim`] puts many of them, links and one node on one heap of
//! events under virtual time, where one seed is one run; [`plan`], [`run`] and [`plot`] let it
//! carry out plans of networks and show what came of them. [`relay`] is the network of a plan
//! between real clients and a node. [`call`] lets clients by the hundred join a running server,
//! with real ICE, DTLS and SRTP; [`bench`] compares servers by them, and [`null_forwarder`] is the
//! yard-stick. [`independent`] is a client of another make, for `call` and for tests. [`probe`]
//! feeds the parts that decide from lines of JSON. The
//! program `preau-load` is their command line.

pub mod bench;
pub mod call;
mod chart;
pub mod client;
pub mod handshake;
pub mod histogram;
pub mod independent;
pub mod null_forwarder;
pub mod plan;
pub mod plot;
pub mod probe;
pub mod random;
pub mod relay;
pub mod run;
pub mod sim;
