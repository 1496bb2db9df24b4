//! Answers of a model client, to servers that offer instead; and what an answer says.

use std::net::SocketAddr;

use protocol::{Instant, client::SectionRole, media::MediaKind};

use super::{
    BadAnswer, Client,
    offer::{self, Answer},
    reception::Reception,
};

impl Client {
    /// Takes a server's offer, of which it receives every m-line, and answers.
    ///
    /// # Errors
    /// If the offer lacks credentials, or has a stream without a number.
    pub fn answer_offer(&mut self, now: Instant, sdp: &str) -> Result<String, BadAnswer> {
        let remote = Answer::read(sdp)?;
        let (session, sections) = sdp.split_once("\r\nm=").ok_or(BadAnswer)?;
        let mut answer = String::from("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
        let group = session.lines().find(|line| line.starts_with("a=group:BUNDLE"));
        answer.extend(group.map(|line| format!("{line}\r\n")));
        let fingerprint = self.keying.fingerprint();
        let transport = offer::TRANSPORT_URI;
        for section in sections.split("\r\nm=") {
            let head = section.lines().next().ok_or(BadAnswer)?;
            let kind = match head.starts_with("audio") {
                true => MediaKind::Audio,
                false => MediaKind::Video,
            };
            let mid = section.lines().find_map(|line| line.strip_prefix("a=mid:"));
            let mid = mid.ok_or(BadAnswer)?;
            for (_, ssrc) in remote.slots.iter().filter(|(slot_mid, _)| slot_mid == mid) {
                self.slots.entry(*ssrc).or_insert_with(|| Reception::new(kind, self.shape.kit));
            }
            let (ufrag, pwd) = (&self.ufrag, &self.pwd);
            answer.push_str(&format!(
                "m={head}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n\
                 a=fingerprint:sha-256 {fingerprint}\r\na=setup:active\r\na=mid:{mid}\r\n\
                 a=rtcp-mux\r\na=recvonly\r\n"
            ));
            let is_known = |line: &&str| {
                let is_codec = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"];
                is_codec.iter().any(|start| line.starts_with(start))
                    || line.starts_with("a=extmap:") && line.ends_with(transport)
            };
            answer.extend(section.lines().filter(is_known).map(|line| format!("{line}\r\n")));
        }
        let number = sdp.lines().find_map(|line| {
            let (id, uri) = line.strip_prefix("a=extmap:")?.split_once(' ')?;
            id.parse().ok().filter(|_| uri == transport)
        });
        self.transport_id = number.unwrap_or(self.transport_id);
        self.begin_with(now, remote);
        Ok(answer)
    }

    /// Where the node is reached by UDP, the most wanted first.
    #[must_use]
    pub fn candidates(&self) -> &[SocketAddr] {
        self.remote.as_ref().map_or(&[], |answer| &answer.candidates)
    }

    /// The names of its slots: first voices, then pictures.
    #[must_use]
    pub fn slot_mids(&self) -> Vec<String> {
        let is_slot = |role: SectionRole| matches!(role, SectionRole::Slot(_));
        let sections = self.shape.sections().into_iter();
        sections.filter(|section| is_slot(section.role)).map(|section| section.mid).collect()
    }
}
