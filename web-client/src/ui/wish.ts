// How one wants to be in a room.

/** With pictures, or so that the line carries sound alone. */
export type Wish = "all" | "sound";
