// What this person looks at: their own choices, and what the room makes of them.
import type { ReadonlySignal, Signal } from "@preact/signals";
import { batch, computed, effect, signal, untracked } from "@preact/signals";

import type { ParticipantId } from "../../call";
import { t } from "../i18n";
import type { Picture, RoomStore } from "../room-store";
import { site } from "../site";
import { recall, remember } from "../storage";
import type { Arrangement, Mode } from "./arrangement";
import { arrange } from "./arrangement";
import { Figures } from "./figures";
import { Following } from "./following";
import { watchFilling } from "./full-screen";
import type { Box } from "./layout";
import type { Quality } from "./quality";
import { qualityOf } from "./quality";
import type { Scene } from "./scene";
import { sceneOf } from "./scene";
import { Seating } from "./seating";

/** What cameras are asked for where a site asks for no less, in pixels. */
const USUAL_HEIGHT = 720;

export class Sight {
  readonly store: RoomStore;
  readonly figures: Figures;
  readonly following: Following;
  /** The room there is for pictures, in CSS pixels. */
  readonly space = signal<Box>({ width: 0, height: 0 });
  readonly mode = signal<Mode>("usual");
  /** Keys of pictures that the person wants large. */
  readonly pins = signal<readonly string[]>([]);
  readonly chosenScreen = signal<string | null>(null);
  readonly page = signal(0);
  readonly selfShown: Signal<boolean> = signal(recall("self.hidden") === null);
  readonly trafficShown: Signal<boolean> = signal(recall("traffic.shown") !== null);
  /** No picture comes, and none goes. */
  readonly soundOnly = signal(false);
  /** A small window shows `lookedAt`. */
  readonly floating = signal(false);
  /** The picture whose tools were called by a finger. */
  readonly touched = signal<string | null>(null);
  /** The picture whose quality is explained. */
  readonly explained = signal<string | null>(null);
  readonly arrangement: ReadonlySignal<Arrangement>;
  readonly scene: ReadonlySignal<Scene>;
  /** Who has the floor on a page that is not shown, and on which. */
  readonly speakerElsewhere: ReadonlySignal<{ picture: Picture; page: number } | null>;

  /** The one picture to look at where there is room for one. */
  readonly lookedAt: ReadonlySignal<Picture | null>;

  readonly #seating = new Seating();
  /** Sharers in the order in which they began. */
  readonly #sharers = new Seating();
  /** Counts changes of seats. */
  readonly #turn = signal(0);
  /** The one of the others who had the floor last. */
  readonly #speaker = signal<ParticipantId | null>(null);
  #screensSeen = new Set<string>();
  #cameraKept = false;
  readonly #stops: (() => void)[] = [];

