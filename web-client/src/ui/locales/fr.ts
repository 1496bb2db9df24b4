// French. Spaces before « : ; ! ? » and inside « » do not break: U+202F and U+00A0, as the Imprimerie nationale sets them.
// tidy: long because a language is one file, which somebody translates from top to bottom.
import type { LaterMessages, Messages } from "./en";

export const fr: Messages = {
  chooseLanguage: "Langue",
  languageFailed: "Cette langue n’a pas pu être chargée. Rechargez la page et choisissez-la de nouveau.",
  close: "Fermer",

  site: {
    legal: "Mentions légales",
    privacy: "Vie privée",
    contact: "Nous contacter",
    source: "Code source",
  },

  room: (name) => `Salle ${name}`,
  backHome: "Retour à l’accueil",

  readyTitle: "Tout est prêt ?",
  yourName: "Votre nom",
  nameMissing: "Indiquez votre nom, pour que les autres sachent qui vous êtes.",
  join: "Entrer",
  joinListening: "Entrer pour regarder et écouter",
  joining: "Entrée…",
  preview: "Votre image",
  cameraIsOff: "Votre caméra est éteinte",
  microphone: "Micro",
  camera: "Caméra",
  microphoneLevel: "Niveau du micro",
  microphoneChoice: "Choisir un micro",
  cameraChoice: "Choisir une caméra",
  deviceNumber: (number) => `Appareil ${number}`,

  insecureTitle: "Ni caméra ni micro à cette adresse",
  insecure:
    "Les navigateurs n’ouvrent la caméra et le micro qu’en HTTPS. La personne qui administre ce serveur peut y remédier : le démarrer avec --tls self-signed ou avec un certificat. D’ici là, vous pouvez regarder et écouter.",
  askingDevices:
    "Votre navigateur demande la caméra et le micro. Autorisez-les pour que les autres vous voient et vous entendent.",
  deviceRefused: {
    microphone:
      "Le navigateur n’autorise pas le micro. Cliquez sur le cadenas ou le réglage à côté de l’adresse, autorisez le micro, puis appuyez de nouveau sur le bouton.",
    camera:
      "Le navigateur n’autorise pas la caméra. Cliquez sur le cadenas ou le réglage à côté de l’adresse, autorisez la caméra, puis appuyez de nouveau sur le bouton.",
  },
  deviceMissing: {
    microphone:
      "Aucun micro n’a été trouvé. Branchez-en un et appuyez de nouveau sur le bouton. Vous pouvez aussi entrer sans micro et écouter.",
    camera:
      "Aucune caméra n’a été trouvée. Branchez-en une et appuyez de nouveau sur le bouton. Vous pouvez aussi entrer sans caméra.",
  },
  deviceBusy: {
    microphone:
      "Le micro ne démarre pas. Un autre programme l’utilise peut-être : fermez-le et appuyez de nouveau sur le bouton.",
    camera:
      "La caméra ne démarre pas. Un autre programme l’utilise peut-être : fermez-le et appuyez de nouveau sur le bouton.",
  },
  deviceUnplugged: {
    microphone: "Votre micro a été débranché. Vérifiez lequel est utilisé.",
    camera: "Votre caméra a été débranchée. Rebranchez-la et rallumez la caméra.",
    screen: "Vous ne partagez plus votre écran.",
    screen_audio: "Vous ne partagez plus votre écran.",
  },
  screenRefused:
    "L’écran n’est pas partagé. Choisissez un écran, une fenêtre ou un onglet, puis « Partager ».",

  toolbar: "Commandes de l’appel",
  microphoneKey: "Micro (M)",
  cameraKey: "Caméra (V)",
  shareScreen: "Partager l’écran",
  people: "Participants",
  peopleCount: (count) =>
    count <= 1 ? `${count}\u00a0personne ici` : `${count}\u00a0personnes ici`,
  invite: "Inviter",
  captions: "Sous-titres",
  settings: "Réglages",
  leave: "Quitter",
  you: "vous",
  host: "hôte",
  screenOf: (name) => `Écran de ${name}`,
  yourScreen: "Votre écran",
  microphoneOff: "micro coupé",
  cameraOff: "caméra éteinte",
  speaking: "parle",
  alone: "Il n’y a que vous ici.",
  cameJoined: (name) => `${name} vient d’arriver`,
  wentAway: (name) => `${name} a quitté la salle`,
  soundOn: "Activer le son",

  talk: {
    more: "Plus",
    chat: "Discussion",
    unread: (count) => (count <= 1 ? `${count}\u00a0message non lu` : `${count}\u00a0messages non lus`),
    me: "Vous",
    somebody: "Quelqu’un",
    messageFrom: (name, text) => `Message de ${name}\u00a0: ${text}`,
    longMessageFrom: (name) => `Long message de ${name}`,
    privateMessageFrom: (name, text) => `Message privé de ${name}\u00a0: ${text}`,
    longPrivateMessageFrom: (name) => `Long message privé de ${name}`,
    messagesCame: (count) => `${count}\u00a0nouveaux messages`,

    hand: "Lever la main",
    handKey: "Lever ou baisser la main (H)",
    handUp: (place) => `main levée, numéro ${place}`,
    handRaised: (name) => `${name} lève la main`,
    handsRaised: (count) => `${count}\u00a0mains sont levées`,

    reactions: "Réagir",
    reactionNames: {
      agree: "D’accord",
      disagree: "Pas d’accord",
      applause: "Bravo",
      heart: "Cœur",
      laugh: "Rire",
      surprise: "Étonnement",
      slower: "Moins vite",
      faster: "Plus vite",
    },
    reactionBy: (name, reaction) => `${name}\u00a0: ${reaction}`,
    reactionsShown: (count) => `${count}\u00a0réactions`,

    hostTools: "Animer",

    waitingTitle: (count) => (count <= 1 ? `${count}\u00a0personne attend` : `${count}\u00a0personnes attendent`),
    see: "Voir qui",
    later: "Plus tard",

    forbidden: {
      microphone:
        "Les micros des invités sont coupés par l’hôte. Levez la main pour demander la parole.",
      camera: "Les caméras des invités sont coupées par l’hôte.",
      screen: "L’hôte ne permet pas aux invités de partager leur écran.",
      chat: "L’hôte a fermé la discussion générale. Vous pouvez toujours écrire à un hôte.",
      private_chat: "L’hôte ne permet pas aux invités de s’écrire entre eux.",
    },

    pollOpened: (question) => `Un vote est ouvert\u00a0: ${question}`,
    pollClosed: (yes, no, abstain) =>
      `Le vote est clos. Oui\u00a0: ${yes}. Non\u00a0: ${no}. Abstentions\u00a0: ${abstain}.`,

    minuteLeft: "Il reste une minute",
    timeOver: "Temps écoulé",

    mutedHint:
      "Votre micro est coupé : on ne vous entend pas. Appuyez sur M, ou gardez la barre d’espace enfoncée pour parler.",
    talkingBySpace: "On vous entend tant que la barre d’espace est enfoncée.",
    recording: "enregistre",
    recordedBy: (names) => `Enregistrement par ${names}`,
    record: {
      title: "Enregistrer ma vue",
      stop: "Arrêter l’enregistrement",
    },
  },

  connection: {
    connected: "Connexion établie",
    media_connecting: "Connexion du son et de l’image…",
    reconnecting_signaling:
      "Connexion au serveur perdue. Reconnexion… Le son et l’image continuent.",
    restarting_media: "Le son et l’image sont interrompus. Rétablissement…",
    rejoining: "La connexion a été perdue. Nouvelle entrée…",
    in_lobby: "Un hôte doit vous laisser revenir. Veuillez patienter…",
  },
  soundAlone: "Votre connexion est trop faible pour les images ; le son continue.",
  udpBlocked: (way) => `Votre réseau bloque l’UDP : la réunion passe par ${way}.`,
  detourDetails: "Ce que cela veut dire",
  udpBlockedDetails: (way, host) =>
    `La réunion fonctionne et vous n’avez rien à faire. Si la connexion est très occupée, le son et l’image peuvent arriver un peu plus tard. Pour plus de confort, demandez à la personne qui gère ce réseau d’autoriser ${way} vers ${host}. L’UDP est réessayé de temps en temps.`,
  udpAgain: "L’UDP passe de nouveau : la réunion l’utilise.",
  understood: "J’ai compris",
  connectedAgain: "Connexion rétablie",

  endedTitle: "L’appel est terminé",
  joinAgain: "Entrer de nouveau",
  end: {
    left: "Vous avez quitté la salle.",
    media_lost:
      "Le son et l’image n’ont pas trouvé de chemin jusqu’au serveur. Votre réseau les bloque peut-être : essayez-en un autre, ou demandez à la personne qui administre le serveur si son port est ouvert en UDP et en TCP.",
    replaced: "Cet appel continue dans une autre fenêtre ou un autre onglet.",
    server_stopping: "Le serveur s’arrête. Réessayez dans une minute.",
    removed: "Un hôte vous a fait sortir de la salle.",
    ended_by_host: "L’hôte a terminé l’appel pour tout le monde.",
    connection_failed: "Le serveur est injoignable. Vérifiez votre connexion et réessayez.",
    unsupported_browser:
      "Ce navigateur ne permet pas d’appel vidéo. Utilisez une version récente de Firefox, Chrome, Edge ou Safari.",
    bad_message:
      "Le serveur n’a pas compris cette page. Rechargez-la ; si cela ne suffit pas, prévenez la personne qui administre le serveur.",
    unsupported:
      "Le serveur ne connaît pas ce que cette page demande. Rechargez-la, pour que les deux aient la même version.",
    too_long: "Le serveur a refusé un message trop long. Rechargez la page et réessayez.",
    too_fast: "C’était trop à la fois pour le serveur. Attendez un instant et réessayez.",
    too_slow:
      "La connexion est trop lente, le serveur a renoncé. Réessayez, plus près du Wi-Fi si possible.",
    unknown_link:
      "Ce lien n’ouvre aucune salle. Vérifiez qu’il est copié jusqu’au bout, ou demandez-en un nouveau.",
    expired_link: "Ce lien a expiré ou a été retiré. Demandez-en un nouveau à l’hôte.",
    bad_name: "Le serveur n’accepte pas ce nom. Utilisez de 1 à 64 caractères ordinaires.",
    bad_text:
      "Le serveur n’accepte pas ce message. Écrivez de 1 à 2 000 caractères ordinaires.",
    unknown_participant: "Cette personne n’est plus dans la salle.",
    not_allowed: "Les règles de cette salle ne vous le permettent pas. Demandez à l’hôte.",
    unknown_poll: "Ce vote est terminé.",
    denied:
      "L’hôte ne vous a pas fait entrer. Si c’est une erreur, prévenez-le par un autre moyen.",
    banned: "Un hôte vous a exclu de cette salle ; vous ne pouvez plus y revenir.",
    locked: "La salle est fermée à clé. Demandez à l’hôte de l’ouvrir.",
    bad_code:
      "Ce code n’ouvre pas la salle. Vérifiez-le auprès de la personne qui vous l’a donné ; après plusieurs essais, attendez une minute.",
    bad_offer:
      "Le serveur et ce navigateur n’ont trouvé aucun moyen commun d’envoyer le son et l’image. Essayez une version récente de Firefox ou de Chrome.",
    room_full: "La salle est pleine. Réessayez quand quelqu’un sera parti.",
    server_full: "Le serveur est plein. Réessayez dans quelques minutes.",
    session_gone: "Votre place dans la salle a été libérée. Entrez de nouveau.",
    not_joined: "Vous n’êtes plus dans la salle. Entrez de nouveau.",
    media_unavailable:
      "La partie média du serveur ne répond pas. Réessayez dans une minute ; si cela dure, prévenez la personne qui administre le serveur.",
  },

  door: {
    partMissing:
      "Cette partie de la page n’a pas pu être chargée\u00a0: le serveur a peut-être été mis à jour. Rechargez la page, et vous revenez ici aussitôt.",
    reload: "Recharger la page",

    hostNote: "Vous animez cette salle. Envoyez le lien d’invitation aux personnes attendues.",

    joinSound: "Entrer avec le son seulement",
    devices: "Vos appareils",
    speakerChoice: "Choisir un haut-parleur",
    speakerOfSystem: "Haut-parleur du système",
    testSpeaker: "Tester le haut-parleur",
    speakerPlaying: "Deux notes…",
    speakerPlayed:
      "Vous avez entendu deux notes ? Sinon, montez le volume ou choisissez un autre appareil.",
    speakerRefused: "Le navigateur n’a pas joué le son. Appuyez de nouveau sur le bouton.",
    blur: "Flouter l’arrière-plan (par la caméra)",
    more: "Connexion et ordinateur partagé",
    sharedComputer: "Ne rien retenir sur cet ordinateur quand je ferme l’onglet",
    check: "Tester la connexion",
    checkHint: "Pour savoir si ce réseau laisse passer le son et l’image. L’essai dure quelques secondes.",

    letIn: "Vous êtes dans la salle.",
    deniedTitle: "L’hôte ne vous a pas fait entrer",
    bannedTitle: "Cette salle vous est fermée",
    lockedTitle: "La salle est fermée à clé",
    tryAgain: "Réessayer",

    microphoneNow: (name) => `Votre voix passe par le micro « ${name} ».`,
    cameraBack: "Votre caméra est de nouveau allumée.",
  },

  pictures: {
    speakerView: "Une personne en grand",
    fullScreen: "Plein écran",
    float: "Image dans l’image",
    selfView: "Voir ma propre image",
    soundOnly: "Son seul",
    lead: "Tout le monde voit ce que je vois",
    pin: (name) => `Garder en grand\u00a0: ${name}`,
    fillWith: (name) => `En plein écran\u00a0: ${name}`,
    screens: "Écrans partagés",
    pages: "Pages d’images",
    pageBefore: "Page précédente",
    pageAfter: "Page suivante",
    pageOf: (page, pages) => `Page ${page} sur ${pages}`,
    speaksElsewhere: (name) => `${name} parle\u00a0: voir`,
    soundOnlyNotice:
      "Son seul\u00a0: votre ordinateur ne reçoit et n’envoie aucune image.",
    picturesAgain: "Revoir les images",
    led: "Vous voyez ce que l’hôte montre à tout le monde.",
    lookMyself: "Choisir moi-même",
    ledWithoutYou: "L’hôte montre une image à tout le monde.",
    followAgain: "Suivre l’hôte",
    leading: "Tout le monde voit ce que vous voyez en grand.",
    stopLeading: "Arrêter",
    notLed: "Le serveur n’a pas pu montrer votre vue à tout le monde. Essayez de nouveau.",
    floatRefused: "Le navigateur n’ouvre pas la petite fenêtre. Essayez de nouveau.",
    qualityOf: (name, height) =>
      height === 0 ? `Qualité de l’image\u00a0: ${name}` : `${height}p, qualité de l’image\u00a0: ${name}`,
    megabytes: (amount) => `${amount}\u00a0Mo`,
  },
};


