//! Datagrams to packets and back: demux, ICE-lite, DTLS, SRTP, RTCP, SDP. Pure.
