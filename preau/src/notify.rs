//! Tells the service manager that people can come (sd_notify(3)), where one asks for it.

use std::{
    env, io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
};

/// Says `READY=1` to `$NOTIFY_SOCKET`; nothing where it is not set.
///
/// # Errors
///
/// The socket does not take it.
pub(crate) fn ready() -> io::Result<()> {
    let Some(path) = env::var_os("NOTIFY_SOCKET") else {
        return Ok(());
    };
    // A name that begins with `@` is in the abstract namespace (unix(7)).
    let address = match path.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        path => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path))?,
    };
    UnixDatagram::unbound()?.send_to_addr(b"READY=1", &address)?;
    Ok(())
}
