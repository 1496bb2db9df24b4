//! HTTP and WebSocket: rooms, links, store, TLS, the web client's files.
