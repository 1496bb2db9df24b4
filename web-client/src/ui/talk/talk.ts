// What people say to each other beside their voices, and how they keep order.
import type { RoomStore } from "../room-store";
import { Announcer } from "./announcements";
import { ChatLog } from "./chat-log";

export class Talk {
  readonly announcer = new Announcer();
  readonly chat: ChatLog;

  constructor(store: RoomStore) {
    this.chat = new ChatLog(store.call, this.announcer);
  }

  close(): void {
    this.chat.close();
    this.announcer.close();
  }
}
