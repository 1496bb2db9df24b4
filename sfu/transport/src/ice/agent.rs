//! The agent: checks in, responses and decisions out.

use protocol::{Duration, Instant};

use super::{
    CredentialsPair, IceDrop, IceLapse, IceOutcome, IceSnapshot, MEDIA_TIMEOUT, SESSION_TIMEOUT,
    tuples::{Entry, Names, OwnCheck, RecentChecks, Tuples},
};
use crate::{
    stun::{
        BindingRequest, BindingSuccess, Check, IceKey, REQUEST_LENGTH_MAX, Role,
        SUCCESS_LENGTH_MAX, TransactionId, write_check, write_role_conflict, write_success,
    },
    tuple::{Path, Tuple},
};

/// A check of ours that is not answered goes out once more after this long. With the response, at
/// most three times the bytes of a nomination go to an address that has not answered, as RFC 9000
/// §8.1 allows.
const CHECK_REPEAT: Duration = Duration::from_millis(250);

/// Of a peer-reflexive candidate of the first component (RFC 8445 §5.1.2.1).
const CHECK_PRIORITY: u32 = 110 << 24 | 65_535 << 8 | 255;

/// ICE-lite of one session.
#[derive(Debug)]
pub struct IceAgent {
    current: Generation,
    /// Kept after it has retired, so that its memory is freed by whoever restarts.
    previous: Option<Generation>,
    state: State,
    tuples: Tuples,
    recent: RecentChecks,
    /// The last authentic check on any tuple; or the beginning, a restore, a restart.
    last_check: Instant,
    last_tuple: Option<Tuple>,
    tie_breaker: u64,
}

/// Credentials that a restart has displaced; dropping them frees their memory.
#[derive(Debug)]
pub struct RetiredCredentials(
    #[expect(dead_code, reason = "only its memory is wanted")] Generation,
);

/// See the table in the module's documentation. `selected` is the serial of a tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Flowing { selected: u32 },
    Stopped { selected: u32 },
    Ended,
}

/// The credentials of one offer and answer.
#[derive(Debug)]
struct Generation {
    number: u32,
    pair: CredentialsPair,
    local_key: IceKey,
    remote_key: IceKey,
    use_of: GenerationUse,
}

/// A tuple was nominated by a check with this USERNAME.
#[derive(Clone, Copy, Debug)]
struct Nomination {
    /// The generation of our credentials.
    local: u32,
    /// That of the client's; `None` where the offer with them is still on its way.
    remote: Option<u32>,
}

/// How far the client has come with a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GenerationUse {
    /// It has not checked under it.
    Unchecked,
    /// It checks under it.
    Checked,
    /// It has nominated under a later one: checks are refused.
    Retired,
}

impl Generation {
    fn new(number: u32, pair: CredentialsPair) -> Self {
        Generation {
            number,
            local_key: IceKey::new(pair.local.pwd().as_bytes()),
            remote_key: IceKey::new(pair.remote.pwd().as_bytes()),
            pair,
            use_of: GenerationUse::Unchecked,
        }
    }
}

impl IceAgent {
    /// Begins a session, which ends after [`SESSION_TIMEOUT`] unless it is checked.
    /// `tie_breaker` is unpredictable.
    #[must_use]
    pub fn new(now: Instant, credentials: CredentialsPair, tie_breaker: u64) -> Self {
        IceAgent {
            current: Generation::new(0, credentials),
            previous: None,
            state: State::Waiting,
            tuples: Tuples::new(),
            recent: RecentChecks::new(),
            last_check: now,
            last_tuple: None,
            tie_breaker,
        }
    }

    /// Continues a session elsewhere: no tuple is proven, and media flows from the first check.
    #[must_use]
    pub fn restore(now: Instant, snapshot: IceSnapshot, tie_breaker: u64) -> Self {
        let mut agent = IceAgent::new(now, snapshot.current, tie_breaker);
        agent.previous = snapshot.previous.map(|pair| Generation::new(0, pair));
        agent.current.number = 1;
        agent.last_tuple = snapshot.last_tuple;
        agent
    }

    /// The session as a value.
    #[must_use]
    pub fn snapshot(&self) -> IceSnapshot {
        let previous = self.previous.as_ref();
        let answering = previous.filter(|previous| previous.use_of != GenerationUse::Retired);
        IceSnapshot {
            current: self.current.pair.clone(),
            previous: answering.map(|previous| previous.pair.clone()),
            last_tuple: self.last_tuple,
        }
    }

