//! Wrong codes, by room and by address.
//!
//! A code is one of 10^6 and opens the lobby alone, where a host still has to say yes. Whoever
//! guesses has [`Limits::code_failures_per_room`] tries a minute whatever their addresses are, so
//! half of all codes of one room take 35 days; and [`Limits::code_failures_per_address`] whatever
//! the rooms are, which spares the doors of the other rooms. While either is used up, every code
//! is answered as a wrong one, the right one too: what is counted is decided when the store has
//! answered, so asking much at once gains nothing. Links are not concerned.

use std::{borrow::Borrow, collections::BTreeMap};

use protocol::{Instant, RoomName};

use crate::{
    Limits,
    addresses::AddressKey,
    bucket::{Bucket, Rate, Sweeps},
};

/// How many more wrong codes are heard.
#[derive(Debug)]
pub(crate) struct CodeMeter {
    rooms: Buckets<RoomName>,
    addresses: Buckets<AddressKey>,
}

impl CodeMeter {
    pub(crate) fn new(limits: &Limits) -> Self {
        let rate = |burst| Rate { burst, per_minute: limits.code_failures_forgiven_per_minute };
        CodeMeter {
            rooms: Buckets::new(rate(limits.code_failures_per_room), limits.addresses),
            addresses: Buckets::new(rate(limits.code_failures_per_address), limits.addresses),
        }
    }

    /// Whether no code is right.
    pub(crate) fn is_deaf(&mut self, now: Instant, room: &RoomName, address: AddressKey) -> bool {
        self.rooms.is_empty(now, room) || self.addresses.is_empty(now, &address)
    }

    pub(crate) fn handle_failure(&mut self, now: Instant, room: RoomName, address: AddressKey) {
        self.rooms.take(now, room);
        self.addresses.take(now, address);
    }
}

/// A bucket for each key that has taken something. When the table is full, all that are not in it
/// share one.
#[derive(Debug)]
struct Buckets<Key> {
    rate: Rate,
    places: usize,
    table: BTreeMap<Key, Bucket>,
    others: Option<Bucket>,
    sweeps: Sweeps,
}

impl<Key: Ord> Buckets<Key> {
    fn new(rate: Rate, places: usize) -> Self {
        Buckets { rate, places, table: BTreeMap::new(), others: None, sweeps: Sweeps::default() }
    }

    fn is_empty<Q: Ord + ?Sized>(&mut self, now: Instant, key: &Q) -> bool
    where
        Key: Borrow<Q>,
    {
        let is_crowded = self.table.len() >= self.places;
        match self.table.get_mut(key) {
            Some(bucket) => bucket.is_empty(now),
            None if is_crowded => self.others.as_mut().is_some_and(|bucket| bucket.is_empty(now)),
            None => false,
        }
    }

    fn take(&mut self, now: Instant, key: Key) {
        if self.table.len() >= self.places && !self.table.contains_key(&key) {
            self.sweep(now);
        }
        let bucket = match self.table.len() < self.places || self.table.contains_key(&key) {
            true => self.table.entry(key).or_insert_with(|| Bucket::new(now, self.rate)),
            false => self.others.get_or_insert_with(|| Bucket::new(now, self.rate)),
        };
        bucket.take(now);
    }

    fn sweep(&mut self, now: Instant) {
        if self.sweeps.is_due(now) {
            self.table.retain(|_, bucket| !bucket.is_full(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::Duration;

    use super::*;

    fn meter(places: usize) -> CodeMeter {
        CodeMeter::new(&Limits { addresses: places, ..Limits::default() })
    }

    fn room(name: &str) -> RoomName {
        RoomName::try_from(name.to_owned()).expect("a room name")
    }

    fn address(n: u8) -> AddressKey {
        AddressKey::from(std::net::IpAddr::from([192, 0, 2, n]))
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_micros(1) + Duration::from_secs(seconds)
    }

    /// How many wrong codes are heard.
    fn heard(meter: &mut CodeMeter, now: Instant, name: &str, of: u8) -> usize {
        let mut count = 0;
        while count < 1_000 && !meter.is_deaf(now, &room(name), address(of)) {
            meter.handle_failure(now, room(name), address(of));
            count += 1;
        }
        count
    }

    #[test]
    fn a_room_hears_ten_wrong_codes_and_then_ten_a_minute_whoever_asks() {
        let mut meter = meter(100);
        assert_eq!(heard(&mut meter, at(0), "math", 1), 10);
        assert_eq!(heard(&mut meter, at(0), "math", 2), 0);
        assert_eq!(heard(&mut meter, at(0), "music", 2), 10, "another room hears");
        assert_eq!(heard(&mut meter, at(30), "math", 2), 5);
        assert_eq!(heard(&mut meter, at(90), "math", 3), 10);
    }

    #[test]
    fn an_address_is_heard_thirty_times_wherever_it_asks() {
        let mut meter = meter(100);
        let all: usize = (0..9).map(|n| heard(&mut meter, at(0), &format!("room-{n}"), 1)).sum();
        assert_eq!(all, 30);
        assert_eq!(heard(&mut meter, at(0), "room-8", 2), 10, "another address is heard");
    }

    #[test]
    fn a_full_table_makes_room_after_a_minute_and_others_share_a_place_meanwhile() {
        let mut meter = meter(3);
        for n in 0..3 {
            assert_eq!(heard(&mut meter, at(0), &format!("room-{n}"), n), 10);
        }
        assert_eq!(heard(&mut meter, at(0), "room-3", 3), 10);
        assert_eq!(heard(&mut meter, at(0), "room-4", 4), 0);
        assert_eq!(heard(&mut meter, at(61), "room-5", 5), 10);
        assert_eq!((meter.rooms.table.len(), meter.addresses.table.len()), (1, 1));
    }
}
