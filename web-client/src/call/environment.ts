// Everything the call takes from the browser, as values: unit tests put others in their place.

/** The part of a WebSocket that signaling uses. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

/** What a socket calls back. After `onClose`, nothing more. */
export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  onClose(): void;
}

/** A pending timer. */
export type Timer = ReturnType<typeof setTimeout>;

export interface Environment {
  openSocket(url: string, protocol: string, handlers: SocketHandlers): Socket;
  createPeerConnection(config: RTCConfiguration): RTCPeerConnection;
  /** Codecs for sending or receiving, in the browser's order. */
  codecs(side: "send" | "receive", kind: "audio" | "video"): readonly RTCRtpCodec[];
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  getDisplayMedia(options: DisplayMediaStreamOptions): Promise<MediaStream>;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  after(delayMs: number, act: () => void): Timer;
  cancel(timer: Timer): void;
  /** From 0 to 1, for spreading reconnections. */
  random(): number;
  /** Random, and the same at each visit where the browser remembers anything. */
  browserToken(): string;
  /** Calls back when the network comes or goes; the result stops that. */
  onNetworkChange(listener: (online: boolean) => void): () => void;
  /** Calls back when the page goes away; the result stops that. */
  onPageGone(listener: () => void): () => void;
}

/** The browser itself. */
export function browserEnvironment(): Environment {
  return {
    openSocket: openWebSocket,
    createPeerConnection: (config) => new RTCPeerConnection(config),
    codecs: (side, kind) => {
      const capabilities =
        side === "send" ? RTCRtpSender.getCapabilities(kind) : RTCRtpReceiver.getCapabilities(kind);
      return capabilities?.codecs ?? [];
    },
    getUserMedia: (constraints) => mediaDevices().getUserMedia(constraints),
    getDisplayMedia: (options) => mediaDevices().getDisplayMedia(options),
    now: () => performance.now(),
    after: (delayMs, act) => setTimeout(act, delayMs),
    cancel: (timer) => clearTimeout(timer),
    random: () => Math.random(),
    browserToken,
    onNetworkChange: (listener) => {
      const online = (): void => listener(true);
      const offline = (): void => listener(false);
      const stopTypeWatch = watchNetworkType(online);
      addEventListener("online", online);
      addEventListener("offline", offline);
      return () => {
        stopTypeWatch();
        removeEventListener("online", online);
        removeEventListener("offline", offline);
      };
    },
    onPageGone: (listener) => {
      addEventListener("pagehide", listener);
      return () => removeEventListener("pagehide", listener);
    },
  };
}

/** Where the token is kept, among what the pages remember. */
const TOKEN_KEY = "preau.browser";

/** 128 random bits, in hexadecimal digits. */
const TOKEN = /^[0-9a-f]{32}$/;

/** For a browser that remembers nothing: the same while the page is open. */
let pageToken: string | null = null;

function browserToken(): string {
  const kept = storage((items) => items.getItem(TOKEN_KEY)) ?? pageToken;
  if (kept !== null && TOKEN.test(kept)) {
    return kept;
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  pageToken = token;
  storage((items) => items.setItem(TOKEN_KEY, token));
  return token;
}

/** Does something with what the browser remembers; null where it remembers nothing. */
function storage<Result>(use: (items: Storage) => Result): Result | null {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

/** Whether this browser can hold a call at all. */
export function canCall(): boolean {
  return typeof RTCPeerConnection === "function" && typeof WebSocket === "function";
}

function openWebSocket(url: string, protocol: string, handlers: SocketHandlers): Socket {
  const socket = new WebSocket(url, protocol);
  socket.onopen = () => handlers.onOpen();
  socket.onmessage = ({ data }) => handlers.onText(typeof data === "string" ? data : "");
  socket.onclose = () => handlers.onClose();
  return socket;
}

/** The Network Information API, where there is one; desktops say no type. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/** From Wi-Fi to mobile and back. The same event tells estimates, which change all the time. */
function watchNetworkType(listener: () => void): () => void {
  const { connection } = navigator as Navigator & { readonly connection?: NetworkInformation };
  let type = connection?.type;
  const changed = (): void => {
    if (connection?.type !== type) {
      type = connection?.type;
      listener();
    }
  };
  connection?.addEventListener("change", changed);
  return () => connection?.removeEventListener("change", changed);
}

/** Absent on plain HTTP away from localhost, whatever the types say. */
function mediaDevices(): MediaDevices {
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  if (devices === undefined) {
    throw new DOMException("no devices on an insecure page", "SecurityError");
  }
  return devices;
}
