//! What addresses have failed at. A school is one address, so only failures and silence count.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
};

use protocol::Instant;

use crate::{
    Limits,
    bucket::{Bucket, Rate, Sweeps},
};

/// Whoever is behind one IPv4 address, or one /64 of IPv6 addresses, which one machine may roam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AddressKey(u128);

impl From<IpAddr> for AddressKey {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => AddressKey(v4.to_ipv6_mapped().to_bits()),
            IpAddr::V6(v6) => AddressKey(Ipv6Addr::to_bits(v6) >> 64 << 64),
        }
    }
}

/// Failures and silent sockets by address. When the table is full, all that are not in it share
/// one place.
#[derive(Debug)]
pub(crate) struct Addresses {
    limits: Limits,
    table: BTreeMap<AddressKey, Address>,
    sweeps: Sweeps,
}

#[derive(Debug)]
struct Address {
    failures: Bucket,
    silent: u32,
}

/// The place that is shared: `::/64` is nobody's (RFC 4291 §2.5.2).
const OTHERS: AddressKey = AddressKey(0);

impl Addresses {
    pub(crate) fn new(limits: &Limits) -> Self {
        Addresses { limits: limits.clone(), table: BTreeMap::new(), sweeps: Sweeps::default() }
    }

    /// Counts a socket that has said nothing yet; `None` if there are too many. The place where it
    /// is counted speaks for the address from then on, and is given back by
    /// [`Addresses::handle_heard`].
    pub(crate) fn admit(&mut self, now: Instant, key: AddressKey) -> Option<AddressKey> {
        let silent_max = self.limits.silent_sockets_per_address;
        let key = self.place_of(now, key);
        let address = self.entry(now, key);
        if address.silent >= silent_max {
            return None;
        }
        address.silent += 1;
        Some(key)
    }

    /// A socket that was admitted has said something, or is gone.
    pub(crate) fn handle_heard(&mut self, key: AddressKey) {
        if let Some(address) = self.table.get_mut(&key) {
            address.silent = address.silent.saturating_sub(1);
        }
    }

    pub(crate) fn handle_failure(&mut self, now: Instant, key: AddressKey) {
        let key = self.place_of(now, key);
        self.entry(now, key).failures.take(now);
    }

    /// Whether an address has failed so often that it is not heard for a while.
    pub(crate) fn is_tired_of(&mut self, now: Instant, key: AddressKey) -> bool {
        self.table.get_mut(&key).is_some_and(|address| address.failures.is_empty(now))
    }

    fn place_of(&mut self, now: Instant, key: AddressKey) -> AddressKey {
        if self.table.contains_key(&key) {
            return key;
        }
        if self.table.len() >= self.limits.addresses {
            self.sweep(now);
        }
        match self.table.len() < self.limits.addresses {
            true => key,
            false => OTHERS,
        }
    }

    fn entry(&mut self, now: Instant, key: AddressKey) -> &mut Address {
        let rate = Rate {
            burst: self.limits.failures_per_address,
            per_minute: self.limits.failures_forgiven_per_minute,
        };
        self.table
            .entry(key)
            .or_insert_with(|| Address { failures: Bucket::new(now, rate), silent: 0 })
    }

    fn sweep(&mut self, now: Instant) {
        if self.sweeps.is_due(now) {
            self.table.retain(|_, address| address.silent > 0 || !address.failures.is_full(now));
        }
    }
}

#[cfg(test)]
mod tests;
