//! How participants get into a room: the API that makes rooms, and `preau.v1` on a WebSocket.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::{
    RoomName,
    client::{
        ClientBody, ClientMessage, Join, Joined, MediaSection, PublishedSource, SUBPROTOCOL,
        SdpBody, ServerBody, ServerMessage, View,
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};

/// A server that takes longer to answer than this is no server to join.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// What a guest's link says.
#[derive(Clone, Debug)]
pub(super) struct Link {
    room: RoomName,
    secret: String,
}

/// Connects from `local`, or from wherever the kernel likes.
pub(super) async fn connect(
    server: SocketAddr,
    local: Option<IpAddr>,
) -> anyhow::Result<TcpStream> {
    let socket = if server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(local) = local {
        socket
            .bind(SocketAddr::new(local, 0))
            .with_context(|| format!("{local} is no address to come from"))?;
    }
    let stream = timeout(PATIENCE, socket.connect(server)).await.context("no answer")?;
    stream.with_context(|| format!("cannot reach {server}: is the server running?"))
}

/// Makes a room over the API.
pub(super) async fn create_room(server: SocketAddr, local: Option<IpAddr>) -> anyhow::Result<Link> {
    let mut stream = connect(server, local).await?;
    let request = format!(
        "POST /api/v1/rooms HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         Content-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.context("no answer")??;
    let (head, body) = answer.split_once("\r\n\r\n").context("the server speaks no HTTP")?;
    let status = head.lines().next().unwrap_or_default();
    ensure!(
        !status.starts_with("HTTP/1.1 429"),
        "the server lets one address make 60 rooms at once: name more addresses with --from"
    );
    ensure!(status.starts_with("HTTP/1.1 201"), "no room was made: {status}");
    let body: serde_json::Value = serde_json::from_str(body)?;
    let text = |name: &str| body[name].as_str().context("an answer without a link");
    let (_, secret) = text("guest_link")?.split_once('#').context("a link without a secret")?;
    Ok(Link { room: text("room")?.to_owned().try_into()?, secret: secret.to_owned() })
}

/// A WebSocket in a room.
pub(super) struct Signaling {
    stream: WebSocketStream<TcpStream>,
    last_id: u64,
}

impl Signaling {
    pub(super) async fn open(
        server: SocketAddr,
        local: Option<IpAddr>,
    ) -> anyhow::Result<Signaling> {
        let stream = connect(server, local).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{server}/ws").into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", SUBPROTOCOL.parse()?);
        let upgrade = tokio_tungstenite::client_async(request, stream);
        let (stream, _) = timeout(PATIENCE, upgrade).await.context("no answer")??;
        Ok(Signaling { stream, last_id: 0 })
    }

    pub(super) async fn say(&mut self, body: ClientBody) -> anyhow::Result<()> {
        self.last_id += 1;
        let message = ClientMessage { id: self.last_id, body };
        let text = serde_json::to_string(&message)?;
        Ok(self.stream.send(Message::text(text)).await?)
    }

    /// Joins by a link; the answer's SDP beside what else there is.
    pub(super) async fn join(
        &mut self,
        link: &Link,
        name: String,
        (offer, sections): (String, Vec<MediaSection>),
        sources: Vec<PublishedSource>,
    ) -> anyhow::Result<(Joined, String)> {
        let join = Join {
            room: link.room.clone(),
            secret: link.secret.clone(),
            code: None,
            browser: None,
            name,
            offer: SdpBody::Plain(offer),
            sections,
            sources,
            view: View::default(),
        };
        self.say(ClientBody::Join(join)).await?;
        let answered = timeout(PATIENCE, async {
            loop {
                let body = self.next().await?;
                if let ServerBody::Joined(joined) = body {
                    return Ok(joined);
                }
                if let ServerBody::Error { detail, .. } = body {
                    bail!("not let in: {detail}");
                }
            }
        });
        let joined = answered.await.context("not let in within 30 s")??;
        let SdpBody::Plain(answer) = joined.answer.clone() else {
            bail!("a plain offer got a deflated answer");
        };
        Ok((joined, answer))
    }

    /// The next message. It may be waited for many times and given up in between.
    pub(super) async fn next(&mut self) -> anyhow::Result<ServerBody> {
        loop {
            let frame = self.stream.next().await.context("the server closed the WebSocket")??;
            let Message::Text(text) = frame else { continue };
            // Newer servers may say what this program does not know.
            if let Ok(message) = serde_json::from_str::<ServerMessage>(&text) {
                return Ok(message.body);
            }
        }
    }

    /// Says goodbye; whether the server still hears it is no matter.
    pub(super) async fn leave(mut self) {
        let _ = self.say(ClientBody::Leave).await;
        let _ = self.stream.close(None).await;
    }
}
