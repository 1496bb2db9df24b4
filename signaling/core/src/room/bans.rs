//! Who is kept out of a room.
//!
//! A school, and often a whole village, is one IPv4 address: to shut an address out for one pupil
//! would shut out the class. So a ban binds the browser, by the random number that it keeps, and
//! outlives the room in the store. That number is the browser's to forget, in a private window for
//! instance; so whoever comes new from the address of somebody banned waits in the lobby, where a
//! host sees the name and says yes or no. An address is personal, so it is kept as long as the room
//! lives and stored nowhere. Who changes browser and network is a stranger again: against that help
//! the lobby and the lock. Hosts' links are not concerned. Bounded by [`BANS_MAX`]; the oldest one
//! goes first.

use std::collections::VecDeque;

use crate::{addresses::AddressKey, link::BrowserKey};

/// The most browsers, and the most addresses, that a live room remembers.
const BANS_MAX: usize = 256;

/// Those who are kept out, as long as the room lives.
#[derive(Debug, Default)]
pub(super) struct Bans {
    browsers: VecDeque<BrowserKey>,
    addresses: VecDeque<AddressKey>,
}

impl Bans {
    pub(super) fn add(&mut self, browser: Option<BrowserKey>, address: AddressKey) {
        if let Some(browser) = browser {
            remember(&mut self.browsers, browser);
        }
        remember(&mut self.addresses, address);
    }

    pub(super) fn bars(&self, browser: Option<BrowserKey>) -> bool {
        browser.is_some_and(|browser| self.browsers.contains(&browser))
    }

    /// Whether somebody was banned who came from there.
    pub(super) fn watches(&self, address: AddressKey) -> bool {
        self.addresses.contains(&address)
    }
}

fn remember<T: PartialEq>(known: &mut VecDeque<T>, new: T) {
    if known.contains(&new) {
        return;
    }
    if known.len() >= BANS_MAX {
        known.pop_front();
    }
    known.push_back(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bans_are_remembered_once_and_the_oldest_goes_first() {
        let address = |n: u32| AddressKey::from(std::net::IpAddr::from(n.to_be_bytes()));
        let browser = |n: u32| Some(BrowserKey(u128::from(n).to_be_bytes()));
        let mut bans = Bans::default();
        for n in 0..BANS_MAX as u32 {
            bans.add(browser(n), address(n));
            bans.add(browser(n), address(n));
        }
        assert!(bans.bars(browser(0)) && bans.watches(address(0)));
        bans.add(None, address(1));
        bans.add(browser(9_999), address(9_999));
        assert!(!bans.bars(browser(0)) && !bans.watches(address(0)));
        assert!(bans.bars(browser(9_999)) && bans.watches(address(9_999)));
        assert!(!bans.bars(None));
    }
}
