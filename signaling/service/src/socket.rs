//! One client's WebSocket: frames in to the director, messages out from its queue.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::{mpsc, oneshot},
    time,
};

use protocol::client::SDP_BYTES_MAX;
use signaling_core::{CloseReason, SocketId};

use crate::{
    caller::Caller,
    director::{Frame, Input, Inputs, OUTLET_QUEUE, Outgoing, Outlet},
    ice_servers::{CREDENTIAL_LIFE, IceServers},
};

/// A ping goes out this often, so that a proxy sees life and a dead path is noticed.
const PING_INTERVAL: Duration = Duration::from_secs(15);

/// A socket from which nothing comes for so long, not even a pong, is dead.
const SILENCE_MAX: Duration = Duration::from_secs(40);

/// How long a client is given to take a close before the connection goes.
const FAREWELL: Duration = Duration::from_millis(500);

/// Limits of the WebSocket itself. An idle one keeps 4 KiB.
pub(crate) fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(1024 * 1024)
        .max_message_size(SDP_BYTES_MAX)
        .max_frame_size(SDP_BYTES_MAX)
}

/// Carries frames until one of both sides ends it.
pub(crate) async fn run(socket: WebSocket, caller: Caller, turn: IceServers, inputs: Inputs) {
    static SOCKETS: AtomicU64 = AtomicU64::new(1);
    let id = SocketId(SOCKETS.fetch_add(1, Ordering::Relaxed));
    let (sink, mut stream) = socket.split();
    let (queue, outgoing) = mpsc::channel(OUTLET_QUEUE);
    let (kill, killed) = oneshot::channel();
    let (address, ice_servers) = (caller.address, turn.servers(caller.site.as_ref()));
    let outlet = Outlet { queue, kill };
    let opened = Input::Opened { socket: id, address, ice_servers, outlet };
    if inputs.send(opened).await.is_err() {
        return;
    }
    let is_closing = tokio::select! {
        () = read(id, &mut stream, &inputs) => false,
        () = write(sink, outgoing) => true,
        Ok(()) = killed => false,
        () = renew(id, &caller, &turn, &inputs) => false,
    };
    // Nobody waits for a director that has stopped.
    let _ = inputs.send(Input::Closed(id)).await;
    if is_closing {
        // With frames unread the kernel would reset the connection, and what was said last is lost.
        let rest = async { while let Some(Ok(_)) = stream.next().await {} };
        let _ = time::timeout(FAREWELL, rest).await;
    }
}

/// Makes credentials anew long before they end, for calls that are longer; never ends.
async fn renew(id: SocketId, caller: &Caller, turn: &IceServers, inputs: &Inputs) -> ! {
    loop {
        time::sleep(CREDENTIAL_LIFE / 2).await;
        let fresh = turn.servers(caller.site.as_ref());
        if fresh.is_empty() || inputs.send(Input::IceServers(id, fresh)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Hands frames on until the socket is gone.
async fn read(id: SocketId, stream: &mut SplitStream<WebSocket>, inputs: &Inputs) {
    while let Ok(Some(received)) = time::timeout(SILENCE_MAX, stream.next()).await {
        let frame = match received {
            Ok(Message::Text(text)) => Frame::Text(text),
            Ok(Message::Binary(_)) => Frame::Binary,
            Ok(Message::Ping(_) | Message::Pong(_)) => Frame::Control,
            // Firefox has closed its sockets when a page hears that it goes, so this close is all
            // that it says.
            Ok(Message::Close(Some(CloseFrame { code: close_code::AWAY, .. }))) => Frame::PageGone,
            Ok(Message::Close(_)) => return,
            Err(error) if is_oversized(&error) => Frame::Oversized,
            Err(_) => return,
        };
        let is_end = matches!(frame, Frame::Oversized);
        let is_closed = matches!(frame, Frame::PageGone);
        if inputs.send(Input::Frame(id, frame)).await.is_err() || is_closed {
            return;
        }
        if is_end {
            // The director answers with a close, which ends the writer.
            return std::future::pending().await;
        }
    }
}

/// Whether the client sent more than may be, as opposed to nothing more. The type of the error
/// belongs to a crate below axum, so its text must do; a test with a long frame guards it.
fn is_oversized(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}

/// Says what is queued until a close, or until the socket fails.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut outgoing: mpsc::Receiver<Outgoing>) {
    let mut pings = time::interval_at(time::Instant::now() + PING_INTERVAL, PING_INTERVAL);
    loop {
        let message = tokio::select! {
            message = outgoing.recv() => match message {
                Some(Outgoing::Text(text)) => Message::Text(text),
                Some(Outgoing::Close(reason)) => Message::Close(Some(close_frame(reason))),
                None => return,
            },
            _ = pings.tick() => Message::Ping(Bytes::new()),
        };
        let is_close = matches!(message, Message::Close(_));
        if sink.send(message).await.is_err() || is_close {
            return;
        }
    }
}

fn close_frame(reason: CloseReason) -> CloseFrame {
    let (code, reason) = match reason {
        CloseReason::Ended => (close_code::NORMAL, "ended"),
        CloseReason::Refused => (close_code::NORMAL, "refused"),
        CloseReason::Abuse => (close_code::POLICY, "limits"),
        CloseReason::Stopping => (close_code::AWAY, "stopping"),
    };
    CloseFrame { code, reason: reason.into() }
}
