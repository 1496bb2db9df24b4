//! What the null forwarder has sent, shown as a server shows its metrics.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::trains::Counts;

/// Counters that other threads may read. Clones show the same.
#[derive(Clone, Debug, Default)]
pub struct Shown(Arc<[AtomicU64; 3]>);

impl Shown {
    pub(super) fn show(&self, counts: Counts) {
        let values = [counts.datagrams, counts.trains, counts.train_datagrams];
        for (shown, value) in self.0.iter().zip(values) {
            shown.store(value, Ordering::Relaxed);
        }
    }

    /// Answers every request with the counters, in the node's names and Prometheus' text format.
    ///
    /// # Errors
    /// What the kernel says of the listener; who asks and goes away is no error.
    pub fn serve(&self, listener: &TcpListener) -> io::Result<()> {
        loop {
            let (mut stream, _) = listener.accept()?;
            // The request says nothing that matters. To close before it was read would reset.
            let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
            let _ = stream.read(&mut [0; 4_096]);
            let body = self.text();
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n";
            let _ = write!(stream, "{head}Content-Length: {length}\r\n\r\n{body}");
        }
    }

    fn text(&self) -> String {
        let names = ["datagrams", "trains", "train_datagrams"].iter().zip(self.0.iter());
        let line = |(name, value): (&&str, &AtomicU64)| {
            format!("sfu_sent_{name}_total {}\n", value.load(Ordering::Relaxed))
        };
        names.map(line).collect()
    }
}
