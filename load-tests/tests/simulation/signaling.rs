//! Joining through the room machine of signaling, as the service drives it.
