//! One core's machine: datagrams in, sealed bytes into a Sink; sessions and snapshots. Pure.
