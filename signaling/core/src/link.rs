//! What a link or a code opens. Which there are is the store's affair.

use std::{fmt, str::FromStr};

use protocol::{
    RoomName,
    client::{Role, order::Rules},
};

use crate::ids::SocketId;

/// A question to the store: what somebody at the door may do.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkCheck {
    /// For whom.
    pub socket: SocketId,
    /// The room that the client named.
    pub room: RoomName,
    /// What it showed.
    pub proof: Proof,
    /// What its browser is known by, as it came.
    pub browser: Option<String>,
}

impl fmt::Debug for LinkCheck {
    /// Neither a secret nor what a browser is known by prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkCheck").field("socket", &self.socket).finish_non_exhaustive()
    }
}

/// What somebody shows at the door.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// The secret of a link.
    Secret(String),
    /// The code that a host has read to them.
    Code(RoomCode),
}

impl fmt::Debug for Proof {
    /// What opens a room does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<proof>")
    }
}

/// Six digits that can be read out. They are few enough to be guessed, so they open nothing but the
/// lobby, and are not heard for a while after some wrong ones.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RoomCode(u32);

impl RoomCode {
    /// How many there are.
    pub const COUNT: u32 = 1_000_000;

    /// The code of a number; `None` from [`RoomCode::COUNT`] on.
    #[must_use]
    pub fn try_new(number: u32) -> Option<RoomCode> {
        (number < Self::COUNT).then_some(RoomCode(number))
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl fmt::Debug for RoomCode {
    /// What opens a room does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<code>")
    }
}

/// Not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRoomCode;

impl FromStr for RoomCode {
    type Err = BadRoomCode;

    /// Digits as people write them: with white space between them where they like.
    fn from_str(text: &str) -> Result<Self, BadRoomCode> {
        let (mut number, mut count) = (0, 0);
        for c in text.chars().filter(|c| !c.is_whitespace()) {
            let digit = c.to_digit(10).filter(|_| count < 6).ok_or(BadRoomCode)?;
            number = number * 10 + digit;
            count += 1;
        }
        if count < 6 {
            return Err(BadRoomCode);
        }
        Ok(RoomCode(number))
    }
}

/// A browser as bans of one room know it: a keyed hash, by which nobody else knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrowserKey(pub [u8; 16]);

impl fmt::Debug for BrowserKey {
    /// What tells browsers apart does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<browser>")
    }
}

/// What somebody at the door may do.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// What they may do.
    pub role: Role,
    /// The secret of the room's guest link, for hosts alone.
    pub guest_secret: Option<String>,
    /// The room's code, for hosts alone.
    pub code: Option<RoomCode>,
    /// What guests may do when the room comes to life; `None` leaves it to the site.
    pub rules: Option<Rules>,
    /// Their browser, if it said what it is known by.
    pub browser: Option<BrowserKey>,
    /// Who is kept out of the room, for hosts alone; the one who was banned first first.
    pub bans: Vec<StoredBan>,
}

/// With what a host invites others; nothing in it for guests.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Invitation {
    /// The secret of the room's guest link.
    pub(crate) guest_secret: Option<String>,
    /// The room's code.
    pub(crate) code: Option<RoomCode>,
}

impl fmt::Debug for Invitation {
    /// A secret does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<invitation>")
    }
}

/// Somebody who is kept out of a room, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredBan {
    /// Their browser.
    pub browser: BrowserKey,
    /// What they called themselves; empty where that is not known any more.
    pub name: String,
}

impl fmt::Debug for StoredBan {
    /// A name does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<ban>")
    }
}

impl Grant {
    /// What a link of that role gives, and nothing besides.
    #[must_use]
    pub fn of(role: Role) -> Grant {
        let bans = Vec::new();
        Grant { role, guest_secret: None, code: None, rules: None, browser: None, bans }
    }
}

impl fmt::Debug for Grant {
    /// A secret does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("role", &self.role).finish_non_exhaustive()
    }
}

/// Why a link or a code opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// No such room, or not its secret, or not its code: deliberately the same.
    Unknown,
    /// The secret was right, and has expired or been revoked.
    Expired,
    /// It was right, and the browser is banned from the room.
    Banned,
    /// The store does not answer.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        for text in ["042917", "042 917", " 04 29 17 ", "042\u{A0}917", "042\u{202F}917"] {
            let code: RoomCode = text.parse().expect("a code");
            assert_eq!((code.number(), code.to_string().as_str()), (42_917, "042917"), "{text:?}");
        }
        for text in ["", "04291", "0429170", "04291a", "042-917", "+42917", "٠٤٢٩١٧"] {
            assert_eq!(text.parse::<RoomCode>(), Err(BadRoomCode), "{text:?}");
        }
    }

    #[test]
    fn every_code_has_a_number_and_every_number_a_code() {
        for number in (0..RoomCode::COUNT).step_by(997) {
            let code = RoomCode::try_new(number).expect("it is below the count");
            assert_eq!(code.to_string().parse(), Ok(code));
        }
        assert_eq!(RoomCode::try_new(RoomCode::COUNT), None);
    }
}
