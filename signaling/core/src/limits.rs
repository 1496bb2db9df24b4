//! Every limit of signaling in one table, with its default and reason.

use protocol::Duration;

/// What one signaling process allows. Counts are per process unless the name says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Live rooms. Each costs ≈ 1 KiB.
    pub rooms: usize,
    /// Sessions in all rooms, and people who wait before them. Each costs ≈ 10 KiB, more while its
    /// ring is full.
    pub sessions: usize,
    /// Sessions in one room, those on their way in included.
    pub participants_per_room: usize,
    /// People who wait in the lobby of one room; they take no place in it.
    pub lobby_places: usize,
    /// Bytes of what those who wait in all lobbies have asked: 3 KB each where the browser
    /// deflates, else up to 256 KiB.
    pub lobby_bytes: usize,
    /// Commands a session may send at once, on top of [`Limits::commands_per_second`].
    pub command_burst: u32,
    /// Commands a session may send in the long run.
    pub commands_per_second: u32,
    /// Commands over the limit that are answered `too_fast` before the socket is closed.
    pub too_fast_burst: u32,
    /// M-lines of an offer: 49 pictures, 4 sounds and 4 sources leave some room.
    pub sections: usize,
    /// From the opening of a socket to its `join` or `resume`.
    pub hello: Duration,
    /// How long the store may take for a link.
    pub link_check: Duration,
    /// How long a node may take for an offer.
    pub node_answer: Duration,
    /// How long a session outlives its socket.
    pub resume: Duration,
    /// How long an empty room stays at the node, for the reload of a page.
    pub empty_room: Duration,
    /// Messages that a session keeps for a resume.
    pub ring_messages: usize,
    /// Bytes of messages that a session keeps for a resume.
    pub ring_bytes: usize,
    /// From one reaction of somebody to their next.
    pub reaction_interval: Duration,
    /// Reactions that everybody in a room is shown at once: a class may clap.
    pub reaction_burst: u32,
    /// Reactions that everybody in a room is shown in the long run.
    pub reactions_per_second: u32,
    /// Changes of what is the same for everybody that a room tells one by one.
    pub state_burst: u32,
    /// From one such change that is told to the next, when there are many: what comes between is
    /// told together.
    pub state_interval: Duration,
    /// Votes of one poll. Who leaves and comes again may vote again, so the people do not bound it.
    pub votes_per_poll: usize,
    /// Stays that a room remembers for its attendance. Each costs ≈ 150 bytes.
    pub stays_per_room: usize,
    /// Sockets of one address that have said nothing yet. A school is one address, so sockets with
    /// a valid join do not count.
    pub silent_sockets_per_address: u32,
    /// Failed joins and resumes of one address at once. Successful ones do not count. Guessing 128
    /// bits is hopeless at any rate; this bounds the work, and a class handed a broken link
    /// must not lock its school out.
    pub failures_per_address: u32,
    /// Failed joins and resumes of one address that are forgiven per minute.
    pub failures_forgiven_per_minute: u32,
    /// Wrong codes of one room at once, whoever gives them. A code is one of a million.
    pub code_failures_per_room: u32,
    /// Wrong codes of one address at once, whatever the room: a class that mistypes.
    pub code_failures_per_address: u32,
    /// Wrong codes of one room, and of one address, that are forgiven per minute.
    pub code_failures_forgiven_per_minute: u32,
    /// Addresses that are remembered, and rooms whose codes were guessed; beyond it the one quiet
    /// for longest is forgotten.
    pub addresses: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            rooms: 10_000,
            sessions: 20_000,
            participants_per_room: 200,
            lobby_places: 200,
            lobby_bytes: 64 * 1024 * 1024,
            command_burst: 60,
            commands_per_second: 20,
            too_fast_burst: 60,
            sections: 64,
            hello: Duration::from_secs(5),
            link_check: Duration::from_secs(10),
            node_answer: Duration::from_secs(10),
            resume: Duration::from_secs(60),
            empty_room: Duration::from_secs(10),
            ring_messages: 256,
            ring_bytes: 64 * 1024,
            reaction_interval: Duration::from_millis(500),
            reaction_burst: 60,
            reactions_per_second: 30,
            state_burst: 10,
            state_interval: Duration::from_millis(100),
            votes_per_poll: 5_000,
            stays_per_room: 5_000,
            silent_sockets_per_address: 256,
            failures_per_address: 500,
            failures_forgiven_per_minute: 60,
            code_failures_per_room: 10,
            code_failures_per_address: 30,
            code_failures_forgiven_per_minute: 10,
            addresses: 16_384,
        }
    }
}
