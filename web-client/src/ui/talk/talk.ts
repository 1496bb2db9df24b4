// What people say to each other beside their voices, and how they keep order.
import type { RoomStore } from "../room-store";
import { Announcer } from "./announcements";
import { ChatLog } from "./chat-log";
import { Order } from "./order";
import { Signs } from "./signs";

export class Talk {
  readonly announcer = new Announcer();
  readonly chat: ChatLog;
  readonly signs: Signs;
  readonly order: Order;

  constructor(store: RoomStore) {
    this.chat = new ChatLog(store, this.announcer);
    this.signs = new Signs(store, this.announcer);
    this.order = new Order(store);
  }

  close(): void {
    this.chat.close();
    this.signs.close();
    this.order.close();
    this.announcer.close();
  }
}