  constructor(store: RoomStore) {
    this.store = store;
    this.figures = new Figures(store);
    this.following = new Following(store.call);
    const seated = computed(() => this.#seated());
    const screens = computed(() => this.#newestFirst(store.screens.value));
    this.arrangement = computed(() =>
      arrange(
        seated.value,
        screens.value,
        {
          mode: this.mode.value,
          pins: this.pins.value,
          chosenScreen: this.chosenScreen.value,
          selfShown: this.selfShown.value,
        },
        this.#speaker.value,
        this.following.led.value,
      ),
    );
    this.scene = computed(() =>
      sceneOf(this.arrangement.value, this.space.value, this.page.value, this.#slots()),
    );
    this.speakerElsewhere = computed(() => this.#elsewhere());
    this.lookedAt = computed(() => {
      const [large] = this.arrangement.value.stage;
      const others = store.people.value.filter(({ self }) => !self);
      const speaks = others.find(({ participant }) => participant.id === this.#speaker.value);
      return large ?? speaks ?? others[0] ?? store.people.value[0] ?? null;
    });
    this.#stops.push(
      watchFilling(),
      effect(() => this.#showToAll()),
      effect(() => this.#floorGiven(store.floor.value)),
      effect(() => this.#screensChanged(screens.value)),
      effect(() => {
        if (store.local.value.camera !== null || store.local.value.screen !== null) {
          this.soundOnly.value = false;
        }
      }),
      effect(() => remember("self.hidden", this.selfShown.value ? null : "1")),
      effect(() => remember("traffic.shown", this.trafficShown.value ? "1" : null)),
    );
  }

  close(): void {
    this.figures.close();
    this.following.close();
    this.#stops.forEach((stop) => stop());
  }

  /** From one large to all alike, or back. */
  toggleSpeakerView(): void {
    const isStaged = this.arrangement.value.stage.length > 0;
    batch(() => {
      this.following.leave();
      this.pins.value = [];
      this.mode.value = isStaged ? "grid" : "speaker";
    });
  }

  togglePin(key: string): void {
    const pins = this.pins.value;
    this.following.leave();
    this.pins.value = pins.includes(key) ? pins.filter((pin) => pin !== key) : [...pins, key];
  }

  chooseScreen(key: string): void {
    batch(() => {
      this.following.leave();
      this.pins.value = [];
      this.mode.value = "usual";
      this.chosenScreen.value = key;
    });
  }

  /** Gives up one's own choices for what a host shows. */
  followAgain(): void {
    batch(() => {
      this.pins.value = [];
      this.following.again();
    });
  }

  /** Leaves what a host shows, with everything as it is. */
  lookMyself(): void {
    const [large] = this.arrangement.value.stage;
    batch(() => {
      this.following.leave();
      this.mode.value = large === undefined ? "grid" : "speaker";
    });
  }

  /** Shows everybody what is large here, or lets everybody look at what they like. */
  toggleLeading(): void {
    const { following } = this;
    if (following.focus.value === null) {
      following.lead();
    } else {
      this.#try(following.release());
    }
  }

  /** To the next page, or by -1 to the one before; stays at the ends. */
  turn(by: 1 | -1): void {
    const { page, pages } = this.scene.value;
    this.page.value = Math.max(0, Math.min(page + by, pages - 1));
  }

  /** The choice of the camera is kept for when pictures are wanted again. */
  async setSoundOnly(on: boolean): Promise<void> {
    const { call, local } = this.store;
    if (!on) {
      this.soundOnly.value = false;
      if (this.#cameraKept && local.value.camera === null) {
        this.store.toggleCamera();
      }
      return;
    }
    this.#cameraKept = local.value.camera !== null;
    await call.setCamera(false);
    await call.shareScreen(false);
    this.soundOnly.value = true;
  }

  /** How good a picture comes; null where none is expected. `tile` is a height in CSS pixels. */
  qualityOf({ key, participant, source, self }: Picture, tile: number): Quality | null {
    const published = participant.sources.find((known) => known.source === source);
    if (self || published === undefined || this.soundOnly.value) {
      return null;
    }
    const height = this.figures.heights.value.get(key) ?? 0;
    return qualityOf({
      height,
      tile: tile * devicePixelRatio,
      captured: Math.min(published.width, published.height),
      siteMax: site.media.maxHeight < USUAL_HEIGHT ? site.media.maxHeight : null,
      line: this.store.line.value,
    });
  }

  #showToAll(): void {
    const [large] = this.arrangement.value.stage;
    if (this.following.leading.value) {
      const stage = large && { participant: large.participant.id, source: large.source };
      untracked(() => this.#try(this.following.show({ stage: stage ?? null })));
    }
  }

  #try(order: Promise<void>): void {
    order.catch(() => this.store.say(t().pictures.notLed));
  }

  #seated(): readonly Picture[] {
    void this.#turn.value;
    const people = new Map(
      this.store.people.value.map((picture) => [picture.participant.id, picture]),
    );
    return this.#seating.seat([...people.keys()]).flatMap((id) => people.get(id) ?? []);
  }

  #newestFirst(screens: readonly Picture[]): readonly Picture[] {
    const byId = new Map(screens.map((picture) => [picture.participant.id, picture]));
    const seats = this.#sharers.seat([...byId.keys()]);
    return seats.flatMap((id) => byId.get(id) ?? []).reverse();
  }

  /** Read with the state, because a new session has new slots. */
  #slots(): number {
    void this.store.state.value;
    return this.store.call.slots.filter(({ kind }) => kind === "video").length;
  }

  #floorGiven(id: ParticipantId | null): void {
    if (id === null || id === this.store.call.you) {
      return;
    }
    untracked(() => {
      const { page, pageOf, perPage } = this.scene.value;
      const isInSight = (pageOf.get(`${id}-camera`) ?? page) === page;
      const own = this.selfShown.value ? 1 : 0;
      batch(() => {
        this.#speaker.value = id;
        this.#seating.giveFloor(id, isInSight ? Number.MAX_SAFE_INTEGER : perPage - own);
        this.#turn.value += 1;
      });
    });
  }

  /** Who begins to share wants to be looked at. */
  #screensChanged(screens: readonly Picture[]): void {
    const isNew = screens.some(({ key }) => !this.#screensSeen.has(key));
    this.#screensSeen = new Set(screens.map(({ key }) => key));
    if (isNew && untracked(() => this.mode.value) === "grid") {
      this.mode.value = "usual";
    }
  }

  #elsewhere(): { picture: Picture; page: number } | null {
    const { page, pageOf } = this.scene.value;
    const floor = this.store.floor.value;
    const picture = this.store.people.value.find(({ participant }) => participant.id === floor);
    if (picture === undefined || picture.self) {
      return null;
    }
    const where = pageOf.get(picture.key) ?? page;
    return where === page ? null : { picture, page: where };
  }
}
