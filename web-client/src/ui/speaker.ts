// Where sound comes out: the device that the person chose, where the browser lets them choose.
import { signal } from "@preact/signals";

import { canCapture } from "./devices";
import { recall, remember } from "./storage";

/** Null is whatever the system uses. */
export const speakerId = signal<string | null>(recall("speaker.id"));

/** Absent from Safari, and from phones. */
export function canChooseSpeaker(): boolean {
  return canCapture() && "setSinkId" in HTMLMediaElement.prototype;
}

export function chooseSpeaker(deviceId: string | null): void {
  speakerId.value = deviceId;
  remember("speaker.id", deviceId);
}

/** Sends an element's sound there; the system's own device where the chosen one is gone. */
export async function sendToSpeaker(element: HTMLMediaElement): Promise<void> {
  if (!canChooseSpeaker()) {
    return;
  }
  const wanted = speakerId.value ?? "";
  if (element.sinkId !== wanted) {
    await element.setSinkId(wanted).catch(() => element.setSinkId(""));
  }
}

/** Their names, like those of microphones, are given once a device was allowed. */
export async function listSpeakers(): Promise<readonly MediaDeviceInfo[]> {
  if (!canChooseSpeaker()) {
    return [];
  }
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind, deviceId }) => kind === "audiooutput" && deviceId !== "");
}

/** Two notes, in Hz, which small loudspeakers carry. */
const NOTES_HZ = [523.25, 659.25];
const NOTE_S = 0.4;

/** Plays two notes there. Resolves when they are over; rejects where the browser refuses. */
export async function playTestSound(): Promise<void> {
  const context = new AudioContext();
  const element = new Audio();
  try {
    const destination = context.createMediaStreamDestination();
    element.srcObject = destination.stream;
    await Promise.all([sendToSpeaker(element), context.resume(), element.play()]);
    const end = NOTES_HZ.reduce((start, hz) => note(context, destination, hz, start), 0.1);
    await new Promise((over) => setTimeout(over, end * 1000));
  } finally {
    element.srcObject = null;
    await context.close();
  }
}

/** `start` counts from this moment, in seconds; returns when the note is over. */
function note(context: AudioContext, to: AudioNode, hz: number, start: number): number {
  const [begin, end] = [context.currentTime + start, context.currentTime + start + NOTE_S];
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.frequency.value = hz;
  loudness.gain.setValueAtTime(0, begin);
  loudness.gain.linearRampToValueAtTime(0.3, begin + 0.03);
  loudness.gain.linearRampToValueAtTime(0, end);
  tone.connect(loudness).connect(to);
  tone.start(begin);
  tone.stop(end);
  return start + NOTE_S;
}
