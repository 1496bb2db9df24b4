//! How much arrives: the acknowledged rate, robust against pauses, bursts and lost feedback.
//!
//! Of the last second (longer at low rates) both the rate of sending and that of arriving are
//! taken, and the lower one counts (libwebrtc `robust_throughput_estimator.cc`). Beside it stands
//! the rate of the last 300 ms of arrivals: while a queue stands, that is the capacity.

const LENGTH: usize = 512;
const WINDOW_PACKETS: usize = 20;
const REQUIRED_PACKETS: usize = 10;
const WINDOW_MIN_US: i64 = 1_000_000;
const WINDOW_MAX_US: i64 = 5_000_000;
const RECENT_US: i64 = 300_000;
const RECENT_PACKETS: usize = 8;
const REORDERING_MAX_US: i64 = 1_000_000;
const DURATION_MIN_US: i64 = 1_000;

/// A packet that arrived.
#[derive(Clone, Copy, Debug, Default)]
struct Arrival {
    arrived_us: i64,
    sent_us: i64,
    /// With those before it of which feedback was lost.
    bytes: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Throughput {
    /// Ordered by arrival; a ring.
    arrivals: Box<[Arrival]>,
    first: usize,
    count: usize,
    discarded_sent_us: i64,
}

impl Throughput {
    pub(super) fn new() -> Self {
        Throughput {
            arrivals: vec![Arrival::default(); LENGTH].into_boxed_slice(),
            first: 0,
            count: 0,
            discarded_sent_us: i64::MIN,
        }
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.discarded_sent_us = i64::MIN;
    }

    pub(super) fn add(&mut self, sent_us: i64, arrived_us: i64, bytes: u32) {
        if self.count == LENGTH {
            self.discard();
        }
        self.count += 1;
        self.set(self.count - 1, Arrival { arrived_us, sent_us, bytes });
        let mut at = self.count - 1;
        while at > 0 && self.at(at).arrived_us < self.at(at - 1).arrived_us {
            let (earlier, later) = (self.at(at), self.at(at - 1));
            self.set(at - 1, earlier);
            self.set(at, later);
            at -= 1;
        }
        if self.at(self.count - 1).arrived_us - arrived_us > REORDERING_MAX_US {
            self.clear();
        }
        while self.is_first_outside() {
            self.discard();
        }
    }

    /// The acknowledged rate in bits per second; `None` while too little is known.
    pub(super) fn rate(&self) -> Option<f64> {
        if self.count < REQUIRED_PACKETS {
            return None;
        }
        let (mut gap, mut second_gap) = (0, 0);
        let (mut bytes, mut sent_bytes, mut sent_count) = (0_u64, 0_u64, 0);
        let (mut first_sent, mut last_sent, mut last_sent_bytes) = (i64::MAX, i64::MIN, 0);
        for position in 0..self.count {
            let arrival = self.at(position);
            if position > 0 {
                let step = arrival.arrived_us - self.at(position - 1).arrived_us;
                if step > gap {
                    (gap, second_gap) = (step, gap);
                } else if step > second_gap {
                    second_gap = step;
                }
            }
            bytes += u64::from(arrival.bytes);
            // A packet older than one that has left the window would make sending seem slow.
            if arrival.sent_us < self.discarded_sent_us {
                continue;
            }
            sent_count += 1;
            sent_bytes += u64::from(arrival.bytes);
            first_sent = first_sent.min(arrival.sent_us);
            if arrival.sent_us > last_sent {
                (last_sent, last_sent_bytes) = (arrival.sent_us, arrival.bytes);
            }
        }
        let span = self.at(self.count - 1).arrived_us - self.at(0).arrived_us;
        // One pause of the network must not look like a low rate.
        let arriving = rate(bytes - u64::from(self.at(0).bytes), span - gap + second_gap);
        if sent_count < REQUIRED_PACKETS {
            return Some(arriving);
        }
        let sending = rate(sent_bytes - u64::from(last_sent_bytes), last_sent - first_sent);
        Some(arriving.min(sending))
    }

    /// The rate of the last arrivals in bits per second.
    pub(super) fn recent_rate(&self) -> Option<f64> {
        let newest = self.at(self.count.checked_sub(1)?).arrived_us;
        let is_recent = |arrival: &Arrival| newest - arrival.arrived_us <= RECENT_US;
        let from = (0..self.count).rev().take_while(|&it| is_recent(&self.at(it))).last()?;
        if self.count - from < RECENT_PACKETS {
            return None;
        }
        let bytes = (from + 1..self.count).map(|it| u64::from(self.at(it).bytes)).sum();
        Some(rate(bytes, newest - self.at(from).arrived_us))
    }

    fn is_first_outside(&self) -> bool {
        if self.count == 0 {
            return false;
        }
        let span = self.at(self.count - 1).arrived_us - self.at(0).arrived_us;
        span > WINDOW_MAX_US || self.count > WINDOW_PACKETS && span > WINDOW_MIN_US
    }

    fn discard(&mut self) {
        self.discarded_sent_us = self.discarded_sent_us.max(self.at(0).sent_us);
        self.first = (self.first + 1) % LENGTH;
        self.count -= 1;
    }

    fn at(&self, position: usize) -> Arrival {
        self.arrivals[(self.first + position) % LENGTH]
    }

    fn set(&mut self, position: usize, arrival: Arrival) {
        self.arrivals[(self.first + position) % LENGTH] = arrival;
    }
}

fn rate(bytes: u64, time_us: i64) -> f64 {
    bytes as f64 * 8e6 / time_us.max(DURATION_MIN_US) as f64
}

#[cfg(test)]
mod tests;
