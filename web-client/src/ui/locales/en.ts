// English, and the list of everything the pages can say. Other languages are typed against it.
import type { CallEnd, Connection } from "../../call";

export const en = {
  chooseLanguage: "Language",
  languageFailed: "This language could not be loaded. Reload the page and choose it again.",
  theme: {
    title: "Appearance",
    system: "As the system",
    light: "Light",
    dark: "Dark",
  },
  close: "Close",
  cancel: "Cancel",

  tagline: "A video room of your own: open it, share the link, see one another.",
  createTitle: "Open a room",
  createRoomName: "Room name (optional)",
  createRoomNameHint: "Leave it empty and we find one.",
  createRoom: "Open a room",
  creating: "Opening…",
  enterTitle: "Enter a room",
  enter: "Go to the room",
  createFailed: "The room could not be opened. Check your connection and try again.",
  createNameTaken:
    "There is already a room of this name. Choose another, or leave the field empty.",
  createNameBad: "This name cannot be given to a room. Choose another, or leave the field empty.",
  createRefused:
    "This server does not let you open a room just now. Try again in a minute, or ask whoever runs it.",
  noTracking: "No account, nothing to install, no tracking.",

  room: (name: string) => `Room ${name}`,
  linkIncompleteTitle: "This link is not complete",
  linkIncomplete:
    "The part after # is missing, and without it the room stays closed. Ask for the link again, or type the code of the room here.",
  backHome: "To the home page",

  readyTitle: "Ready to join?",
  yourName: "Your name",
  nameMissing: "Say your name, so that the others know who you are.",
  join: "Join",
  joinListening: "Join to watch and listen",
  joining: "Joining…",
  preview: "Your picture",
  cameraIsOff: "Your camera is off",
  microphone: "Microphone",
  camera: "Camera",
  microphoneLevel: "Microphone level",
  microphoneChoice: "Choose a microphone",
  cameraChoice: "Choose a camera",
  deviceNumber: (number: number) => `Device ${number}`,

  insecureTitle: "No camera or microphone on this address",
  insecure:
    "Browsers open the camera and the microphone only over HTTPS. Whoever runs this server can cure it: start it with --tls self-signed, or with a certificate. Until then you can watch and listen.",
  askingDevices:
    "Your browser is asking for the camera and the microphone. Allow them, so that the others see and hear you.",
  deviceRefused: {
    microphone:
      "The browser does not allow the microphone. Click the padlock or the slider beside the address, allow the microphone, then press the button again.",
    camera:
      "The browser does not allow the camera. Click the padlock or the slider beside the address, allow the camera, then press the button again.",
  },
  deviceMissing: {
    microphone:
      "No microphone was found. Plug one in and press the button again. You can join without it and listen.",
    camera: "No camera was found. Plug one in and press the button again. You can join without it.",
  },
  deviceBusy: {
    microphone:
      "The microphone does not start. Another program may be using it: close that one and press the button again.",
    camera:
      "The camera does not start. Another program may be using it: close that one and press the button again.",
  },
  deviceUnplugged: {
    microphone: "Your microphone was unplugged. Check which one is in use.",
    camera: "Your camera was unplugged. Plug it in and turn the camera on again.",
    screen: "You are no longer sharing your screen.",
    screen_audio: "You are no longer sharing your screen.",
  },
  screenRefused: "The screen is not shared. Choose a screen, window or tab and press “Share”.",

  toolbar: "Call controls",
  microphoneKey: "Microphone (M)",
  cameraKey: "Camera (V)",
  shareScreen: "Share screen",
  people: "People",
  peopleCount: (count: number) => (count === 1 ? "1 person here" : `${count} people here`),
  invite: "Invite",
  settings: "Settings",
  leave: "Leave",
  you: "you",
  host: "host",
  screenOf: (name: string) => `${name}’s screen`,
  yourScreen: "Your screen",
  microphoneOff: "microphone off",
  cameraOff: "camera off",
  speaking: "speaking",
  alone: "You are the only one here. Invite the others with the link.",
  cameJoined: (name: string) => `${name} joined`,
  wentAway: (name: string) => `${name} left`,
  soundOn: "Turn sound on",

  talk: {
    more: "More",
    chat: "Chat",
    unread: (count: number) => (count === 1 ? "1 unread message" : `${count} unread messages`),
    messages: "Conversation",
    message: "Your message",
    chatEmpty: "Nothing written yet. Messages are not stored: who comes later does not see them.",
    me: "You",
    somebody: "Somebody",
    somebodyGone: "Somebody who left",
    to: "To",
    everybody: "Everybody",
    send: "Send",
    privately: "to you alone",
    privatelyTo: (name: string) => `to ${name} alone`,
    charactersLeft: (count: number) => `${count} characters left`,
    charactersOver: (count: number) => `${count} characters too many`,
    messageFrom: (name: string, text: string) => `Message from ${name}: ${text}`,
    longMessageFrom: (name: string) => `Long message from ${name}`,
    privateMessageFrom: (name: string, text: string) => `Private message from ${name}: ${text}`,
    longPrivateMessageFrom: (name: string) => `Long private message from ${name}`,
    messagesCame: (count: number) => `${count} new messages`,
  },

  inviteTitle: "Invite people",
  guestLink: "Guest link",
  guestLinkHint: "For everybody you want to see here.",
  copyGuestLink: "Copy guest link",
  hostLink: "Host link",
  hostLinkHint: "Only for those who keep order with you. Do not post it in public.",
  copyHostLink: "Copy host link",
  copied: "Copied",
  copyByHand: "The browser does not let us copy: the link is selected, press Ctrl+C.",
  shortcuts: "Keyboard shortcuts: M for the microphone, V for the camera",

  connection: {
    connected: "Connected",
    media_connecting: "Connecting sound and picture…",
    reconnecting_signaling: "Connection to the server lost. Reconnecting… Sound and picture go on.",
    restarting_media: "Sound and picture are interrupted. Restoring…",
    rejoining: "The connection was lost. Joining again…",
    in_lobby: "Waiting for a host to let you in again…",
  } satisfies Record<Connection, string>,
  soundAlone: "Your connection is too thin for pictures; sound goes on.",
  udpBlocked: (way: string) => `Your network blocks UDP: the call goes by ${way}.`,
  detourDetails: "What this means",
  udpBlockedDetails: (way: string, host: string) =>
    `The call works, and there is nothing you need to do. On a busy connection, sound and picture may come a little later. For a smoother call, ask whoever runs this network to allow ${way} to ${host}. We keep trying UDP now and then.`,
  udpAgain: "UDP gets through again: the call uses it.",
  pathTaken: (way: string) => `Sound and picture go by ${way}.`,
  understood: "Understood",
  connectedAgain: "Connected again",

  endedTitle: "The call is over",
  joinAgain: "Join again",
  end: {
    left: "You have left the room.",
    media_lost:
      "Sound and picture found no way to the server. Your network may block it: try another network, or ask whoever runs the server whether its port is open for UDP and TCP.",
    replaced: "This call goes on in another window or tab.",
    server_stopping: "The server is stopping. Try again in a minute.",
    removed: "A host has removed you from the room.",
    ended_by_host: "The host has ended the call for everybody.",
    connection_failed: "The server cannot be reached. Check your connection and try again.",
    unsupported_browser:
      "This browser cannot hold a video call. Use a current Firefox, Chrome, Edge or Safari.",
    bad_message:
      "The server did not understand this page. Reload it; if that does not help, tell whoever runs the server.",
    unsupported:
      "The server does not know what this page asks. Reload it, so that both have the same version.",
    too_long: "The server refused a message as too long. Reload the page and try again.",
    too_fast: "That was too much at once for the server. Wait a moment and try again.",
    too_slow:
      "The connection is too slow, and the server gave up. Try again, closer to the Wi-Fi if you can.",
    unknown_link:
      "This link opens no room. Check that it is copied to the end, or ask for a new one.",
    expired_link: "This link has expired or was withdrawn. Ask the host for a new one.",
    bad_name: "The server does not take this name. Use 1 to 64 ordinary characters.",
    bad_text: "The server does not take this message. Write 1 to 2,000 ordinary characters.",
    unknown_participant: "This person is not in the room any more.",
    not_allowed: "The rules of this room do not let you do that. Ask a host.",
    unknown_poll: "This vote is over.",
    denied: "The host did not let you in. If that is a mistake, ask them another way.",
    banned: "A host has removed you from this room, and you cannot come back to it.",
    locked: "The room is locked. Ask the host to open it.",
    bad_code:
      "This code does not open the room. Check it with whoever gave it to you; after several tries, wait a minute.",
    bad_offer:
      "The server and this browser found no common way to send sound and picture. Try a current Firefox or Chrome.",
    room_full: "The room is full. Try again when somebody has left.",
    server_full: "The server is full. Try again in a few minutes.",
    session_gone: "Your place in the room was given up. Join again.",
    not_joined: "You are not in the room any more. Join again.",
    media_unavailable:
      "The server’s media part does not answer. Try again in a minute; if it lasts, tell whoever runs the server.",
  } satisfies Record<CallEnd, string>,

  /** Home, sharing, preview, waiting: all that comes before the room. */
  door: {
    partMissing:
      "This part of the page could not be loaded. Check your connection, then reload the page.",
    enterLink: "Link or name of the room",
    enterLinkHint: "The link that you were given, the whole of it if you can.",
    enterLinkBad:
      "This is neither a link nor a name of a room. A link looks like https://…/room#secret: copy it again, to the end.",

    recentTitle: "Your last rooms",
    recentHint: "This list is kept in this browser only.",
    forgetRoom: (name: string) => `Forget the room ${name}`,
    forgetHostSure: (name: string) =>
      `Forget the room ${name}? In this browser you will no longer be its host, unless you noted the host link.`,
    forget: "Forget",
    forgetAll: "Forget everything on this computer",
    forgetAllSure:
      "Your name, your devices and your rooms will be forgotten in this browser. You will no longer be host of any room here, unless you noted the host link.",
    forgotten: "Forgotten: this browser remembers nothing any more.",

    hostNote: "You host this room. Send the guest link to the people you expect.",
    linkWithoutSecret: "Whoever opens this link is asked for the code of the room.",
    share: "Share…",
    byMail: "By e-mail",
    mailSubject: (room: string) => `Video meeting, room ${room}`,
    mailText: "Here is the link to enter the room; there is nothing to install:",
    mailCode: (address: string, code: string) =>
      `If the link does not open well, go to ${address} and give the code ${code}.`,
    roomCode: "Code of the room:",
    roomCodeHint: (address: string) =>
      `For whoever has not the whole link: open ${address}, give this code, then wait until you let them in.`,
    showQr: "QR code",
    qrLabel: "QR code of the guest link",
    qrHint: "To project or to print: a phone that takes a picture of it opens the room.",
    showCalendar: "Add to a calendar",
    meetingName: "Title",
    meetingTitle: (room: string) => `Video meeting, room ${room}`,
    meetingDate: "Date",
    meetingTime: "Starts at",
    meetingLength: "Length",
    minutes: (minutes: number) =>
      minutes < 60
        ? `${minutes} min`
        : `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`,
    saveCalendar: "Download the .ics file",

    joinSound: "Enter with sound only",
    devices: "Your devices",
    speakerChoice: "Choose a loudspeaker",
    speakerOfSystem: "The system's loudspeaker",
    testSpeaker: "Test the loudspeaker",
    speakerPlaying: "Two notes…",
    speakerPlayed:
      "Did you hear two notes? If not, turn the volume up or choose another device.",
    speakerRefused: "The browser did not play the sound. Press the button again.",
    blur: "Blur the background (by the camera)",
    more: "Connection and shared computer",
    sharedComputer: "Remember nothing on this computer once I close the tab",
    check: "Test the connection",
    checkHint:
      "To know whether this network lets sound and pictures through. It takes a few seconds.",

    yourCode: "The room's code",
    codeHint: "Six digits, such as 042 917. A host of the room can tell you.",
    codeMalformed: "A code has six digits, such as 042 917.",
    goOn: "Continue",

    waitingShort: "Waiting",
    waitingTitle: "Just a moment",
    hostWasTold: "The host knows that you are here and can let you in.",
    hostNotHere: "No host is here yet. As soon as one is, they will see that you wait.",
    waitingHint: "Leave this page open: you will come in without doing anything else.",
    stopWaiting: "Stop waiting",
    letIn: "You are in the room.",
    deniedTitle: "The host did not let you in",
    bannedTitle: "This room is closed to you",
    lockedTitle: "The room is locked",
    tryAgain: "Try again",

    deviceNow: (name: string) => `Your voice is taken from: ${name}.`,
    cameraBack: "Your camera is on again.",
  },

  /** What the test of the connection finds. */
  check: {
    title: "Test of the connection",
    testing: "Testing, a few seconds…",
    page: "Server (HTTPS)",
    socket: "Messages (WebSocket)",
    udp: "Sound and pictures by UDP",
    media: "Sound and pictures",
    works: "passes",
    blocked: "blocked",
    roundTrip: (ms: number) => `there and back in ${ms} ms`,
    allWell: "Everything passes: sound and pictures take the shortest way.",
    byTcp: (way: string) => `Your network blocks UDP: sound and pictures go by ${way}.`,
    untested:
      "The server answers. It does not let you try sound and pictures before you enter the room.",
    noSocket:
      "The page comes, but the network cuts the lasting connection (WebSocket) that a meeting needs. Show this report to whoever runs the network, or try another one.",
    copy: "Copy the report",
    again: "Test again",
  },
};

/** What a language has to say: every key, with the same arguments. */
export type Messages = Shape<typeof en>;

type Shape<Value> = Value extends (...args: infer Args) => string
  ? (...args: Args) => string
  : Value extends string
    ? string
    : { readonly [Key in keyof Value]: Shape<Value[Key]> };

export default en;