export const later: LaterMessages = {
  copied: "Copié",
  copyByHand:
    "Le navigateur ne nous laisse pas copier : le lien est sélectionné, appuyez sur Ctrl+C.",
  textMissing: "Le texte n’a pas pu être chargé. Vérifiez votre connexion et rechargez la page.",
  cancel: "Annuler",
  theme: {
    title: "Apparence",
    system: "Comme le système",
    light: "Claire",
    dark: "Sombre",
  },
  shortcuts:
    "Raccourcis clavier : M pour le micro, V pour la caméra, H pour la main, espace pour parler",
  pathTaken: (way) => `Le son et l’image passent par ${way}.`,
  quality: {
    full: (height) => `${height}p\u00a0: l’image arrive telle que la caméra la donne.`,
    smallTile: (height) => `${height}p\u00a0: cette vignette n’a pas besoin de plus.`,
    sober: (height) => `${height}p\u00a0: choix de ce serveur, pour rester sobre.`,
    theirCamera: (height) => `${height}p\u00a0: cette caméra ne donne pas plus.`,
    theirLine: (height) =>
      `${height}p\u00a0: la connexion ou l’ordinateur de cette personne n’envoie pas plus.`,
    yourLine: (height, kilobits) =>
      `${height}p\u00a0: votre connexion laisse passer ${kilobits}\u00a0kb/s.`,
    nothingByYourLine: (kilobits) =>
      `Pas d’image pour l’instant\u00a0: votre connexion laisse passer ${kilobits}\u00a0kb/s.`,
    notYet: "L’image n’est pas encore arrivée.",
  },
  check: {
    title: "Test de la connexion",
    testing: "Test en cours, quelques secondes…",
    page: "Serveur (HTTPS)",
    socket: "Échanges (WebSocket)",
    udp: "Son et image par UDP",
    media: "Son et image",
    works: "passe",
    blocked: "bloqué",
    roundTrip: (ms) => `aller-retour en ${ms} ms`,
    allWell: "Tout passe : le son et l’image prennent le chemin le plus court.",
    byTcp: (way) => `Votre réseau bloque l’UDP : le son et l’image passent par ${way}.`,
    untested:
      "Le serveur répond. Il ne permet pas d’essayer le son et l’image avant d’entrer dans la salle.",
    noSocket:
      "La page s’affiche, mais le réseau coupe la liaison permanente (WebSocket) dont une réunion a besoin. Montrez ce rapport à la personne qui gère le réseau, ou essayez-en un autre.",
    copy: "Copier le rapport",
    again: "Tester de nouveau",
  },
  muteAll: "Couper tous les micros",

  home: {
    tagline: "Une salle vidéo bien à vous : ouvrez‑la, partagez le lien, retrouvez‑vous.",
    createTitle: "Ouvrir une salle",
    createRoomName: "Nom de la salle (facultatif)",
    createRoomNameHint: "Laissez vide et nous en trouverons un.",
    createRoom: "Ouvrir une salle",
    creating: "Ouverture…",
    enterTitle: "Entrer dans une salle",
    enter: "Aller à la salle",
    createFailed: "La salle n’a pas pu être ouverte. Vérifiez votre connexion et réessayez.",
    createNameTaken: "Une salle porte déjà ce nom. Choisissez-en un autre ou laissez le champ vide.",
    createNameBad:
      "Ce nom ne peut pas être donné à une salle. Choisissez-en un autre ou laissez le champ vide.",
    createRefused:
      "Ce serveur ne vous permet pas d’ouvrir une salle pour l’instant. Réessayez dans une minute ou demandez à la personne qui l’administre.",
    noTracking: "Sans compte, sans installation, sans pistage.",
    enterLink: "Lien ou nom de la salle",
    enterLinkHint: "Le lien que vous avez reçu, en entier si possible.",
    enterLinkBad:
      "Ce n’est ni un lien ni un nom de salle. Un lien ressemble à https://…/salle#secret : copiez-le de nouveau, jusqu’au bout.",
    recentTitle: "Vos dernières salles",
    recentHint: "Cette liste n’est gardée que dans ce navigateur.",
    forgetRoom: (name) => `Oublier la salle ${name}`,
    forgetHostSure: (name) =>
      `Oublier la salle ${name} ? Dans ce navigateur, vous n’en serez plus l’hôte, à moins d’avoir noté le lien d’hôte.`,
    forget: "Oublier",
    forgetAll: "Tout oublier sur cet ordinateur",
    forgetAllSure:
      "Votre nom, vos appareils et vos salles seront oubliés dans ce navigateur. Vous n’y serez plus hôte d’aucune salle, à moins d’avoir noté le lien d’hôte.",
    forgotten: "C’est oublié : ce navigateur ne retient plus rien.",
  },

  code: {
    title: "Ce lien n’est pas complet",
    sentence:
      "Il manque la partie après le #, et sans elle la salle reste fermée. Redemandez le lien, ou tapez ici le code de la salle.",
    yours: "Code de la salle",
    hint: "Six chiffres, comme 042 917. Un hôte de la salle peut vous le donner.",
    malformed: "Un code a six chiffres, comme 042 917.",
    goOn: "Continuer",
  },

  share: {
    title: "Inviter",
    guestLink: "Lien d’invitation",
    guestLinkHint: "Pour toutes les personnes que vous voulez voir ici.",
    copyGuestLink: "Copier le lien d’invitation",
    hostLink: "Lien d’hôte",
    hostLinkHint: "Seulement pour celles et ceux qui animent avec vous. Ne le publiez pas.",
    copyHostLink: "Copier le lien d’hôte",
    linkWithoutSecret: "Qui ouvre ce lien doit donner le code de la salle.",
    share: "Partager…",
    byMail: "Par courriel",
    mailSubject: (room) => `Réunion vidéo, salle ${room}`,
    mailText: "Voici le lien pour entrer dans la salle, sans rien installer :",
    mailCode: (address, code) =>
      `Si le lien s’ouvre mal, allez à ${address} et donnez le code ${code}.`,
    roomCode: "Code de la salle :",
    roomCodeHint: (address) =>
      `Qui n’a pas le lien entier ouvre ${address}, donne ce code et attend que vous l’admettiez.`,
    showQr: "Code QR",
    qrLabel: "Code QR du lien d’invitation",
    qrHint: "À projeter ou à imprimer : un téléphone qui le photographie ouvre la salle.",
    showCalendar: "Ajouter à un agenda",
    meetingName: "Titre",
    meetingTitle: (room) => `Réunion vidéo, salle ${room}`,
    meetingDate: "Jour",
    meetingTime: "Heure de début",
    meetingLength: "Durée",
    minutes: (minutes) =>
      minutes < 60
        ? `${minutes}\u00a0min`
        : `${Math.floor(minutes / 60)}\u00a0h${minutes % 60 === 0 ? "" : `\u00a0${minutes % 60}`}`,
    saveCalendar: "Télécharger le fichier .ics",
  },

  traffic: {
    total: (amount) => `Données échangées depuis votre arrivée\u00a0: ${amount}`,
    hour: (amount) => `À ce rythme\u00a0: ${amount} par heure`,
    parts: (received, sent) => `${received} reçus, ${sent} envoyés`,
    shown: "Afficher ce compteur pendant la réunion",
  },

  waiting: {
    short: "En attente",
    title: "Encore un instant",
    hostWasTold: "L’hôte sait que vous êtes là et peut vous faire entrer.",
    hostNotHere: "Aucun hôte n’est encore là. Dès qu’il y en aura un, il verra que vous attendez.",
    hint: "Laissez cette page ouverte : vous entrerez sans rien faire d’autre.",
    stop: "Ne plus attendre",
  },

  chat: {
    lines: "Fil de la discussion",
    message: "Votre message",
    empty:
      "Rien d’écrit pour l’instant. Les messages ne sont pas conservés : qui arrive plus tard ne les voit pas.",
    somebodyGone: "Une personne partie",
    to: "À",
    everybody: "Tout le monde",
    send: "Envoyer",
    privately: "à vous seulement",
    privatelyTo: (name) => `à ${name} seulement`,
    charactersLeft: (count) => `${count}\u00a0caractère${count > 1 ? "s" : ""} de reste`,
    charactersOver: (count) => `${count}\u00a0caractère${count > 1 ? "s" : ""} en trop`,
  },

  captions: {
    show: "Afficher les sous-titres",
    hint: "Une personne de la salle les tape au clavier. Aucun service de transcription n’écoute.",
    size: "Taille",
    sizes: { small: "Petite", medium: "Moyenne", large: "Grande" },
    position: "Emplacement",
    positions: { bottom: "En bas", top: "En haut" },
    solid: "Fond opaque",
    announced: "Les faire lire par mon lecteur d’écran",
    lines: "Sous-titres déjà écrits",
    empty:
      "Rien d’écrit pour l’instant. Les sous-titres ne sont pas conservés : qui arrive plus tard ne les voit pas.",
    by: (name) => `${name}\u00a0:`,
    write: "Écrire des sous-titres",
    text: "Ce qui se dit",
    writeHint: "Entrée envoie la ligne. Tout le monde peut l’afficher, avec votre nom.",
    send: "Envoyer",
    closed: "La discussion générale est fermée : seuls les hôtes peuvent sous-titrer.",
    offer: (name) => `${name} écrit des sous-titres.`,
    accept: "Les afficher",
    decline: "Non merci",
  },

  people: {
    handsTitle: (count) => (count <= 1 ? `${count}\u00a0main levée` : `${count}\u00a0mains levées`),
    lower: "Baisser",
    lowerHand: "Baisser la main",
    lowerHandOf: (name) => `Baisser la main de ${name}`,
    lowerAll: "Baisser toutes les mains",
    notRaised: (count) =>
      count <= 1
        ? `${count}\u00a0invité n’a pas levé la main`
        : `${count}\u00a0invités n’ont pas levé la main`,
    actionsFor: (name) => `Actions pour ${name}`,
    writePrivately: "Écrire en privé",
    turnOff: {
      microphone: "Couper le micro",
      camera: "Couper la caméra",
      screen: "Arrêter le partage d’écran",
      screen_audio: "Couper le son de l’écran",
    },
    askFor: {
      microphone: "Demander d’ouvrir le micro",
      camera: "Demander d’allumer la caméra",
      screen: "Demander de partager l’écran",
      screen_audio: "Demander de partager le son de l’écran",
    },
    makeRole: { host: "Nommer hôte", guest: "Retirer le rôle d’hôte" },
    remove: {
      label: "Faire sortir…",
      title: (name) => `Faire sortir ${name}\u00a0?`,
      sentence: "Cette personne quitte la salle aussitôt. Avec le lien, elle peut revenir.",
      yes: "Faire sortir",
    },
    ban: {
      label: "Exclure…",
      title: (name) => `Exclure ${name}\u00a0?`,
      sentence: "Cette personne quitte la salle aussitôt et n’y revient pas, sauf si un hôte l’y autorise.",
      yes: "Exclure",
    },
    keptOut: {
      title: "Personnes exclues",
      nobody: "Personne n’est exclu de cette salle.",
      lift: "Laisser revenir",
      liftWho: (name) => `Laisser revenir ${name}`,
      lifted: (name) => `${name} peut revenir avec le lien.`,
    },
    admit: "Admettre",
    admitWho: (name) => `Admettre ${name}`,
    admitAll: "Admettre tout le monde",
    deny: "Refuser",
    denyWho: (name) => `Refuser ${name}`,
    denyAll: "Refuser tout le monde",
    byCode: "(avec le code de la salle)",
  },

  host: {
    rulesTitle: "Règles de la salle",
    rules: {
      lobby: "Les invités attendent qu’un hôte les admette",
      locked: "Salle verrouillée : plus personne n’entre",
      microphone: "Les invités peuvent ouvrir leur micro",
      camera: "Les invités peuvent allumer leur caméra",
      screen: "Les invités peuvent partager leur écran",
      chat: "Les invités peuvent écrire à tout le monde",
      private_chat: "Les invités peuvent s’écrire entre eux",
      recording: "Les invités peuvent enregistrer ce qu’ils voient",
    },
    pollQuestion: "Question posée",
    pollHint:
      "Chaque personne répond oui, non, ou s’abstient. On ne voit pas qui a répondu quoi.",
    pollOpen: "Ouvrir le vote",
    timerTitle: "Minuteur",
    timerMinutes: "Durée en minutes",
    timerStart: "Lancer le minuteur",
    timerStop: "Arrêter le minuteur",
    attendanceTitle: "Présences",
    attendanceHint:
      "Qui était là, de quand à quand : un fichier pour tableur, avec les noms.",
    attendanceTake: "Télécharger la liste de présence",
    attendance: {
      name: "Nom",
      role: "Rôle",
      from: "De",
      to: "À",
      guest: "invité",
      host: "hôte",
      stillHere: "encore là",
      separator: ";",
      file: (room, day) => `presences-${room}-${day}.csv`,
    },
    endAll: {
      label: "Terminer pour tout le monde…",
      title: "Terminer la réunion pour tout le monde ?",
      sentence: "Tout le monde quitte la salle aussitôt, vous aussi.",
      yes: "Terminer pour tous",
    },
  },

  poll: {
    title: "Vote rapide",
    answer: "Votre réponse",
    close: "Clore le vote",
    dismiss: "Retirer des écrans",
    voted: (voted, here) => `${voted} sur ${here} ont voté`,
    choices: { yes: "Oui", no: "Non", abstain: "Je m’abstiens" },
    choiceVotes: (choice, count) => `${choice}\u00a0: ${count}`,
    hide: "Masquer",
  },

  record: {
    what: "Choisissez cet onglet ou cette fenêtre : ce que vous voyez est enregistré, avec le son de tout le monde et le vôtre. Tout le monde en est averti. Le fichier reste sur votre machine.",
    inMemory:
      "L’enregistrement attend en mémoire, jusqu’à 20 Mo par minute, et se télécharge quand vous arrêtez.",
    toFile: (name) => `L’enregistrement s’écrit au fur et à mesure dans ${name}.`,
    choose: "Choisir le fichier",
    start: "Commencer",
    refused:
      "Rien n’est enregistré. Choisissez cet onglet ou cette fenêtre, autorisez le partage, puis réessayez.",
    done: "L’enregistrement est terminé.",
    failed:
      "L’enregistrement s’est arrêté et n’est pas complet. Vérifiez la place sur votre disque.",
  },

  request: {
    turnedOffBy: {
      microphone: (name) => `${name} a coupé votre micro.`,
      camera: (name) => `${name} a coupé votre caméra.`,
      screen: (name) => `${name} a arrêté votre partage d’écran.`,
      screen_audio: (name) => `${name} a coupé le son de votre écran.`,
    },
    turnedOffByRule: {
      microphone: "Dans cette salle, les micros des invités sont coupés : le vôtre l’est aussi.",
      camera: "Dans cette salle, les caméras des invités sont coupées : la vôtre l’est aussi.",
      screen: "Dans cette salle, les invités ne partagent pas leur écran.",
      screen_audio: "Dans cette salle, les invités ne partagent pas de son.",
    },
    askedFor: {
      microphone: (name) => `${name} vous demande d’ouvrir votre micro.`,
      camera: (name) => `${name} vous demande d’allumer votre caméra.`,
      screen: (name) => `${name} vous demande de partager votre écran.`,
      screen_audio: (name) => `${name} vous demande de partager le son de votre écran.`,
    },
    turnOn: {
      microphone: "Ouvrir mon micro",
      camera: "Allumer ma caméra",
      screen: "Partager mon écran",
      screen_audio: "Partager mon écran avec le son",
    },
    notNow: "Pas maintenant",
  },
};

export default fr;
