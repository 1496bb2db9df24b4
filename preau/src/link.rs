//! `preau link`: a link to a room, made beside the running service in the same store.

use std::time::SystemTime;

use anyhow::{Context as _, bail};
use protocol::RoomName;
use signaling_service::{NewRoom, Store, StoreError};

use crate::{cli::LinkArguments, config::Config, serve};

/// Makes the link that is asked for and returns it with a line end.
///
/// # Errors
///
/// No such room, or a store that cannot be used.
pub(crate) fn link(config: &Config, arguments: &LinkArguments) -> anyhow::Result<String> {
    let room = RoomName::try_from(arguments.room.clone())
        .with_context(|| format!("`{}` is not the name of a room", arguments.room))?;
    // Opening a store makes one where there is none, which only the service should do.
    if !config.data.is_dir() {
        bail!(
            "no rooms are kept under {}: name the folder of the service with `--data DIR`",
            config.data.display()
        );
    }
    let store = Store::open(&config.data)
        .with_context(|| format!("cannot open the rooms under {}", config.data.display()))?;
    if arguments.create {
        create(&store, &room)?;
    }
    let secret = if arguments.host {
        store.new_host_link(SystemTime::now(), &room)
    } else {
        store.guest_secret(&room)
    };
    let secret = secret.with_context(|| format!("cannot make a link to `{}`", room.as_str()))?;
    let origin = match &config.public_url {
        Some(url) => url.to_string(),
        None => serve::local_url(config, config.listen),
    };
    Ok(format!("{origin}/{}#{secret}\n", room.as_str()))
}

/// Makes the room; one that is there stays as it is.
fn create(store: &Store, room: &RoomName) -> anyhow::Result<()> {
    let wish = NewRoom { name: Some(room.clone()), ..NewRoom::default() };
    match store.create_room(SystemTime::now(), &wish) {
        Ok(_) | Err(StoreError::NameTaken) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot make `{}`", room.as_str())),
    }
}
