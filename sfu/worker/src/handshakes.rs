//! Where DTLS handshakes come from: real ones from a certificate, a simulation's from a seed.

use std::sync::Arc;

use sfu_transport::{
    dtls::{Fingerprint, Handshake, HandshakeParams, Identity, ServerHandshake},
    srtp::Profile,
};

/// Makes the server side of a session's handshake.
pub trait HandshakeMaker: Send {
    /// What the answer's SDP says of our certificate.
    fn fingerprint(&self) -> Fingerprint;

    /// A handshake with the client whose SDP named the certificate `remote`, for one of these SRTP
    /// profiles, most wanted first.
    fn server(&self, remote: Fingerprint, profiles: &[Profile]) -> Box<dyn Handshake>;
}

/// Real DTLS with one certificate for all sessions.
pub struct DtlsServer {
    identity: Arc<Identity>,
    clock_origin: std::time::Instant,
}

impl DtlsServer {
    /// `clock_origin` is any reading of the system's clock: the DTLS library wants to be given one.
    #[must_use]
    pub fn new(identity: Identity, clock_origin: std::time::Instant) -> Self {
        DtlsServer { identity: Arc::new(identity), clock_origin }
    }
}

impl HandshakeMaker for DtlsServer {
    fn fingerprint(&self) -> Fingerprint {
        self.identity.fingerprint()
    }

    fn server(&self, remote: Fingerprint, profiles: &[Profile]) -> Box<dyn Handshake> {
        let params = HandshakeParams {
            remote_fingerprint: remote,
            profiles: profiles.to_vec(),
            clock_origin: self.clock_origin,
        };
        Box::new(ServerHandshake::new(Arc::clone(&self.identity), params))
    }
}
