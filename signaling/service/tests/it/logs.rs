//! No name, address, secret, ticket, SDP or word that people write reaches a log at INFO.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    client::{Client, join_text},
    site::{Links, Site},
};

/// What this thread logs at INFO and above.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Until the guard is dropped. A test has one thread, so that nothing is missed.
    pub(crate) fn begin() -> (Captured, DefaultGuard) {
        let captured = Captured::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(captured.clone())
            .with_max_level(tracing::Level::INFO)
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (captured, guard)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("unpoisoned").clone()).expect("text")
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Captured;

    fn make_writer(&'a self) -> Captured {
        self.clone()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_personal_is_logged() {
    let (captured, _guard) = Captured::begin();

    let site = Site::start().await;
    let links = site.create_room(r#"{"name":"canary-room"}"#).await;
    let (ana, joined) = Client::join(&site, &links, &links.host, "Canary Ana").await;
    let seen = ana.last_seq;
    ana.cut();
    let mut ana = Client::resume(&site, &joined.ticket, seen).await;
    ana.hear().await;
    let mut wrong = Client::open(&site).await;
    wrong.say(&join_text("canary-room", "canary-secret", "Canary Bo")).await;
    wrong.error().await;
    wrong.say("canary garbage").await;
    ana.command(r#""kind":"chat","text":"canary for all""#).await;
    ana.command(&format!(r#""kind":"chat","text":"canary","to":{}"#, joined.you.0)).await;
    ana.command(r#""kind":"chat","text":"canary\u0000""#).await;
    for _ in 0..3 {
        ana.hear().await;
    }
    ana.command(r#""kind":"leave""#).await;
    ana.ended().await;
    site.stop().await;

    let log = captured.text();
    assert!(log.contains("joined") && log.contains("left"), "the log is heard: {log}");
    let secrets = [
        Links::secret(&links.host),
        Links::secret(&links.guest),
        &joined.ticket,
        "canary",
        "Canary",
        "127.0.0.1",
        "v=0",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
