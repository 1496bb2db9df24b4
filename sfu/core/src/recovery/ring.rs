//! The payloads of one published layer, for all who lost one.
//!
//! Payloads stand one behind the other in one arena and are overwritten oldest first; a table says
//! where each is. A payload is named by its [`Serial`], which says how many were stored before it:
//! sequence numbers wrap, and begin anew when a browser changes its encoder. Storing is one copy.

/// Names a payload of one ring. It wraps after 2³² payloads, which is a month at 1 700 a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Serial(u32);

/// A ring of payloads; see the module.
#[derive(Debug)]
pub struct PacketRing {
    /// Grows to `bytes_max` once, so that memory which is not used is not resident.
    bytes: Vec<u8>,
    bytes_max: usize,
    /// Grows to `packets_max` once; a payload stands at its serial modulo that.
    places: Vec<Place>,
    packets_max: u32,
    /// The serial of the next payload.
    next: u32,
    /// Where the next payload begins, counted over all rounds.
    written: u64,
}

/// Where a payload stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u64,
    length: u16,
}

impl PacketRing {
    /// Reserves `bytes` and a table of `packets`, a power of two. Serials begin at `first`, which
    /// should be random: a name from the ring that was here before then means nothing.
    #[must_use]
    pub fn new(bytes: usize, packets: u32, first: u32) -> Self {
        debug_assert!(packets.is_power_of_two(), "serials wrap at a power of two");
        PacketRing {
            bytes: Vec::with_capacity(bytes),
            bytes_max: bytes,
            places: Vec::with_capacity(packets as usize),
            packets_max: packets,
            next: first & !(packets - 1),
            written: 0,
        }
    }

    /// Keeps a payload; `None` if it is longer than the ring.
    pub fn store(&mut self, payload: &[u8]) -> Option<Serial> {
        let length = u16::try_from(payload.len()).ok()?;
        if payload.len() > self.bytes_max {
            return None;
        }
        let max = self.bytes_max as u64;
        let room = max - self.written % max;
        if room < payload.len() as u64 {
            self.written += room; // A payload stands in one piece.
        }
        let start = self.written;
        let offset = (start % max) as usize;
        let end = offset + payload.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[offset..end].copy_from_slice(payload);
        self.written += payload.len() as u64;
        let place = Place { start, length };
        let serial = self.next;
        match self.places.get_mut((serial & (self.packets_max - 1)) as usize) {
            Some(old) => *old = place,
            None => self.places.push(place),
        }
        self.next = serial.wrapping_add(1);
        Some(Serial(serial))
    }

    /// The payload, as long as it has not been overwritten.
    #[must_use]
    pub fn payload(&self, serial: Serial) -> Option<&[u8]> {
        let age = self.next.wrapping_sub(serial.0);
        if age == 0 || age as usize > self.places.len() {
            return None;
        }
        let place = self.places.get((serial.0 & (self.packets_max - 1)) as usize)?;
        if self.written - place.start > self.bytes_max as u64 {
            return None;
        }
        let offset = (place.start % self.bytes_max as u64) as usize;
        self.bytes.get(offset..offset + usize::from(place.length))
    }
}

#[cfg(test)]
mod tests;
