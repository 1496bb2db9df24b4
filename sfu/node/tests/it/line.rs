//! How a model client reaches the node: by UDP, or by ICE-TCP, whose framing is written here anew.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream, UdpSocket},
};

use sfu_node::streams::{StreamKind, Streams};
use tokio::{net::TcpListener, runtime::Runtime};

/// A client's way to the node.
pub(crate) enum Line {
    Udp(UdpSocket),
    Tcp(TcpLine),
}

/// A connection with RFC 4571 framing.
pub(crate) struct TcpLine {
    stream: TcpStream,
    received: Vec<u8>,
    unsent: Vec<u8>,
    reads: bool,
    /// Like a browser, it begins with a check.
    has_checked: bool,
}

impl Line {
    pub(crate) fn udp(node: SocketAddr) -> Line {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.connect(node).expect("connected");
        socket.set_nonblocking(true).expect("not blocking");
        Line::Udp(socket)
    }

    pub(crate) fn tcp(listener: SocketAddr) -> Line {
        let stream = TcpStream::connect(listener).expect("connected");
        stream.set_nodelay(true).expect("no delay");
        stream.set_nonblocking(true).expect("not blocking");
        Line::Tcp(TcpLine {
            stream,
            received: Vec::new(),
            unsent: Vec::new(),
            reads: true,
            has_checked: false,
        })
    }

    /// The next datagram, if one has come.
    pub(crate) fn receive(&mut self) -> Option<Vec<u8>> {
        match self {
            Line::Udp(socket) => {
                let mut buffer = [0; 2_048];
                let length = socket.recv(&mut buffer).ok()?;
                Some(buffer[..length].to_vec())
            }
            Line::Tcp(line) => line.receive(),
        }
    }

    /// Leaves what comes to the kernel, which holds little of it.
    pub(crate) fn stop_reading(&mut self) {
        let Line::Tcp(line) = self else { panic!("datagrams do not wait") };
        line.reads = false;
    }

    pub(crate) fn read_again(&mut self) {
        let Line::Tcp(line) = self else { panic!("datagrams do not wait") };
        line.reads = true;
    }

    pub(crate) fn send(&mut self, datagram: &[u8]) {
        match self {
            Line::Udp(socket) => match socket.send(datagram) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("a client cannot send: {error}"),
            },
            Line::Tcp(line) => line.send(datagram),
        }
    }
}

impl TcpLine {
    fn receive(&mut self) -> Option<Vec<u8>> {
        if !self.reads {
            return None;
        }
        let mut buffer = [0; 16_384];
        while let Ok(count @ 1..) = self.stream.read(&mut buffer) {
            self.received.extend(&buffer[..count]);
        }
        let [high, low, ..] = self.received[..] else { return None };
        let end = 2 + usize::from(u16::from_be_bytes([high, low]));
        if self.received.len() < end {
            return None;
        }
        let datagram = self.received[2..end].to_vec();
        self.received.drain(..end);
        Some(datagram)
    }

    fn send(&mut self, datagram: &[u8]) {
        self.has_checked |= datagram[0] < 4;
        if !self.has_checked {
            return;
        }
        self.unsent.extend((datagram.len() as u16).to_be_bytes());
        self.unsent.extend(datagram);
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => panic!("a client cannot send: {error}"),
            }
        }
    }
}

/// A TCP listener in front of a node, as a service would be.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    /// Dropping it ends every connection.
    _runtime: Runtime,
}

impl Front {
    /// Hands every connection to the node as one of this kind.
    pub(crate) fn of(streams: &Streams, kind: StreamKind) -> Front {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let streams = streams.clone();
        runtime.spawn(async move {
            loop {
                let (stream, remote) = listener.accept().await.expect("a connection");
                let socket = socket2::SockRef::from(&stream);
                socket.set_tcp_nodelay(true).expect("no delay");
                socket.set_tcp_notsent_lowat(16 << 10).expect("little waits in the kernel");
                let streams = streams.clone();
                tokio::spawn(async move { streams.serve(stream, kind, address, remote).await });
            }
        });
        Front { address, _runtime: runtime }
    }
}