    /// Takes the credentials of a new offer and answer. Checks under the ones before are answered
    /// until the client has nominated under the new ones: it may use both while it moves
    /// (RFC 8445 §9). The session has [`SESSION_TIMEOUT`] again, and a check of ours may be due.
    pub fn restart(
        &mut self,
        now: Instant,
        credentials: CredentialsPair,
    ) -> Option<RetiredCredentials> {
        self.last_check = now;
        let number = self.current.number.wrapping_add(1);
        let current = std::mem::replace(&mut self.current, Generation::new(number, credentials));
        // A client that never checked under the current ones still uses those before.
        for entry in self.tuples.iter_mut() {
            entry.own_check = entry.own_check.told(number);
        }
        let was_used = current.use_of != GenerationUse::Unchecked;
        let displaced = if was_used || self.previous.is_none() {
            self.previous.replace(current)
        } else {
            Some(current)
        };
        displaced.map(RetiredCredentials)
    }

    /// The ufrags under which checks are answered: the current one, then the one before a restart.
    pub fn local_ufrags(&self) -> impl Iterator<Item = &str> {
        self.generations().map(|generation| generation.pair.local.ufrag())
    }

    /// Whether an authentic check has come from this tuple.
    #[must_use]
    pub fn is_proven(&self, tuple: &Tuple) -> bool {
        self.tuples.by_tuple(tuple).is_some()
    }

    /// The proven tuples.
    pub fn tuples(&self) -> impl Iterator<Item = &Tuple> {
        self.tuples.iter().map(|entry| &entry.tuple)
    }

    /// Where DTLS goes, and media as long as there is consent; `None` before the first check.
    #[must_use]
    pub fn selected(&self) -> Option<&Tuple> {
        self.selected_entry().map(|entry| &entry.tuple)
    }

    /// Where media goes. Asks the time and not only the state, so that a node which has slept sends
    /// nothing before its timers have run.
    #[must_use]
    pub fn media_tuple(&self, now: Instant) -> Option<&Tuple> {
        let entry = self.selected_entry()?;
        let has_consent = now < entry.last_check + MEDIA_TIMEOUT;
        (has_consent && self.state != State::Ended).then_some(&entry.tuple)
    }

    /// A stream is gone, and with it the tuples over it. Whether media went there: then it stops,
    /// and flows to wherever the next authentic check comes from, as at the beginning.
    pub fn handle_path_closed(&mut self, path: Path) -> bool {
        let carried_media = self.selected().is_some_and(|tuple| tuple.path == path);
        self.tuples.remove_path(path);
        if carried_media {
            self.state = State::Waiting;
        }
        carried_media
    }

    /// Takes a check and writes its response.
    ///
    /// # Errors
    /// The reason to drop it; nothing has changed then, and there is no answer.
    pub fn handle_request(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        request: &BindingRequest<'_>,
        out: &mut [u8; SUCCESS_LENGTH_MAX],
    ) -> Result<IceOutcome, IceDrop> {
        if self.state == State::Ended {
            return Err(IceDrop::Ended);
        }
        let ufrag = request.local_ufrag();
        let generation = self
            .generations()
            .find(|generation| generation.pair.local.ufrag().as_bytes() == ufrag)
            .ok_or(IceDrop::UnknownUfrag)?;
        if !request.is_authentic(&generation.local_key) {
            return Err(IceDrop::NotAuthentic);
        }
        let id = request.transaction_id;
        if matches!(request.role, Some(Role::Controlled(_))) {
            let response_length = write_role_conflict(out, id, &generation.local_key);
            return Ok(IceOutcome { response_length, ..IceOutcome::default() });
        }
        let known = self.tuples.by_tuple(tuple).map(|entry| entry.serial);
        let is_repeated = known.is_some_and(|serial| self.recent.saw_on(serial, id));
        // Whoever reads the wire can overtake each check with a copy from elsewhere. That must not
        // cost the client its consent, so on the selected tuple the original counts.
        let is_selected = known.is_some() && known == self.selected_entry().map(|it| it.serial);
        if !is_repeated && !is_selected && self.recent.saw(id) {
            return Err(IceDrop::Replayed);
        }
        let response_length = write_success(out, id, tuple.remote, &generation.local_key);
        debug_assert!(response_length <= request.length, "a response must not amplify");
        let mut outcome = IceOutcome { response_length, ..IceOutcome::default() };
        // A repeated check is answered again and is no fresh sign of life.
        if !is_repeated {
            let number = generation.number;
            let serial = self.prove(now, tuple, known, &mut outcome);
            self.recent.remember(id, serial);
            self.last_check = now;
            self.use_generation(number, request.use_candidate);
            // A client behind a router that mapped it anew does not know it, and Firefox repeats no
            // nomination: once media has stopped, any check says as much.
            let is_stopped = matches!(self.state, State::Stopped { .. });
            let nomination = (request.use_candidate || is_stopped)
                .then(|| Nomination { local: number, remote: self.remote_of(request) });
            self.select(now, serial, nomination, &mut outcome);
        }
        Ok(outcome)
    }

