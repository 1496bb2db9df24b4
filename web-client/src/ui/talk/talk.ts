// What people say to each other beside their voices, and how they keep order.
import { signal } from "@preact/signals";

import type { RoomStore } from "../room-store";
import { Announcer } from "./announcements";
import { Captions } from "./captions";
import { ChatLog } from "./chat-log";
import { Order } from "./order";
import type { Recorder } from "./recorder";
import { Signs } from "./signs";
import { VoiceHints } from "./voice-hints";

export class Talk {
  readonly announcer = new Announcer();
  readonly chat: ChatLog;
  readonly captions: Captions;
  readonly signs: Signs;
  readonly order: Order;
  readonly voice: VoiceHints;

  /** What records one's view while it does. */
  readonly recorder = signal<Recorder | null>(null);

  constructor(store: RoomStore) {
    this.chat = new ChatLog(store, this.announcer);
    this.captions = new Captions(store);
    this.signs = new Signs(store, this.announcer);
    this.order = new Order(store);
    this.voice = new VoiceHints(store);
  }

  close(): void {
    this.chat.close();
    this.captions.close();
    this.signs.close();
    this.order.close();
    this.voice.close();
    this.recorder.value?.stop();
    this.announcer.close();
  }
}
