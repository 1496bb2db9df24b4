//! Who is kept out of a room.
//!
//! A school, and often a whole village, is one IPv4 address: to shut an address out for one pupil
//! would shut out the class. So a ban binds the browser, by the random number that it keeps, and
//! outlives the room in the store. That number is the browser's to forget, in a private window for
//! instance; so whoever comes new from the address of somebody banned waits in the lobby, where a
//! host sees the name and says yes or no. An address is personal, so it is kept as long as the room
//! lives, stored nowhere and shown to nobody. Who changes browser and network is a stranger again:
//! against that help the lobby and the lock. Hosts' links are not concerned. Hosts see the names of
//! those who are kept out, and can let each come again. Bounded by [`BANS_MAX`]; the oldest one
//! goes first. Its tests are in `rooms/tests/bans.rs`.

use std::collections::VecDeque;

use protocol::client::order::{BANS_MAX, BanId, Banned};

use crate::{
    addresses::AddressKey,
    link::{BrowserKey, StoredBan},
};

/// Those who are kept out, the one who was banned first first.
#[derive(Debug, Default)]
pub(super) struct Bans {
    bans: VecDeque<Ban>,
    /// How many there were.
    count: u32,
    /// What the store knows is among them. From then on the store follows, and what it says later
    /// may be older than what was done here.
    is_loaded: bool,
}

#[derive(Debug)]
struct Ban {
    id: BanId,
    name: String,
    browser: Option<BrowserKey>,
    /// Where they were; not known of what the store remembers.
    address: Option<AddressKey>,
}

impl Bans {
    /// Takes in what the store knows, which the room's first host brings along. Nobody can have
    /// been banned before.
    pub(super) fn load(&mut self, stored: Vec<StoredBan>) {
        if std::mem::replace(&mut self.is_loaded, true) {
            return;
        }
        for StoredBan { browser, name } in stored {
            self.push(name, Some(browser), None);
        }
    }

    pub(super) fn add(&mut self, name: String, browser: Option<BrowserKey>, address: AddressKey) {
        if browser.is_some() {
            self.bans.retain(|ban| ban.browser != browser);
        }
        self.push(name, browser, Some(address));
    }

    /// Ends a ban; `None` if there is none of that id, and nothing in it if it bound no browser.
    pub(super) fn lift(&mut self, id: BanId) -> Option<Option<BrowserKey>> {
        let place = self.bans.iter().position(|ban| ban.id == id)?;
        self.bans.remove(place).map(|ban| ban.browser)
    }

    pub(super) fn bars(&self, browser: Option<BrowserKey>) -> bool {
        browser.is_some() && self.bans.iter().any(|ban| ban.browser == browser)
    }

    /// Whether somebody is banned who came from there.
    pub(super) fn watches(&self, address: AddressKey) -> bool {
        self.bans.iter().any(|ban| ban.address == Some(address))
    }

    pub(super) fn listed(&self) -> Vec<Banned> {
        self.bans.iter().map(|ban| Banned { id: ban.id, name: ban.name.clone() }).collect()
    }

    fn push(&mut self, name: String, browser: Option<BrowserKey>, address: Option<AddressKey>) {
        if self.bans.len() >= BANS_MAX {
            self.bans.pop_front();
        }
        self.count = self.count.wrapping_add(1);
        self.bans.push_back(Ban { id: BanId(self.count), name, browser, address });
    }
}
