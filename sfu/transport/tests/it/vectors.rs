//! Fuzz corpora of other projects: every file is read or refused, and changes nothing.
//!
//! They are not part of the product; the folder that `PREAU_VECTORS` names holds them.

use protocol::rtp::RtpHeader;
use sfu_transport::{
    demux,
    rtcp::{Rtcp, RtcpPackets},
    srtp::{Profile, Side, SrtpKeys, SrtpReceiver, SrtpReceiverSnapshot},
    stun::{self, IceKey, Message},
};

/// The files of one corpus, or nothing, and a word about it, where there are no vectors.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "the corpora are files outside the project, named by the environment if they are there"
)]
pub(crate) fn corpus(folder: &str) -> Vec<Vec<u8>> {
    let Some(vectors) = std::env::var_os("PREAU_VECTORS") else {
        eprintln!("PREAU_VECTORS is not set: the corpus `{folder}` is not replayed");
        return Vec::new();
    };
    let folder = std::path::Path::new(&vectors).join(folder);
    let entries = std::fs::read_dir(&folder).expect("PREAU_VECTORS names the vectors' folder");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let files: Vec<_> = paths.map(|path| std::fs::read(path).expect("a readable file")).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

#[test]
fn libwebrtc_stun_corpus_holds_no_check_of_ours() {
    let key = IceKey::new(b"nobody made these with this password");
    for datagram in corpus("stun") {
        let message = stun::parse(&datagram);
        let is_authentic = match message {
            Ok(Message::Request(request)) => request.is_authentic(&key),
            Ok(Message::Success(success)) => success.is_authentic(&key),
            Ok(Message::Error(..)) | Err(_) => false,
        };
        assert!(!is_authentic);
    }
}

#[test]
fn libwebrtc_rtcp_corpus_is_read_within_bounds_or_refused() {
    for compound in corpus("rtcp") {
        let Ok(packets) = RtcpPackets::try_new(&compound) else { continue };
        for packet in packets {
            let entries = match packet {
                Rtcp::SenderReport(_, blocks) => blocks.count(),
                Rtcp::ReceiverReport(_, blocks) => blocks.count(),
                Rtcp::Bye(sources) => sources.count(),
                Rtcp::Fir { entries, .. } => entries.count(),
                Rtcp::Nack { lost, .. } => lost.count(),
                Rtcp::Remb(remb) => remb.streams.count(),
                Rtcp::TransportFeedback(feedback) => {
                    assert_eq!(feedback.packets().count(), usize::from(feedback.status_count));
                    continue;
                }
                Rtcp::Pli { .. } | Rtcp::Other { .. } => 0,
            };
            // 17 packets a word are the most that anything names.
            assert!(entries <= 17 * compound.len() / 4);
        }
    }
}

#[test]
fn libsrtp_and_libwebrtc_media_corpora_open_nothing() {
    for profile in [Profile::AeadAes128Gcm, Profile::AesCm128HmacSha1_80] {
        let material = vec![0x42; profile.material_length()];
        let keys = SrtpKeys::try_new(profile, &material).expect("the right length");
        let mut receiver = SrtpReceiver::new(&keys, Side::Server);
        for folder in ["srtp", "rtp", "rtcp"] {
            for datagram in corpus(folder) {
                let _ = demux::classify(&datagram);
                if let Some(header) = RtpHeader::parse(&datagram) {
                    let _ = header.extensions(&datagram).count();
                    assert!(receiver.open_rtp(&mut datagram.clone(), &header).is_err());
                }
                assert!(receiver.open_rtcp(&mut datagram.clone()).is_err());
            }
        }
        assert_eq!(receiver.snapshot(), SrtpReceiverSnapshot::default());
    }
}
