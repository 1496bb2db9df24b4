// What the toolbar offers for pictures.
import { t } from "../i18n";
import {
  CameraOffIcon,
  FloatIcon,
  FullScreenIcon,
  LeadIcon,
  PeopleIcon,
  SpeakerViewIcon,
} from "../icons";
import type { RoomParts, Tool } from "../tools";
import { canFloat, toggleFloating } from "./floating";
import { canFill, filling, toggleFilling } from "./full-screen";

export function pictureTools({ store, sight, reporter }: RoomParts): readonly Tool[] {
  const words = t().pictures;
  const others = store.participants.value.length > 1;
  const isHost = store.participants.value.some(
    ({ id, role }) => id === store.call.you && role === "host",
  );
  const page = document.documentElement;
  const tools: (Tool | false)[] = [
    others && {
      id: "speaker-view",
      label: words.speakerView,
      icon: SpeakerViewIcon,
      place: "menu",
      pressed: sight.arrangement.value.stage.length > 0,
      run: () => sight.toggleSpeakerView(),
    },
    canFill() && {
      id: "full-screen",
      label: words.fullScreen,
      icon: FullScreenIcon,
      place: "menu",
      pressed: filling.value === page,
      run: () => toggleFilling(page),
    },
    canFloat() && {
      id: "float",
      label: words.float,
      icon: FloatIcon,
      place: "menu",
      pressed: sight.floating.value,
      run: () =>
        void toggleFloating(sight, reporter).catch(() => store.say(t().pictures.floatRefused)),
    },
    others && {
      id: "self-view",
      label: words.selfView,
      icon: PeopleIcon,
      place: "menu",
      pressed: sight.selfShown.value,
      run: () => (sight.selfShown.value = !sight.selfShown.value),
    },
    {
      id: "sound-only",
      label: words.soundOnly,
      icon: CameraOffIcon,
      place: "menu",
      pressed: sight.soundOnly.value,
      run: () => void sight.setSoundOnly(!sight.soundOnly.value),
    },
    isHost && {
      id: "lead",
      label: words.lead,
      icon: LeadIcon,
      place: "menu",
      pressed: sight.following.focus.value !== null || sight.following.leading.value,
      run: () => sight.toggleLeading(),
    },
  ];
  return tools.filter((tool) => tool !== false);
}
