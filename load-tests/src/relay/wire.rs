//! The links of a relay's clients, and what is under way on them; told the time, so that it decides
//! the same under virtual time.

use std::collections::{BTreeMap, VecDeque};

use protocol::{Duration, Instant};

use crate::{
    plan::{Direction, Step, Who},
    sim::network::{Link, LinkConfig, Loss},
};

/// The most clients of one relay; further ones are not relayed.
pub(super) const CLIENTS_MAX: usize = 64;

/// Before the first step of a plan, and without one.
const CLEAR: LinkConfig = LinkConfig {
    delay: Duration::ZERO,
    jitter: Duration::ZERO,
    loss: Loss::None,
    reorder: 0,
    reorder_by: Duration::ZERO,
    duplicate: 0,
    corrupt: 0,
    bottleneck: None,
};

/// A client, in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClientIndex(pub(super) usize);

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// To the client.
    Down,
    /// To the node.
    Up,
}

/// What links did, by way: down, then up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) carried: [u64; 2],
    pub(super) lost: [u64; 2],
}

/// All links of a relay.
pub(super) struct Wire {
    seed: u64,
    /// Down, then up.
    links: Vec<[Link; 2]>,
    /// Clients before this one are receivers.
    receivers: usize,
    steps: VecDeque<Step>,
    /// Time 0 of the plan.
    begun: Instant,
    /// What is under way, by its arrival and then in the order in which it came.
    under_way: BTreeMap<(Instant, u64), (ClientIndex, Way, Vec<u8>)>,
    datagrams: u64,
    counts: Counts,
    /// What is in force, for clients that come later: by [`Who`], then by way.
    configs: [[LinkConfig; 2]; 2],
}

impl Wire {
    pub(super) fn new(seed: u64) -> Self {
        Wire {
            seed,
            links: Vec::new(),
            receivers: CLIENTS_MAX,
            steps: VecDeque::new(),
            begun: Instant::ZERO,
            under_way: BTreeMap::new(),
            datagrams: 0,
            counts: Counts::default(),
            configs: [[CLEAR; 2]; 2],
        }
    }

    /// Gives a new client its links, which draw from seeds of their own.
    pub(super) fn add_client(&mut self) -> ClientIndex {
        let client = ClientIndex(self.links.len());
        let configs = self.configs[self.who(client)];
        let seed = |way: u64| self.seed.wrapping_mul(1_000).wrapping_add(2 * client.0 as u64 + way);
        self.links.push([Link::new(configs[0], seed(0)), Link::new(configs[1], seed(1))]);
        client
    }

    /// Who has come so far is a receiver; who comes later is one of the others.
    pub(super) fn mark_receivers(&mut self) {
        self.receivers = self.links.len();
    }

    /// Begins a plan; the one before has no effect any more.
    pub(super) fn begin(&mut self, now: Instant, steps: &[Step]) {
        self.configs = [[CLEAR; 2]; 2];
        self.apply_configs();
        self.steps = steps.iter().copied().collect();
        self.begun = now;
        self.take_steps(now);
    }

    /// Sends a datagram on its way.
    pub(super) fn carry(&mut self, now: Instant, client: ClientIndex, way: Way, datagram: Vec<u8>) {
        self.take_steps(now);
        let Some(link) = self.links.get_mut(client.0).map(|links| &mut links[way as usize]) else {
            return;
        };
        let lost_before = link.lost;
        for delivery in link.carry(now, datagram) {
            self.datagrams += 1;
            let place = (delivery.at, self.datagrams);
            self.under_way.insert(place, (client, way, delivery.datagram));
        }
        self.counts.carried[way as usize] += 1;
        self.counts.lost[way as usize] += link.lost - lost_before;
    }

    /// A datagram that has arrived.
    pub(super) fn poll_delivery(&mut self, now: Instant) -> Option<(ClientIndex, Way, Vec<u8>)> {
        let first = self.under_way.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// When the next datagram arrives.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// What was carried and lost since the last time.
    pub(super) fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    /// Applies the steps whose time has come.
    fn take_steps(&mut self, now: Instant) {
        while let Some(step) = self.steps.front() {
            if self.begun + Duration::from_secs_f64(step.at) > now {
                return;
            }
            let who = match step.who {
                Who::Receiver => 0,
                Who::Others => 1,
            };
            let ways = match step.direction {
                Direction::Down => 0..1,
                Direction::Up => 1..2,
                Direction::Both => 0..2,
            };
            self.configs[who][ways].fill(step.link());
            self.steps.pop_front();
            self.apply_configs();
        }
    }

    fn apply_configs(&mut self) {
        for place in 0..self.links.len() {
            let configs = self.configs[self.who(ClientIndex(place))];
            for (link, config) in self.links[place].iter_mut().zip(configs) {
                link.set_config(config);
            }
        }
    }

    /// 0 for a receiver, 1 for one of the others.
    fn who(&self, client: ClientIndex) -> usize {
        usize::from(client.0 >= self.receivers)
    }
}

#[cfg(test)]
mod tests;
