//! A client with a WebSocket of its own.

use futures_util::{SinkExt as _, StreamExt as _};
use protocol::client::{EndReason, ErrorCode, Joined, ServerBody, ServerMessage};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::site::{Links, PATIENCE, Site};

/// A client's end of a WebSocket, and what it has seen of the numbered messages.
pub(crate) struct Client<S = TcpStream> {
    socket: WebSocketStream<S>,
    pub(crate) last_seq: u64,
    pub(crate) last_id: u64,
}

/// Headers of the upgrade request.
pub(crate) type Headers<'a> = &'a [(&'static str, &'a str)];

pub(crate) const PREAU: Headers<'static> = &[("Sec-WebSocket-Protocol", "preau.v1")];

impl Client {
    pub(crate) async fn open(site: &Site) -> Client {
        Client::try_open(site, PREAU).await.expect("an open socket")
    }

    pub(crate) async fn try_open(
        site: &Site,
        headers: Headers<'_>,
    ) -> Result<Client, tungstenite::Error> {
        let stream = TcpStream::connect(site.address).await.expect("a connection");
        Client::upgrade(stream, &format!("ws://{}/ws", site.address), headers).await
    }

    /// Opens a socket and joins as guest, or as host.
    pub(crate) async fn join(
        site: &Site,
        links: &Links,
        link: &str,
        name: &str,
    ) -> (Client, Joined) {
        let mut client = Client::open(site).await;
        client.say(&join_text(&links.room, Links::secret(link), name)).await;
        let joined = client.joined().await;
        (client, joined)
    }

    pub(crate) async fn resume(site: &Site, ticket: &str, last_seq: u64) -> Client {
        let mut client = Client::open(site).await;
        client.last_seq = last_seq;
        let resume = serde_json::json!({
            "id": 0, "kind": "resume", "ticket": ticket, "last_seq": last_seq,
        });
        client.say(&resume.to_string()).await;
        client
    }

    /// Loses the connection without a word, as when a cable is pulled.
    pub(crate) fn cut(self) {
        let stream = self.socket.into_inner();
        let stream = stream.into_std().expect("a socket");
        drop(stream);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn upgrade(
        stream: S,
        url: &str,
        headers: Headers<'_>,
    ) -> Result<Client<S>, tungstenite::Error> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            let value = value.parse().expect("a header value");
            request.headers_mut().insert(*name, value);
        }
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Client { socket, last_seq: 0, last_id: 1 })
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        // The other end may have closed; what was said before can still be read.
        let _ = self.socket.send(message).await;
    }

    /// Gives the next command, as JSON fields.
    pub(crate) async fn command(&mut self, fields: &str) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.say(&format!(r#"{{"id":{id},{fields}}}"#)).await;
        id
    }

    /// The next message; numbered ones follow each other without hole and double.
    pub(crate) async fn hear(&mut self) -> ServerBody {
        let message = self.try_hear().await;
        message.expect("a message, not the end")
    }

    /// The next message, or `None` at the end of the socket.
    pub(crate) async fn try_hear(&mut self) -> Option<ServerBody> {
        loop {
            let frame = timeout(PATIENCE, self.socket.next()).await.expect("in time")?;
            let text = match frame {
                Ok(Message::Text(text)) => text,
                Ok(Message::Ping(_) | Message::Pong(_)) => continue,
                Ok(_) | Err(_) => return None,
            };
            let ServerMessage { seq, body } = serde_json::from_str(&text).expect("ours");
            match &body {
                ServerBody::Snapshot { up_to, .. } => {
                    assert!(*up_to >= self.last_seq && seq == up_to + 1);
                    self.last_seq = seq;
                }
                _ if seq == 0 => {}
                _ => {
                    assert_eq!(seq, self.last_seq + 1, "{body:?}");
                    self.last_seq = seq;
                }
            }
            return Some(body);
        }
    }

    pub(crate) async fn joined(&mut self) -> Joined {
        match self.hear().await {
            ServerBody::Joined(joined) => joined,
            other => panic!("not joined: {other:?}"),
        }
    }

    pub(crate) async fn error(&mut self) -> ErrorCode {
        match self.hear().await {
            ServerBody::Error { code, .. } => code,
            other => panic!("no error: {other:?}"),
        }
    }

    pub(crate) async fn ended(&mut self) -> EndReason {
        match self.hear().await {
            ServerBody::Ended { reason } => reason,
            other => panic!("not ended: {other:?}"),
        }
    }

    /// How the server closes.
    pub(crate) async fn close(&mut self) -> Option<CloseCode> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("in time") {
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return Some(code),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("not a close: {other:?}"),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Says something that is answered at once, so that all before it has been heard.
    pub(crate) async fn assert_quiet(&mut self) {
        self.say(r#"{"id":0,"kind":"ping"}"#).await;
        assert_eq!(self.hear().await, ServerBody::Pong);
    }
}

pub(crate) fn join_text(room: &str, secret: &str, name: &str) -> String {
    let join = serde_json::json!({
        "id": 1, "kind": "join", "room": room, "secret": secret, "name": name,
        "offer": { "plain": "v=0 offer" },
        "sections": [
            { "mid": "0", "role": { "publish": "microphone" } },
            { "mid": "1", "role": { "publish": "camera" } },
            { "mid": "2", "role": { "slot": "video" } },
        ],
    });
    join.to_string()
}
