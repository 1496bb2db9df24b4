// Tests read the pages' words in English, where they do not ask for another language.
import { speak } from "../i18n";

await speak("en");
