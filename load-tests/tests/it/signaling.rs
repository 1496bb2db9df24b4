//! `preau.v1` over a real WebSocket.

use futures_util::{SinkExt as _, StreamExt as _, stream::SplitSink};
use protocol::{
    ParticipantId,
    client::{ClientBody, ClientMessage, EndReason, SUBPROTOCOL, ServerBody, ServerMessage},
};
use tokio::{net::TcpStream, sync::mpsc, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::site::{PATIENCE, Site};

/// One's end of the WebSocket, and all that was heard on it.
pub(crate) struct Signaling {
    out: SplitSink<WebSocketStream<TcpStream>, Message>,
    messages: mpsc::UnboundedReceiver<ServerBody>,
    heard: Vec<ServerBody>,
    last_id: u64,
}

impl Signaling {
    pub(crate) async fn open(site: &Site) -> Signaling {
        let stream = TcpStream::connect(site.address).await.expect("a connection");
        let url = format!("ws://{}/ws", site.address);
        let mut request = url.into_client_request().expect("a request");
        let subprotocol = SUBPROTOCOL.parse().expect("a header value");
        request.headers_mut().insert("Sec-WebSocket-Protocol", subprotocol);
        let (socket, _) =
            tokio_tungstenite::client_async(request, stream).await.expect("an upgrade");
        let (out, mut frames) = socket.split();
        let (tell, messages) = mpsc::unbounded_channel();
        // Reading must go on while the test looks elsewhere: it answers the server's pings.
        tokio::spawn(async move {
            while let Some(Ok(frame)) = frames.next().await {
                let Message::Text(text) = frame else { continue };
                let message: ServerMessage = serde_json::from_str(&text).expect("ours");
                if tell.send(message.body).is_err() {
                    return;
                }
            }
        });
        Signaling { out, messages, heard: Vec::new(), last_id: 0 }
    }

    pub(crate) async fn say(&mut self, body: ClientBody) {
        self.last_id += 1;
        self.send(self.last_id, body).await;
    }

    /// Waits until the server has taken in all that was said.
    pub(crate) async fn taken_in(&mut self) {
        self.heard.retain(|body| *body != ServerBody::Pong);
        self.send(0, ClientBody::Ping).await;
        self.until(|body| (*body == ServerBody::Pong).then_some(())).await;
    }

    async fn send(&mut self, id: u64, body: ClientBody) {
        let message = ClientMessage { id, body };
        let text = serde_json::to_string(&message).expect("JSON");
        self.out.send(Message::text(text)).await.expect("sent");
    }

    /// What `pick` finds in a message, be it heard before or yet to come.
    pub(crate) async fn until<T>(&mut self, pick: impl Fn(&ServerBody) -> Option<T>) -> T {
        if let Some(found) = self.heard().iter().find_map(&pick) {
            return found;
        }
        let wait = async {
            loop {
                let body = self.messages.recv().await.expect("a message, not the end");
                let found = pick(&body);
                self.heard.push(body);
                if let Some(found) = found {
                    return found;
                }
            }
        };
        let found = timeout(PATIENCE, wait).await.ok();
        found.unwrap_or_else(|| panic!("not heard in time; heard {:?}", self.heard))
    }

    pub(crate) async fn somebody_came(&mut self, participant: ParticipantId) {
        self.until(|body| match body {
            ServerBody::ParticipantJoined { participant: who } => {
                (who.id == participant).then_some(())
            }
            _ => None,
        })
        .await;
    }

    pub(crate) async fn somebody_left(&mut self, participant: ParticipantId) {
        self.until(|body| match body {
            ServerBody::ParticipantLeft { participant: who } => (*who == participant).then_some(()),
            _ => None,
        })
        .await;
    }

    /// Why one's call is over.
    pub(crate) async fn ended(&mut self) -> EndReason {
        self.until(|body| match body {
            ServerBody::Ended { reason } => Some(*reason),
            _ => None,
        })
        .await
    }

    /// Everything heard so far.
    fn heard(&mut self) -> &[ServerBody] {
        while let Ok(body) = self.messages.try_recv() {
            self.heard.push(body);
        }
        &self.heard
    }
}