    /// Takes the answer to a check of ours: media moves to the tuple that gave it.
    ///
    /// # Errors
    /// The reason to drop it; nothing has changed then.
    pub fn handle_success(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        success: &BindingSuccess<'_>,
    ) -> Result<IceOutcome, IceDrop> {
        if self.state == State::Ended {
            return Err(IceDrop::Ended);
        }
        let entry = self.tuples.by_tuple(tuple).ok_or(IceDrop::Unasked)?;
        let OwnCheck::Sent { id, names, .. } = entry.own_check else {
            return Err(IceDrop::Unasked);
        };
        let asked = self.generation(names.remote).ok_or(IceDrop::Unasked)?;
        if id != success.transaction_id {
            return Err(IceDrop::Unasked);
        }
        if !success.is_authentic(&asked.remote_key) {
            return Err(IceDrop::NotAuthentic);
        }
        let selected = entry.serial;
        let media_resumed = matches!(self.state, State::Stopped { .. });
        if let Some(entry) = self.tuples.by_serial_mut(selected) {
            entry.last_check = now;
        }
        self.abandon_own_checks();
        self.state = State::Flowing { selected };
        self.last_tuple = Some(*tuple);
        Ok(IceOutcome { selected_changed: true, media_resumed, ..IceOutcome::default() })
    }

    /// Writes a check of our own, if one is due; `fresh_id` is unpredictable and used only then.
    /// Returns where it goes and its length.
    pub fn poll_transmit(
        &mut self,
        now: Instant,
        fresh_id: TransactionId,
        out: &mut [u8; REQUEST_LENGTH_MAX],
    ) -> Option<(Tuple, usize)> {
        let entry = self.tuples.iter_mut().find(|entry| entry.own_check.is_due(now))?;
        let (transaction_id, names, repeats_left) = match entry.own_check {
            OwnCheck::Idle | OwnCheck::Awaited { .. } => return None,
            OwnCheck::Due { names } => (fresh_id, names, 1),
            OwnCheck::Sent { id, names, repeats_left, .. } => {
                (id, names, repeats_left.saturating_sub(1))
            }
        };
        let repeat_at = now + CHECK_REPEAT;
        entry.own_check = OwnCheck::Sent { id: transaction_id, names, repeat_at, repeats_left };
        let tuple = entry.tuple;
        // Credentials that two restarts have displaced are asked for no more.
        let (asker, asked) = (self.generation(names.local)?, self.generation(names.remote)?);
        let check = Check {
            transaction_id,
            remote_ufrag: asked.pair.remote.ufrag().as_bytes(),
            local_ufrag: asker.pair.local.ufrag().as_bytes(),
            priority: CHECK_PRIORITY,
            tie_breaker: self.tie_breaker,
        };
        let length = write_check(out, &check, &asked.remote_key)?;
        Some((tuple, length))
    }

