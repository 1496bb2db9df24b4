//! What the server itself counts, read from its metrics page in Prometheus' text format.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use super::signaling::{PATIENCE, connect};

/// Counters of a server at one time. A worker of Préau's tells of them once a second, so only
/// ratios are right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counters {
    datagrams: f64,
    trains: f64,
    train_datagrams: f64,
    forwarded: f64,
    /// Calls of the allocator on media threads; only some builds count them.
    allocations: Option<f64>,
}

impl Counters {
    /// Asks the server.
    pub(super) async fn ask(address: SocketAddr, from: Option<IpAddr>) -> anyhow::Result<Counters> {
        let about = || format!("no metrics at {address}: is it where the server has them?");
        let mut stream = connect(address, from).await.with_context(about)?;
        let request =
            format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.with_context(about)?;
        let mut answer = String::new();
        let read = timeout(PATIENCE, stream.read_to_string(&mut answer));
        read.await.with_context(about)?.with_context(about)?;
        ensure!(answer.starts_with("HTTP/1.1 200"), about());
        Ok(Counters::parse(&answer))
    }

    /// Adds the series of each metric up.
    fn parse(page: &str) -> Counters {
        let sum = |name: &str| {
            let values = page.lines().filter_map(|line| {
                let (series, value) = line.trim_end().rsplit_once(' ')?;
                let is_it = series.split('{').next() == Some(name);
                is_it.then(|| value.parse::<f64>().ok())?
            });
            values.reduce(|sum, value| sum + value)
        };
        let whole = |name| sum(name).unwrap_or_default();
        Counters {
            datagrams: whole("sfu_sent_datagrams_total"),
            trains: whole("sfu_sent_trains_total"),
            train_datagrams: whole("sfu_sent_train_datagrams_total"),
            forwarded: whole("sfu_forwarded_packets_total"),
            allocations: sum("sfu_worker_allocations_total"),
        }
    }

    /// Datagrams for each message that the kernel got between an earlier time and this one.
    pub(super) fn datagrams_per_message(&self, earlier: &Counters) -> Option<f64> {
        let datagrams = self.datagrams - earlier.datagrams;
        let in_trains = self.train_datagrams - earlier.train_datagrams;
        let messages = datagrams - in_trains + (self.trains - earlier.trains);
        (messages > 0.0).then(|| datagrams / messages)
    }

    /// Calls of the allocator for each packet that was forwarded.
    pub(super) fn allocations_per_packet(&self, earlier: &Counters) -> Option<f64> {
        let calls = self.allocations? - earlier.allocations?;
        let forwarded = self.forwarded - earlier.forwarded;
        (forwarded > 0.0).then(|| calls / forwarded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "HTTP/1.1 200 OK\r\n\r\n# HELP sfu_sent_datagrams_total Datagrams.\n\
        sfu_sent_datagrams_total 100\nsfu_sent_trains_total 10\n\
        sfu_sent_train_datagrams_total 60\nsfu_forwarded_packets_total{kind=\"video\"} 70\n\
        sfu_forwarded_packets_total{kind=\"audio\"} 20\nsfu_forwarded_packets_total_x 9\n";

    #[test]
    fn a_message_is_a_train_or_a_datagram_by_itself() {
        let page = Counters::parse(PAGE);
        assert_eq!(page.datagrams_per_message(&Counters::default()), Some(2.0));
        assert_eq!(page.datagrams_per_message(&page), None, "nothing was sent in between");
    }

    #[test]
    fn allocations_are_told_by_builds_that_count_them() {
        let before = Counters::default();
        assert_eq!(Counters::parse(PAGE).allocations_per_packet(&before), None);
        let counting = format!("{PAGE}sfu_worker_allocations_total 45\n");
        let before = Counters { allocations: Some(0.0), ..before };
        let found = Counters::parse(&counting).allocations_per_packet(&before);
        assert_eq!(found, Some(0.5));
    }
}
