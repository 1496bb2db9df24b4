//! Why no certificate came, as a cause that somebody can act on.

use std::io;

use instant_acme::{Error, Problem};
use rustls::CertificateError;
use serde::{Deserialize, Serialize};

use super::{AcmeChallenge, authority::Unreached};
use crate::store::ErrorChain;

/// Why the authority issued no certificate. The names in lower case and with underscores are those
/// of the status file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The name is not in the DNS, or its servers do not answer the authority.
    Dns,
    /// The authority cannot connect to the name: a firewall, a NAT, or an address of another
    /// machine.
    PortClosed,
    /// Somebody answered the authority who does not know its question: the name leads to another
    /// machine, or another program has the port.
    OtherAnswer,
    /// Too many certificates or attempts.
    RateLimited,
    /// The CAA records of the name allow other authorities only.
    Caa,
    /// The authority gives no certificates for such a name.
    NameRefused,
    /// The authority refuses the account: its address, or terms that a person must look at.
    AccountRefused,
    /// The authority does not offer the kind of question that is configured.
    ChallengeNotOffered,
    /// No connection to the authority.
    AuthorityUnreachable,
    /// What answers in the authority's place is not known to be it.
    AuthorityUntrusted,
    /// The authority has a fault of its own.
    AuthorityFailed,
    /// The clock of this machine is off.
    ClockOff,
    /// What was issued cannot be used.
    Unusable,
    /// The data folder cannot be written to.
    Storage,
}

impl Fault {
    /// Cause and cure in one sentence.
    #[must_use]
    pub fn advice(self, challenge: AcmeChallenge) -> &'static str {
        match self {
            Fault::Dns => {
                "the name has no address in the DNS that the authority can see: add an A or AAAA \
                 record that leads to this machine, and allow it an hour to spread"
            }
            Fault::PortClosed => port_closed(challenge),
            Fault::OtherAnswer => other_answer(challenge),
            Fault::RateLimited => {
                "the authority has had too many orders or failures for the name: nothing but \
                 waiting helps; it is tried again when the authority allows it"
            }
            Fault::Caa => {
                "the CAA records of the name in the DNS do not allow this authority: add it to \
                 them, or remove them"
            }
            Fault::NameRefused => {
                "the authority gives no certificate for such a name: it must be a public host \
                 name; use `tls = \"self-signed\"` on a LAN"
            }
            Fault::AccountRefused => {
                "the authority refuses the account: check `acme_email`, and whether the authority \
                 wants accounts to be bound to one it knows, which is not supported"
            }
            Fault::ChallengeNotOffered => {
                "the authority does not offer this way to prove the name: try the other value of \
                 `acme_challenge`"
            }
            Fault::AuthorityUnreachable => {
                "the authority cannot be reached: check that this machine may open connections to \
                 the host of `acme_directory`, and that its DNS works"
            }
            Fault::AuthorityUntrusted => {
                "the host of `acme_directory` shows a certificate that is not trusted: name the \
                 root of a private authority with `acme_ca`, or find out who intercepts the \
                 connection"
            }
            Fault::AuthorityFailed => {
                "the authority answers with a fault of its own: it is tried again; look at its \
                 status page, and check `acme_directory`"
            }
            Fault::ClockOff => {
                "the clock of this machine and the time in a certificate contradict each other: \
                 set the clock by NTP"
            }
            Fault::Unusable => {
                "what the authority issued cannot be used: report it, with the detail in the \
                 status file"
            }
            Fault::Storage => {
                "the data folder cannot be written to, and without it limits of the authority \
                 would be overrun: free space there, and check who owns it"
            }
        }
    }
}

fn port_closed(challenge: AcmeChallenge) -> &'static str {
    match challenge {
        AcmeChallenge::TlsAlpn01 => {
            "the authority cannot connect to port 443 of the name: open TCP 443 in the firewall, \
             forward it on the router, and check that A and AAAA records both lead to this machine"
        }
        AcmeChallenge::Http01 => {
            "the authority cannot connect to port 80 of the name: open TCP 80 in the firewall, \
             forward it on the router, and check that A and AAAA records both lead to this machine"
        }
    }
}

