// The page's entry.
import { join } from "../call";
console.info(typeof join);
