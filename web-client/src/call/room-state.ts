// What is the same for everybody in a room, before a server has said otherwise.
import type { RoomState } from "./protocol.gen";

/** A room without rules (`protocol::client::order::Rules::default`) in which nothing happens. */
export const ROOM_AT_REST: RoomState = {
  rules: {
    lobby: false,
    locked: false,
    microphone: true,
    camera: true,
    screen: true,
    chat: true,
    private_chat: true,
    recording: true,
  },
  hands: [],
  timer: null,
  focus: null,
  poll: null,
};