fn other_answer(challenge: AcmeChallenge) -> &'static str {
    match challenge {
        AcmeChallenge::TlsAlpn01 => {
            "something else answers for the name on port 443: check that A and AAAA records both \
             lead to this machine, and that no proxy stands before it; behind one that ends TLS \
             use `acme_challenge = \"http-01\"`"
        }
        AcmeChallenge::Http01 => {
            "something else answers for the name on port 80: check that A and AAAA records both \
             lead to this machine, and that no other web server has the port"
        }
    }
}

/// A failed attempt.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) fault: Fault,
    /// Which of the names, if it is about one.
    pub(super) name: Option<String>,
    /// In the words of whoever reports it; it may hold addresses.
    pub(super) detail: String,
    /// The authority does not know the account under which it was asked.
    pub(super) is_account_unknown: bool,
}

impl Failed {
    pub(super) fn new(fault: Fault, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Failed { fault, name: None, detail, is_account_unknown: false }
    }

    /// What the authority says against one name.
    pub(super) fn about(name: &str, problem: &Problem) -> Self {
        Failed { name: Some(name.to_owned()), ..Failed::from(problem) }
    }
}

impl From<&Problem> for Failed {
    fn from(problem: &Problem) -> Self {
        let kind = problem.r#type.as_deref().unwrap_or_default();
        let kind = kind.strip_prefix("urn:ietf:params:acme:error:").unwrap_or(kind);
        let mut failed = Failed::new(fault_of(kind), problem.to_string());
        failed.is_account_unknown = kind == "accountDoesNotExist";
        // RFC 8555 §6.7.1: of several names that are refused, one is enough to begin with.
        let first = problem.subproblems.iter().find(|sub| sub.identifier.is_some());
        if let Some(sub) = first {
            let identifier = sub.identifier.as_ref();
            failed.name = identifier.map(|identifier| identifier.authorized(false).to_string());
        }
        failed
    }
}

/// RFC 8555 §6.7, and RFC 8737 §3 for what `tls` and `unauthorized` mean there.
fn fault_of(kind: &str) -> Fault {
    match kind {
        "dns" => Fault::Dns,
        "connection" => Fault::PortClosed,
        "unauthorized" | "incorrectResponse" | "tls" => Fault::OtherAnswer,
        "rateLimited" => Fault::RateLimited,
        "caa" => Fault::Caa,
        "rejectedIdentifier" | "unsupportedIdentifier" => Fault::NameRefused,
        "accountDoesNotExist"
        | "externalAccountRequired"
        | "invalidContact"
        | "unsupportedContact"
        | "userActionRequired" => Fault::AccountRefused,
        _ => Fault::AuthorityFailed,
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        if let Error::Api(problem) = &error {
            return Failed::from(problem);
        }
        let mut fault = Fault::AuthorityFailed;
        if let Error::Other(cause) = &error
            && let Some(unreached) = cause.downcast_ref::<Unreached>()
        {
            fault = match unreached {
                Unreached::Connect(cause) => connect_fault(cause),
                Unreached::Lookup(_) | Unreached::NoAddress | Unreached::TimedOut => {
                    Fault::AuthorityUnreachable
                }
                Unreached::Http(_) | Unreached::Answer(_) | Unreached::Host => {
                    Fault::AuthorityFailed
                }
            };
        }
        Failed::new(fault, ErrorChain(&error).to_string())
    }
}

/// A handshake fails as an I/O error around one of TLS.
fn connect_fault(cause: &io::Error) -> Fault {
    let tls = cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(certificate)) = tls else {
        return Fault::AuthorityUnreachable;
    };
    let is_about_time = matches!(
        certificate,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    );
    if is_about_time { Fault::ClockOff } else { Fault::AuthorityUntrusted }
}

#[cfg(test)]
mod tests;
