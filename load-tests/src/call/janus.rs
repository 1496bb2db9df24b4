//! Janus 1.x and its videoroom over its WebSocket: publishers offer, watchers get its offers.
//!
//! What is said is in Janus's documentation, pages "Video-room plugin" and "RESTful, WebSockets …
//! API". A publisher here only sends and a watcher only watches, each on one connection.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration as StdDuration,
};

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{Interval, interval, sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::{
    participant::{Person, Stage},
    server::local_ip,
    signaling::connect,
};

/// A session that is silent for a minute ends.
const KEEPALIVE: StdDuration = StdDuration::from_secs(25);

const PATIENCE: StdDuration = StdDuration::from_secs(30);

/// Janus does not tell a watcher that publishers will come: it is asked again.
const AGAIN: StdDuration = StdDuration::from_millis(250);

/// A session with one handle of the videoroom.
pub(super) struct Janus {
    stream: WebSocketStream<TcpStream>,
    session: u64,
    handle: u64,
    last_transaction: u64,
    keepalive: Interval,
}

impl Janus {
    async fn open(server: SocketAddr, from: Option<IpAddr>) -> anyhow::Result<Janus> {
        let stream = connect(server, from).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{server}/").into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", "janus-protocol".parse()?);
        let upgrade = tokio_tungstenite::client_async(request, stream);
        let (stream, _) = timeout(PATIENCE, upgrade).await.context("no answer")??;
        let keepalive = interval(KEEPALIVE);
        let mut janus = Janus { stream, session: 0, handle: 0, last_transaction: 0, keepalive };
        let created = janus.ask(json!({ "janus": "create" })).await?;
        janus.session = created["data"]["id"].as_u64().context("Janus gave no session")?;
        let plugin = json!({ "janus": "attach", "plugin": "janus.plugin.videoroom" });
        let attached = janus.ask(plugin).await.context("is its videoroom plugin loaded?")?;
        janus.handle = attached["data"]["id"].as_u64().context("Janus gave no handle")?;
        Ok(janus)
    }

    /// Makes a room of this number, for so many who send.
    pub(super) async fn make_room(
        server: SocketAddr,
        from: Option<IpAddr>,
        room: u32,
        publishers: usize,
    ) -> anyhow::Result<()> {
        let mut janus = Janus::open(server, from).await?;
        let body = json!({
            "request": "create", "room": room, "publishers": publishers.max(1), "bitrate": 0,
            "audiocodec": "opus", "videocodec": "vp8", "notify_joining": false,
            "audiolevel_ext": true, "transport_wide_cc_ext": true,
        });
        let made = janus.tell(&body, None).await?;
        let is_made = made["plugindata"]["data"]["videoroom"] == "created";
        anyhow::ensure!(is_made, "no room was made: {}", complaint(&made));
        janus.leave().await;
        Ok(())
    }

    /// Lets somebody in.
    pub(super) async fn enter(
        person: &Person,
        stage: &Stage,
        server: SocketAddr,
        room: u32,
        media_port: u16,
    ) -> anyhow::Result<Janus> {
        let mut janus = Janus::open(server, person.seat.from).await?;
        let local = local_ip(server, person.seat.from)?;
        let candidate = format!(
            "a=rtcp-mux\r\na=candidate:1 1 udp 2130706431 {local} {media_port} typ host\r\n\
             a=end-of-candidates\r\n"
        );
        let with_candidate = |sdp: &str| sdp.replacen("a=rtcp-mux\r\n", &candidate, 1);
        if person.seat.publishes {
            let (offer, _) = person.client.borrow().offer();
            // Left the choice, Janus takes the client's part in the DTLS handshake.
            let offer = offer.replace("a=setup:actpass", "a=setup:active");
            let body = json!({
                "request": "joinandconfigure", "ptype": "publisher", "room": room,
                "id": person.seat.number,
            });
            let joined = janus.tell(&body, Some(("offer", &with_candidate(&offer)))).await?;
            let answer = joined["jsep"]["sdp"].as_str();
            let answer = answer.with_context(|| complaint(&joined))?;
            person.take_answer(stage.clock.now(), answer)?;
            return Ok(janus);
        }
        let attached = janus.subscribe(room, &person.seat.feeds).await?;
        let offer = attached["jsep"]["sdp"].as_str().context("no offer to a watcher")?;
        let answer = person.answer_offer(stage.clock.now(), offer)?;
        let start = json!({ "request": "start", "room": room });
        let started = janus.tell(&start, Some(("answer", &with_candidate(&answer)))).await?;
        let is_started = started["plugindata"]["data"]["started"] == "ok";
        anyhow::ensure!(is_started, "not started: {}", complaint(&started));
        Ok(janus)
    }

    /// Asks for all streams of these publishers, until they are there.
    async fn subscribe(&mut self, room: u32, feeds: &[u32]) -> anyhow::Result<Value> {
        let streams: Vec<Value> = feeds.iter().map(|feed| json!({ "feed": feed })).collect();
        let body = json!({
            "request": "join", "ptype": "subscriber", "room": room, "streams": streams,
        });
        let wait = async {
            loop {
                let answer = self.tell(&body, None).await?;
                if answer["jsep"]["sdp"].is_string() {
                    return Ok(answer);
                }
                // 428: no such feed (janus_videoroom.c, JANUS_VIDEOROOM_ERROR_NO_SUCH_FEED).
                if answer["plugindata"]["data"]["error_code"] != 428 {
                    bail!("no subscription: {}", complaint(&answer));
                }
                sleep(AGAIN).await;
            }
        };
        timeout(PATIENCE, wait).await.context("the publishers did not come within 30 s")?
    }

    /// Asks the videoroom; the event that answers, or the answer itself.
    async fn tell(&mut self, body: &Value, jsep: Option<(&str, &str)>) -> anyhow::Result<Value> {
        let mut message = json!({ "janus": "message", "body": body });
        if let Some((kind, sdp)) = jsep {
            // Encodings stand in our offers from the smallest on.
            message["jsep"] =
                json!({ "type": kind, "sdp": sdp, "trickle": false, "rid_order": "lmh" });
        }
        self.ask(message).await
    }

    async fn ask(&mut self, mut message: Value) -> anyhow::Result<Value> {
        self.last_transaction += 1;
        let transaction = self.last_transaction.to_string();
        message["transaction"] = json!(transaction);
        if self.session > 0 {
            message["session_id"] = json!(self.session);
        }
        if self.handle > 0 {
            message["handle_id"] = json!(self.handle);
        }
        self.stream.send(Message::text(message.to_string())).await?;
        let answered = timeout(PATIENCE, async {
            loop {
                let answer = self.next().await?;
                if answer["transaction"] == transaction && answer["janus"] != "ack" {
                    anyhow::ensure!(answer["janus"] != "error", "{}", complaint(&answer));
                    return Ok(answer);
                }
            }
        });
        answered.await.context("Janus did not answer")?
    }

    async fn next(&mut self) -> anyhow::Result<Value> {
        loop {
            let frame = self.stream.next().await.context("Janus closed the WebSocket")??;
            if let Message::Text(text) = frame {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }

    /// Keeps the session, and hears what is said meanwhile.
    pub(super) async fn listen(&mut self) -> anyhow::Result<()> {
        tokio::select! {
            said = async { self.stream.next().await } => {
                let frame = said.context("Janus closed the WebSocket")??;
                let Message::Text(text) = frame else { return Ok(()) };
                let said: Value = serde_json::from_str(&text)?;
                anyhow::ensure!(said["janus"] != "hangup", "Janus hung up: {}", said["reason"]);
                Ok(())
            }
            _ = self.keepalive.tick() => {
                let alive = json!({
                    "janus": "keepalive", "session_id": self.session, "transaction": "alive",
                });
                Ok(self.stream.send(Message::text(alive.to_string())).await?)
            }
        }
    }

    pub(super) async fn leave(mut self) {
        self.handle = 0;
        let end = json!({ "janus": "destroy" });
        let _ = self.ask(end).await;
        let _ = self.stream.close(None).await;
    }
}

/// What Janus says is wrong.
fn complaint(answer: &Value) -> String {
    let plugin = &answer["plugindata"]["data"]["error"];
    let own = &answer["error"]["reason"];
    let text = plugin.as_str().or(own.as_str());
    text.map_or_else(|| "Janus answered something else".to_owned(), str::to_owned)
}
