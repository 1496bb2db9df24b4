//! Records and handshake fragments as they stand in datagrams (RFC 6347 §4.1, §4.2.2).

/// Bytes before the content of a record.
pub(super) const RECORD_HEADER_LENGTH: usize = 13;

/// Bytes before the content of a handshake fragment.
pub(super) const FRAGMENT_HEADER_LENGTH: usize = 12;

/// Content type of ChangeCipherSpec.
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;

/// Content type of handshake messages.
pub(super) const HANDSHAKE: u8 = 22;

/// A record inside a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'d> {
    /// What it carries.
    pub content_type: u8,
    /// 0 before ChangeCipherSpec, 1 after it.
    pub epoch: u16,
    /// Header and content.
    pub whole: &'d [u8],
    /// What follows the header.
    pub content: &'d [u8],
}

/// The records of a datagram, up to the first that does not fit.
pub(super) fn records(datagram: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let header = rest.first_chunk::<RECORD_HEADER_LENGTH>()?;
        let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
        let (whole, after) = rest.split_at_checked(RECORD_HEADER_LENGTH + length)?;
        rest = after;
        Some(Record {
            content_type: header[0],
            epoch: u16::from_be_bytes([header[3], header[4]]),
            whole,
            content: &whole[RECORD_HEADER_LENGTH..],
        })
    })
}

/// A piece of a handshake message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment<'d> {
    /// Which message.
    pub kind: u8,
    /// Length of the whole message, in bytes, below 2^24.
    pub message_length: usize,
    /// Place of the message in the handshake.
    pub message_seq: u16,
    /// Where the piece begins in the message.
    pub offset: usize,
    /// The piece; it ends within the message.
    pub body: &'d [u8],
}

/// The fragments in the content of a handshake record, up to the first that makes no sense.
pub(super) fn fragments(content: &[u8]) -> impl Iterator<Item = Fragment<'_>> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let header = rest.first_chunk::<FRAGMENT_HEADER_LENGTH>()?;
        let [kind, l0, l1, l2, s0, s1, o0, o1, o2, f0, f1, f2] = *header;
        let message_length = uint24([l0, l1, l2]);
        let offset = uint24([o0, o1, o2]);
        let (whole, after) =
            rest.split_at_checked(FRAGMENT_HEADER_LENGTH + uint24([f0, f1, f2]))?;
        let body = &whole[FRAGMENT_HEADER_LENGTH..];
        rest = after;
        (offset + body.len() <= message_length).then_some(Fragment {
            kind,
            message_length,
            message_seq: u16::from_be_bytes([s0, s1]),
            offset,
            body,
        })
    })
}

/// Writes a record of epoch 0, numbered `sequence`, whose content is made of `parts`.
pub(super) fn plain_record(content_type: u8, sequence: u32, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut record = Vec::with_capacity(RECORD_HEADER_LENGTH + length);
    record.push(content_type);
    record.extend([0xFE, 0xFD]); // DTLS 1.2
    record.extend([0; 4]); // epoch, and the upper two of six bytes of the sequence number
    record.extend(sequence.to_be_bytes());
    // Messages are bounded by `MESSAGE_BYTES_MAX`, so the length fits.
    record.extend((length as u16).to_be_bytes());
    for part in parts {
        record.extend_from_slice(part);
    }
    record
}

/// Writes the header of a message in one piece.
pub(super) fn whole_message_header(kind: u8, message_seq: u16, length: usize) -> [u8; 12] {
    let [_, l0, l1, l2] = (length as u32).to_be_bytes();
    let [s0, s1] = message_seq.to_be_bytes();
    [kind, l0, l1, l2, s0, s1, 0, 0, 0, l0, l1, l2]
}

fn uint24([a, b, c]: [u8; 3]) -> usize {
    usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
}
