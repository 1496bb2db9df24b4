//! Who is kept out, who sees it, and how it ends.

use protocol::{
    Duration, ParticipantId,
    client::{ErrorCode, ServerBody, order::BANS_MAX},
};

use super::class::{BO, Class, HOST};
use crate::{
    StoredBan,
    rooms::fixture::{Knock, World, browser_key},
};

const HOME: &str = "198.51.100.7";

fn bo() -> Knock<'static> {
    Knock { browser: Some("bo"), address: HOME, ..Knock::guest("Bo") }
}

impl Class {
    fn ban(&mut self, id: ParticipantId) {
        let remove = format!(r#""action":"remove","participant":{},"ban":true"#, id.0);
        self.moderate(HOST, &remove).expect("a host may");
        self.forget();
    }

    /// Lets somebody in, and keeps them out from then on.
    fn enter_and_ban(&mut self, knock: &Knock<'_>) {
        let who = self.enter(knock);
        self.forget();
        self.ban(self.id(who));
    }

    /// Number and name of each ban, as a host is told.
    fn bans(&mut self) -> Vec<(u32, String)> {
        let id = self.command(HOST, r#""kind":"moderate","action":"list_bans""#);
        match self.heard(HOST).pop() {
            Some(ServerBody::Bans { re, banned }) if re == id => {
                banned.into_iter().map(|ban| (ban.id.0, ban.name)).collect()
            }
            other => panic!("no list: {other:?}"),
        }
    }

    fn lift(&mut self, ban: u32) {
        self.moderate(HOST, &format!(r#""action":"lift_ban","ban":{ban}"#)).expect("may");
        self.forget();
    }

    fn first_words(&mut self, knock: &Knock<'_>) -> ServerBody {
        let socket = self.world.knock(knock);
        self.world.take(socket).expect("an answer").body
    }

    fn assert_banned(&mut self, knock: &Knock<'_>) {
        let body = self.first_words(knock);
        assert!(matches!(body, ServerBody::Error { code: ErrorCode::Banned, .. }), "{body:?}");
    }

    fn assert_waits(&mut self, knock: &Knock<'_>) {
        let body = self.first_words(knock);
        assert!(matches!(body, ServerBody::InLobby { .. }), "{body:?}");
    }

    fn assert_joins(&mut self, knock: &Knock<'_>) {
        let body = self.first_words(knock);
        assert!(matches!(body, ServerBody::Joined(_)), "{body:?}");
    }
}

#[test]
fn hosts_see_the_names_of_those_who_are_kept_out_and_let_them_in_again() {
    let mut class = Class::of(1);
    assert_eq!(class.bans(), []);
    class.enter_and_ban(&bo());
    let cy = Knock { browser: Some("cy"), address: "203.0.113.9", ..Knock::guest("Cy") };
    class.enter_and_ban(&cy);
    assert_eq!(class.bans(), [(1, "Bo".to_owned()), (2, "Cy".to_owned())]);
    class.assert_nothing_heard();

    class.lift(1);
    assert_eq!(class.bans(), [(2, "Cy".to_owned())]);
    let stored = StoredBan { browser: browser_key("cy"), name: "Cy".to_owned() };
    assert_eq!(class.world.bans, [stored], "the store follows");
    class.assert_joins(&bo());
    class.assert_joins(&Knock { browser: Some("neighbour"), ..bo() });
    class.assert_banned(&cy);
    class.forget();
    class.lift(1);
    class.lift(77);
    class.assert_nothing_heard();
    assert_eq!(class.bans().len(), 1, "what is over is over, and nothing else ends");
}

#[test]
fn an_address_is_watched_as_long_as_one_ban_of_it_lasts() {
    let mut class = Class::of(0);
    class.enter_and_ban(&bo());
    let stranger = Knock { browser: None, ..bo() };
    let elsewhere = class.enter(&Knock { address: "203.0.113.9", ..stranger });
    class.forget();
    class.world.drop_socket(class.socket(elsewhere));
    let ticket = class.people[elsewhere].joined.ticket.clone();
    let home = class.world.open_from(HOME);
    class.world.command(home, 0, &format!(r#""kind":"resume","ticket":"{ticket}","last_seq":1"#));
    class.people[elsewhere].socket = home;
    class.ban(class.id(elsewhere));
    assert_eq!(class.bans().len(), 2);
    class.lift(1);
    class.assert_waits(&bo());
    class.lift(2);
    class.assert_joins(&stranger);
}

#[test]
fn a_browser_that_is_banned_again_is_listed_once() {
    let mut class = Class::of(0);
    class.enter_and_ban(&bo());
    class.lift(1);
    class.enter_and_ban(&Knock { name: "Bo again", ..bo() });
    let second = class.world.knock(&Knock { browser: Some("bo"), ..Knock::host("Bo as host") });
    let id = class.world.take_joined(second).you;
    class.ban(id);
    assert_eq!(class.bans(), [(3, "Bo as host".to_owned())]);
    assert_eq!(class.world.bans.len(), 2, "the store is told each, and keeps the last");
}

#[test]
fn bans_that_the_store_remembers_are_listed_and_lifted_like_others() {
    let mut world = World::new();
    world.bans = vec![StoredBan { browser: browser_key("bo"), name: "Bo".to_owned() }];
    let mut class = Class::in_world(world, 1);
    assert_eq!(class.bans(), [(1, "Bo".to_owned())]);
    class.assert_banned(&bo());
    class.lift(1);
    assert_eq!(class.world.bans, []);
    class.assert_joins(&bo());
    // What the store says to a later host may be from before.
    class.world.bans = vec![StoredBan { browser: browser_key("bo"), name: "Bo".to_owned() }];
    class.enter(&Knock::host("Dee"));
    class.forget();
    assert_eq!(class.bans(), []);
}

#[test]
fn the_oldest_ban_ends_where_there_are_too_many() {
    let mut class = Class::of(1);
    let names: Vec<_> = (0..=BANS_MAX).map(|n| format!("guest {n}")).collect();
    for (n, name) in names.iter().enumerate() {
        let address = format!("2001:db8:0:{n:x}::1");
        let knock = Knock { browser: Some(name), address: &address, ..Knock::guest(name) };
        class.enter_and_ban(&knock);
        class.world.advance(Duration::from_secs(1));
    }
    let listed = class.bans();
    assert_eq!((listed.len(), listed[0].1.as_str()), (BANS_MAX, "guest 1"));
    class.assert_joins(&Knock { browser: Some("guest 0"), ..bo() });
    class.assert_banned(&Knock { browser: Some("guest 1"), ..bo() });
    assert_eq!(class.heard(BO).len(), 1, "a guest hears of who came alone");
}
