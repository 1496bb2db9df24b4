// English, and the list of everything the pages can say. Other languages are typed against it.
// tidy: long because a language is one file, which somebody translates from top to bottom.
import type { CallEnd, Connection } from "../../call";

export const en = {
  chooseLanguage: "Language",
  languageFailed: "This language could not be loaded. Reload the page and choose it again.",
  close: "Close",

  site: {
    legal: "Legal notice",
    privacy: "Privacy",
    contact: "Contact",
    source: "Source code",
  },

  room: (name: string) => `Room ${name}`,
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
  captions: "Captions",
  settings: "Settings",
  leave: "Leave",
  you: "you",
  host: "host",
  screenOf: (name: string) => `${name}’s screen`,
  yourScreen: "Your screen",
  microphoneOff: "microphone off",
  cameraOff: "camera off",
  speaking: "speaking",
  alone: "You are the only one here.",
  cameJoined: (name: string) => `${name} joined`,
  wentAway: (name: string) => `${name} left`,
  soundOn: "Turn sound on",

  talk: {
    more: "More",
    chat: "Chat",
    unread: (count: number) => (count === 1 ? "1 unread message" : `${count} unread messages`),
    me: "You",
    somebody: "Somebody",
    messageFrom: (name: string, text: string) => `Message from ${name}: ${text}`,
    longMessageFrom: (name: string) => `Long message from ${name}`,
    privateMessageFrom: (name: string, text: string) => `Private message from ${name}: ${text}`,
    longPrivateMessageFrom: (name: string) => `Long private message from ${name}`,
    messagesCame: (count: number) => `${count} new messages`,

    hand: "Raise hand",
    handKey: "Raise or lower your hand (H)",
    handUp: (place: number) => `hand raised, number ${place}`,
    handRaised: (name: string) => `${name} raises a hand`,
    handsRaised: (count: number) => `${count} hands are raised`,

    reactions: "React",
    reactionNames: {
      agree: "Agree",
      disagree: "Disagree",
      applause: "Applause",
      heart: "Heart",
      laugh: "Laughter",
      surprise: "Surprise",
      slower: "Slower, please",
      faster: "Faster, please",
    },
    reactionBy: (name: string, reaction: string) => `${name}: ${reaction}`,
    reactionsShown: (count: number) => `${count} reactions`,

    hostTools: "Host tools",

    waitingTitle: (count: number) => (count === 1 ? "1 person waits" : `${count} people wait`),
    see: "See who",
    later: "Later",

    forbidden: {
      microphone: "The host keeps guests’ microphones off. Raise your hand to ask for the floor.",
      camera: "The host keeps guests’ cameras off.",
      screen: "The host does not let guests share their screen.",
      chat: "The host has closed the chat to everybody. You can still write to a host.",
      private_chat: "The host does not let guests write to one another.",
    },

    pollOpened: (question: string) => `A vote: ${question}`,
    pollClosed: (yes: number, no: number, abstain: number) =>
      `The vote is over. Yes: ${yes}. No: ${no}. Abstained: ${abstain}.`,

    minuteLeft: "One minute left",
    timeOver: "Time is up",

    mutedHint: "Your microphone is off: nobody hears you. Press M, or hold the space bar to talk.",
    talkingBySpace: "You are heard as long as you hold the space bar.",
    recording: "recording",
    recordedBy: (names: string) => `Recording: ${names}`,
    record: {
      title: "Record my view",
      stop: "Stop recording",
    },
  },

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
      "This part of the page could not be loaded: the server may have been updated. Reload the page, and you are back here at once.",
    reload: "Reload the page",

    hostNote: "You host this room. Send the guest link to the people you expect.",

    joinSound: "Enter with sound only",
    devices: "Your devices",
    speakerChoice: "Choose a loudspeaker",
    speakerOfSystem: "The system’s loudspeaker",
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

    letIn: "You are in the room.",
    deniedTitle: "The host did not let you in",
    bannedTitle: "This room is closed to you",
    lockedTitle: "The room is locked",
    tryAgain: "Try again",

    microphoneNow: (name: string) => `Your voice is taken from the microphone “${name}”.`,
    cameraBack: "Your camera is on again.",
  },

  /** What the test of the connection finds. */

  pictures: {
    speakerView: "One person large",
    fullScreen: "Full screen",
    float: "Picture in picture",
    selfView: "See my own picture",
    soundOnly: "Sound only",
    lead: "Everybody sees what I see",
    pin: (name: string) => `Keep large: ${name}`,
    fillWith: (name: string) => `Fill the screen: ${name}`,
    screens: "Shared screens",
    pages: "Pages of pictures",
    pageBefore: "Page before",
    pageAfter: "Next page",
    pageOf: (page: number, pages: number) => `Page ${page} of ${pages}`,
    speaksElsewhere: (name: string) => `${name} is speaking: look`,
    soundOnlyNotice: "Sound only: your computer receives and sends no picture.",
    picturesAgain: "Show pictures again",
    led: "You see what the host shows to everybody.",
    lookMyself: "Choose for myself",
    ledWithoutYou: "The host shows a picture to everybody.",
    followAgain: "Follow the host",
    leading: "Everybody sees what is large on your screen.",
    stopLeading: "Stop",
    notLed: "The server could not show your view to everybody. Try again.",
    floatRefused: "The browser does not open the small window. Try again.",
    qualityOf: (name: string, height: number) =>
      height === 0 ? `Quality of the picture: ${name}` : `${height}p, quality of the picture: ${name}`,
    megabytes: (amount: string) => `${amount}\u00a0MB`,
  },
};

