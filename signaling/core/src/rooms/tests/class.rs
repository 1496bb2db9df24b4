//! A host and guests in one room, who give commands and hear what comes of them.

use protocol::{
    ParticipantId,
    client::{ErrorCode, ServerBody, order::Rules},
};

use crate::{
    SocketId,
    rooms::fixture::{Knock, Member, World},
};

/// A host and guests, who have all said what they heard at the beginning.
pub(super) struct Class {
    pub(super) world: World,
    pub(super) people: Vec<Member>,
    last_id: u64,
}

pub(super) const HOST: usize = 0;
pub(super) const BO: usize = 1;
pub(super) const CY: usize = 2;

impl Class {
    pub(super) fn of(guests: usize) -> Class {
        Class::in_world(World::new(), guests)
    }

    pub(super) fn in_world(world: World, guests: usize) -> Class {
        let mut class = Class { world, people: Vec::new(), last_id: 1 };
        class.enter(&Knock::host("Ana"));
        for guest in 0..guests {
            class.enter(&Knock::guest(&format!("Guest {guest}")));
        }
        class.forget();
        class
    }

    pub(super) fn enter(&mut self, knock: &Knock<'_>) -> usize {
        let socket = self.world.knock(knock);
        let joined = self.world.take_joined(socket);
        self.people.push(Member { socket, joined });
        self.people.len() - 1
    }

    /// Nobody has heard anything, nor the node.
    pub(super) fn forget(&mut self) {
        for person in &self.people {
            self.world.take_all(person.socket);
        }
        self.world.take_requests();
    }

    pub(super) fn id(&self, who: usize) -> ParticipantId {
        self.people[who].id()
    }

    pub(super) fn socket(&self, who: usize) -> SocketId {
        self.people[who].socket
    }

    pub(super) fn command(&mut self, who: usize, fields: &str) -> u64 {
        self.last_id += 1;
        self.world.command(self.socket(who), self.last_id, fields);
        self.last_id
    }

    /// Gives a command, and takes what its giver hears but for the answer, and the answer.
    pub(super) fn give(
        &mut self,
        who: usize,
        fields: &str,
    ) -> (Vec<ServerBody>, Result<(), ErrorCode>) {
        let id = self.command(who, fields);
        let mut heard = self.world.bodies(self.socket(who));
        let answer = match heard.pop() {
            Some(ServerBody::Done { re }) if re == id => Ok(()),
            Some(ServerBody::Error { re, code, .. }) if re == id => Err(code),
            other => panic!("no answer to {fields}: {other:?}"),
        };
        (heard, answer)
    }

    pub(super) fn moderate(&mut self, who: usize, fields: &str) -> Result<(), ErrorCode> {
        self.give(who, &format!(r#""kind":"moderate",{fields}"#)).1
    }

    pub(super) fn set_rules(&mut self, who: usize, rules: Rules) -> Result<(), ErrorCode> {
        let rules = serde_json::to_string(&rules).expect("it serializes");
        self.moderate(who, &format!(r#""action":"set_rules","rules":{rules}"#))
    }

    pub(super) fn publish(&mut self, who: usize, source: &str, state: &str) {
        self.command(who, &format!(r#""kind":"publish","source":"{source}","state":{state}"#));
    }

    pub(super) fn heard(&mut self, who: usize) -> Vec<ServerBody> {
        self.world.bodies(self.socket(who))
    }

    pub(super) fn assert_nothing_heard(&mut self) {
        for who in 0..self.people.len() {
            let heard = self.heard(who);
            assert!(heard.is_empty(), "{who} hears {heard:?}");
        }
        let asked = self.world.take_requests();
        assert!(asked.is_empty(), "the node hears {asked:?}");
    }
}
