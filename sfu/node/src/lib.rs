//! The media node: worker threads, UDP sockets, batching, control, metrics.