/** What a person opens later, in panels and on other pages: fetched with the first of those. */
export const later = {
  copied: "Copied",
  copyByHand: "The browser does not let us copy: the link is selected, press Ctrl+C.",
  textMissing: "The text could not be loaded. Check your connection and reload the page.",
  cancel: "Cancel",
  theme: {
    title: "Appearance",
    system: "As the system",
    light: "Light",
    dark: "Dark",
  },
  shortcuts:
    "Keyboard shortcuts: M for the microphone, V for the camera, H for the hand, space to talk",
  pathTaken: (way: string) => `Sound and picture go by ${way}.`,
  quality: {
    full: (height: number) => `${height}p: the picture comes as the camera makes it.`,
    smallTile: (height: number) => `${height}p: this tile needs no more.`,
    sober: (height: number) => `${height}p: this server’s choice, to stay sober.`,
    theirCamera: (height: number) => `${height}p: this camera gives no more.`,
    theirLine: (height: number) =>
      `${height}p: this person’s connection or computer sends no more.`,
    yourLine: (height: number, kilobits: number) =>
      `${height}p: your connection gives ${kilobits}\u00a0kb/s.`,
    nothingByYourLine: (kilobits: number) =>
      `No picture for now: your connection gives ${kilobits}\u00a0kb/s.`,
    notYet: "The picture has not arrived yet.",
  },
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
  muteAll: "Mute all guests",

  home: {
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
  },

  code: {
    title: "This link is not complete",
    sentence:
      "The part after # is missing, and without it the room stays closed. Ask for the link again, or type the code of the room here.",
    yours: "The room's code",
    hint: "Six digits, such as 042 917. A host of the room can tell you.",
    malformed: "A code has six digits, such as 042 917.",
    goOn: "Continue",
  },

  share: {
    title: "Invite people",
    guestLink: "Guest link",
    guestLinkHint: "For everybody you want to see here.",
    copyGuestLink: "Copy guest link",
    hostLink: "Host link",
    hostLinkHint: "Only for those who keep order with you. Do not post it in public.",
    copyHostLink: "Copy host link",
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
  },

  traffic: {
    total: (amount: string) => `Data exchanged since you came: ${amount}`,
    hour: (amount: string) => `At this rate: ${amount} an hour`,
    parts: (received: string, sent: string) => `${received} received, ${sent} sent`,
    shown: "Show this counter during the call",
  },

  waiting: {
    short: "Waiting",
    title: "Just a moment",
    hostWasTold: "The host knows that you are here and can let you in.",
    hostNotHere: "No host is here yet. As soon as one is, they will see that you wait.",
    hint: "Leave this page open: you will come in without doing anything else.",
    stop: "Stop waiting",
  },

  chat: {
    lines: "Conversation",
    message: "Your message",
    empty: "Nothing written yet. Messages are not stored: who comes later does not see them.",
    somebodyGone: "Somebody who left",
    to: "To",
    everybody: "Everybody",
    send: "Send",
    privately: "to you alone",
    privatelyTo: (name: string) => `to ${name} alone`,
    charactersLeft: (count: number) => `${count} characters left`,
    charactersOver: (count: number) => `${count} characters too many`,
  },

  captions: {
    show: "Show captions",
    hint: "Somebody in the room types them. No transcription service listens.",
    size: "Size",
    sizes: { small: "Small", medium: "Medium", large: "Large" },
    position: "Place",
    positions: { bottom: "Bottom", top: "Top" },
    solid: "Opaque background",
    announced: "Have my screen reader read them out",
    lines: "Captions written so far",
    empty: "Nothing written yet. Captions are not kept: whoever comes later does not see them.",
    by: (name: string) => `${name}:`,
    write: "Write captions",
    text: "What is being said",
    writeHint: "Enter sends the line. Everybody can show it, with your name.",
    send: "Send",
    closed: "The chat with everybody is closed: only hosts can write captions.",
    offer: (name: string) => `${name} is writing captions.`,
    accept: "Show them",
    decline: "No, thanks",
  },

  people: {
    handsTitle: (count: number) => (count === 1 ? "1 raised hand" : `${count} raised hands`),
    lower: "Lower",
    lowerHand: "Lower the hand",
    lowerHandOf: (name: string) => `Lower ${name}’s hand`,
    lowerAll: "Lower all hands",
    notRaised: (count: number) =>
      count === 1 ? "1 guest has not raised a hand" : `${count} guests have not raised a hand`,
    actionsFor: (name: string) => `Actions for ${name}`,
    writePrivately: "Write privately",
    turnOff: {
      microphone: "Turn the microphone off",
      camera: "Turn the camera off",
      screen: "Stop the screen share",
      screen_audio: "Stop the sound of the screen",
    },
    askFor: {
      microphone: "Ask to turn the microphone on",
      camera: "Ask to turn the camera on",
      screen: "Ask to share the screen",
      screen_audio: "Ask to share the sound of the screen",
    },
    makeRole: { host: "Make host", guest: "Make guest again" },
    remove: {
      label: "Remove from the room…",
      title: (name: string) => `Remove ${name}?`,
      sentence: "This person leaves the room at once, and may come back with the link.",
      yes: "Remove",
    },
    ban: {
      label: "Remove and keep out…",
      title: (name: string) => `Keep ${name} out?`,
      sentence: "This person leaves the room at once and cannot come back to it.",
      yes: "Keep out",
    },
    keptOut: {
      title: "People kept out",
      nobody: "Nobody is kept out of this room.",
      lift: "Let them come again",
      liftWho: (name: string) => `Let ${name} come again`,
      lifted: (name: string) => `${name} can come again with the link.`,
    },
    admit: "Admit",
    admitWho: (name: string) => `Admit ${name}`,
    admitAll: "Admit all",
    deny: "Deny",
    denyWho: (name: string) => `Deny ${name}`,
    denyAll: "Deny all",
    byCode: "(with the room’s code)",
  },

  host: {
    rulesTitle: "Room rules",
    rules: {
      lobby: "Guests wait in a lobby until they are admitted",
      locked: "Room locked: nobody new comes in",
      microphone: "Guests may turn their microphone on",
      camera: "Guests may turn their camera on",
      screen: "Guests may share their screen",
      chat: "Guests may write to everybody",
      private_chat: "Guests may write to one another",
      recording: "Guests may record what they see",
    },
    pollQuestion: "Question",
    pollHint: "Everybody answers yes, no, or abstains. Nobody sees who answered what.",
    pollOpen: "Start the vote",
    timerTitle: "Timer",
    timerMinutes: "Minutes",
    timerStart: "Start the timer",
    timerStop: "Stop the timer",
    attendanceTitle: "Attendance",
    attendanceHint: "Who was here, from when to when: a file for a spreadsheet, with names.",
    attendanceTake: "Download the attendance list",
    attendance: {
      name: "Name",
      role: "Role",
      from: "From",
      to: "To",
      guest: "guest",
      host: "host",
      stillHere: "still here",
      separator: ",",
      file: (room: string, day: string) => `attendance-${room}-${day}.csv`,
    },
    endAll: {
      label: "End the call for everybody…",
      title: "End the call for everybody?",
      sentence: "Everybody leaves the room at once, and you do too.",
      yes: "End for everybody",
    },
  },

  poll: {
    title: "Vote",
    answer: "Your answer",
    close: "End the vote",
    dismiss: "Take it off the screens",
    voted: (voted: number, here: number) => `${voted} of ${here} have voted`,
    choices: { yes: "Yes", no: "No", abstain: "Abstain" },
    choiceVotes: (choice: string, count: number) => `${choice}: ${count}`,
    hide: "Hide",
  },

  record: {
    what: "Choose this tab or window: it is recorded as you see it, with everybody’s sound and yours. Everybody is told. The file stays on your machine.",
    inMemory: "The recording waits in memory, up to 20 MB a minute, and is saved when you stop.",
    toFile: (name: string) => `The recording is written to ${name} as it goes.`,
    choose: "Choose the file",
    start: "Start recording",
    refused: "Nothing is recorded. Choose this tab or window and allow it, then try again.",
    done: "The recording is saved.",
    failed: "The recording stopped, and could not be saved whole. Check the space on your disk.",
  },

  request: {
    turnedOffBy: {
      microphone: (name: string) => `${name} turned your microphone off.`,
      camera: (name: string) => `${name} turned your camera off.`,
      screen: (name: string) => `${name} stopped your screen share.`,
      screen_audio: (name: string) => `${name} stopped the sound of your screen.`,
    },
    turnedOffByRule: {
      microphone: "The rules of this room keep guests’ microphones off: yours is off.",
      camera: "The rules of this room keep guests’ cameras off: yours is off.",
      screen: "The rules of this room do not let guests share their screen.",
      screen_audio: "The rules of this room do not let guests share sound.",
    },
    askedFor: {
      microphone: (name: string) => `${name} asks you to turn your microphone on.`,
      camera: (name: string) => `${name} asks you to turn your camera on.`,
      screen: (name: string) => `${name} asks you to share your screen.`,
      screen_audio: (name: string) => `${name} asks you to share the sound of your screen.`,
    },
    turnOn: {
      microphone: "Turn microphone on",
      camera: "Turn camera on",
      screen: "Share my screen",
      screen_audio: "Share my screen with sound",
    },
    notNow: "Not now",
  },
};

/** What a language has to say: every key, with the same arguments. */
export type Messages = Shape<typeof en>;
export type LaterMessages = Shape<typeof later>;

type Shape<Value> = Value extends (...args: infer Args) => string
  ? (...args: Args) => string
  : Value extends string
    ? string
    : { readonly [Key in keyof Value]: Shape<Value[Key]> };

export default en;
