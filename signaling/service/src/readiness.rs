//! `GET /readyz`: whether somebody who came this moment could be let in.

use std::{
    fmt,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::{Mutex, oneshot};

use crate::{
    Store,
    director::{Input, Inputs},
};

/// The last finding, which is good for a while: the question is public and costs a write.
pub(crate) struct Readiness {
    last: Mutex<Option<(Instant, Result<(), NotReady>)>>,
}

/// Why nobody can be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotReady {
    /// A write to the store fails.
    Store,
    /// The media node gives no sign of life.
    Node,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotReady::Store => "the store cannot be written",
            NotReady::Node => "the media node does not answer",
        })
    }
}

/// How long a finding is good.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// How long the node may take.
const NODE_TIME_MAX: Duration = Duration::from_secs(2);

impl Readiness {
    pub(crate) fn new() -> Self {
        Readiness { last: Mutex::new(None) }
    }

    /// Those who ask at the same time wait for one finding.
    pub(crate) async fn check(&self, store: &Store, inputs: &Inputs) -> Result<(), NotReady> {
        let mut last = self.last.lock().await;
        if let Some((at, finding)) = *last
            && at.elapsed() < GOOD_FOR
        {
            return finding;
        }
        let finding = find(store.clone(), inputs).await;
        *last = Some((Instant::now(), finding));
        finding
    }
}

async fn find(store: Store, inputs: &Inputs) -> Result<(), NotReady> {
    let write = move || store.check_writable(SystemTime::now());
    let written = tokio::task::spawn_blocking(write).await;
    if !matches!(written, Ok(Ok(()))) {
        return Err(NotReady::Store);
    }
    let (reply, answer) = oneshot::channel();
    let probe = async {
        inputs.send(Input::Probe(reply)).await.ok()?;
        answer.await.ok()
    };
    match tokio::time::timeout(NODE_TIME_MAX, probe).await {
        Ok(Some(())) => Ok(()),
        Ok(None) | Err(_) => Err(NotReady::Node),
    }
}