    /// When [`Self::handle_timeout`] and [`Self::poll_transmit`] next have something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let media_stops_at = match self.state {
            State::Ended => return None,
            State::Flowing { .. } => self.selected_entry().map(|e| e.last_check + MEDIA_TIMEOUT),
            State::Waiting | State::Stopped { .. } => None,
        };
        let ends_at = self.last_check + SESSION_TIMEOUT;
        let repeats_at = self.tuples.iter().filter_map(|entry| entry.own_check.repeats_at());
        repeats_at.chain(media_stops_at).chain([ends_at]).min()
    }

    /// Says what the time has ended.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<IceLapse> {
        if self.state != State::Ended && now >= self.last_check + SESSION_TIMEOUT {
            self.state = State::Ended;
            return Some(IceLapse::Ended);
        }
        match self.state {
            State::Flowing { selected } if self.media_tuple(now).is_none() => {
                self.state = State::Stopped { selected };
                Some(IceLapse::MediaStopped)
            }
            State::Flowing { .. } | State::Waiting | State::Stopped { .. } | State::Ended => None,
        }
    }

    /// The credentials under which checks are answered.
    fn generations(&self) -> impl Iterator<Item = &Generation> {
        let generations = [Some(&self.current), self.previous.as_ref()];
        let is_answering = |generation: &&Generation| generation.use_of != GenerationUse::Retired;
        generations.into_iter().flatten().filter(is_answering)
    }

    fn generation(&self, number: u32) -> Option<&Generation> {
        let generations = [Some(&self.current), self.previous.as_ref()];
        generations.into_iter().flatten().find(|generation| generation.number == number)
    }

    /// The generation of the client's credentials under which it checks.
    fn remote_of(&self, request: &BindingRequest<'_>) -> Option<u32> {
        let is_theirs = |generation: &&Generation| {
            generation.pair.remote.ufrag().as_bytes() == request.remote_ufrag()
        };
        let generations = [Some(&self.current), self.previous.as_ref()];
        generations.into_iter().flatten().find(is_theirs).map(|generation| generation.number)
    }

    fn selected_entry(&self) -> Option<&Entry> {
        match self.state {
            State::Flowing { selected } | State::Stopped { selected } => {
                self.tuples.by_serial(selected)
            }
            State::Waiting | State::Ended => None,
        }
    }

    /// Notes an authentic check on a tuple; returns the tuple's serial.
    fn prove(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        known: Option<u32>,
        outcome: &mut IceOutcome,
    ) -> u32 {
        if let Some(entry) = known.and_then(|serial| self.tuples.by_serial_mut(serial)) {
            entry.last_check = now;
            return entry.serial;
        }
        let kept = self.selected_entry().map(|entry| entry.serial);
        let (serial, evicted) = self.tuples.insert(*tuple, now, kept);
        outcome.newly_proven = true;
        outcome.evicted = evicted;
        serial
    }

    fn use_generation(&mut self, number: u32, use_candidate: bool) {
        if number != self.current.number {
            return;
        }
        self.current.use_of = GenerationUse::Checked;
        if let Some(previous) = self.previous.as_mut().filter(|_| use_candidate) {
            previous.use_of = GenerationUse::Retired;
        }
    }

    /// Draws the conclusion from a fresh check on a tuple.
    fn select(
        &mut self,
        now: Instant,
        serial: u32,
        nomination: Option<Nomination>,
        outcome: &mut IceOutcome,
    ) {
        let (selected, is_stopped) = match self.state {
            State::Ended => return,
            State::Waiting => {
                self.state = State::Flowing { selected: serial };
                self.last_tuple = self.selected().copied();
                outcome.selected_changed = true;
                return;
            }
            State::Flowing { selected } => (selected, false),
            State::Stopped { selected } => (selected, true),
        };
        if serial == selected {
            self.state = State::Flowing { selected };
            outcome.media_resumed = is_stopped;
            if nomination.is_some() {
                // The client has come back to it before it answered elsewhere.
                self.abandon_own_checks();
            }
            return;
        }
        let entry = self.tuples.by_serial_mut(serial);
        if let (Some(entry), Some(nomination)) = (entry, nomination) {
            entry.own_check = entry.own_check.nominated(now, nomination);
            outcome.check_due = entry.own_check.is_due(now);
        }
    }

    fn abandon_own_checks(&mut self) {
        for entry in self.tuples.iter_mut() {
            entry.own_check = OwnCheck::Idle;
        }
    }
}

impl OwnCheck {
    /// The tuple was nominated. One that awaits an answer keeps its transaction id, so that an
    /// answer slower than the client's nominations is still known; but not over a restart, after
    /// which the client answers under other credentials.
    fn nominated(self, now: Instant, Nomination { local, remote }: Nomination) -> Self {
        let Some(remote) = remote else { return OwnCheck::Awaited { local } };
        let names = Names { local, remote };
        match self {
            OwnCheck::Sent { names: before, .. } if before != names => OwnCheck::Due { names },
            OwnCheck::Idle | OwnCheck::Awaited { .. } | OwnCheck::Due { .. } => {
                OwnCheck::Due { names }
            }
            OwnCheck::Sent { id, repeat_at, repeats_left: 0, .. } if repeat_at <= now => {
                OwnCheck::Sent { id, names, repeat_at, repeats_left: 1 }
            }
            OwnCheck::Sent { .. } => self,
        }
    }

    /// An offer has brought the client's credentials of the generation `remote`.
    fn told(self, remote: u32) -> Self {
        match self {
            OwnCheck::Awaited { local } => OwnCheck::Due { names: Names { local, remote } },
            OwnCheck::Idle | OwnCheck::Due { .. } | OwnCheck::Sent { .. } => self,
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        matches!(self, OwnCheck::Due { .. }) || self.repeats_at().is_some_and(|at| at <= now)
    }

    fn repeats_at(&self) -> Option<Instant> {
        match *self {
            OwnCheck::Sent { repeat_at, repeats_left: 1.., .. } => Some(repeat_at),
            OwnCheck::Sent { .. }
            | OwnCheck::Idle
            | OwnCheck::Awaited { .. }
            | OwnCheck::Due { .. } => None,
        }
    }
}
