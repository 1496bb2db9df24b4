// The rooms that this browser was in last, so that a lesson is one press away next week.
import { signal } from "@preact/signals";

import { hostSecret, isRoomName, keepHostSecret } from "./links";
import { recall, remember } from "./storage";

export interface RecentRoom {
  readonly room: string;
  /** What the guest link carries; null where one came by the room's code. */
  readonly guestSecret: string | null;
  /** When one was last there, in ms since 1970. */
  readonly at: number;
}

const KEY = "rooms";
/** As many as fit on a screen without searching. */
const ROOMS_MAX = 12;

/** Newest first. */
export const recentRooms = signal<readonly RecentRoom[]>(readRooms(recall(KEY)));

export function noteRoom(entered: RecentRoom): void {
  const others = recentRooms.value.filter(({ room }) => room !== entered.room);
  keep([entered, ...others].slice(0, ROOMS_MAX));
}

/** Forgets the room, and with it that one is its host. */
export function forgetRoom(room: string): void {
  keepHostSecret(room, null);
  keep(recentRooms.value.filter((recent) => recent.room !== room));
}

export function isHostOf(room: string): boolean {
  return hostSecret(room) !== null;
}

/** Where a room known by name alone leads: whole where this browser was there before. */
export function addressOf(room: string): string {
  const known = recentRooms.value.find((recent) => recent.room === room);
  return known?.guestSecret ? `/${room}#${known.guestSecret}` : `/${room}`;
}

/** Looks again, after everything was forgotten. */
export function rereadRooms(): void {
  recentRooms.value = readRooms(recall(KEY));
}

/** What is stored may be of another version, or of somebody's hand. */
export function readRooms(text: string | null): readonly RecentRoom[] {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  return Array.isArray(stored) ? stored.flatMap(readRoom).slice(0, ROOMS_MAX) : [];
}

function readRoom(stored: unknown): readonly RecentRoom[] {
  const { room, guestSecret, at } = (stored ?? {}) as Record<string, unknown>;
  if (typeof room !== "string" || !isRoomName(room) || typeof at !== "number") {
    return [];
  }
  return [{ room, guestSecret: typeof guestSecret === "string" ? guestSecret : null, at }];
}

function keep(rooms: readonly RecentRoom[]): void {
  recentRooms.value = rooms;
  remember(KEY, rooms.length === 0 ? null : JSON.stringify(rooms));
}
