//! Colours of the operator's, and what becomes of them so that everybody can read.
//!
//! Contrast is that of WCAG 2.2 (§ "contrast ratio"): words need 4.5:1. A colour that lacks it is
//! mixed with black or white, hue kept, until it has it on every ground of the pages.

use std::{fmt, str::FromStr};

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// Why a text is not a [`Colour`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a colour such as #0b5fff")]
pub struct BadColour;

impl FromStr for Colour {
    type Err = BadColour;

    fn from_str(text: &str) -> Result<Self, BadColour> {
        let digits = text.strip_prefix('#').ok_or(BadColour)?;
        let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).map_err(|_| BadColour)?;
        match (is_hex, digits.len()) {
            (true, 6) => {
                let [_, r, g, b] = number.to_be_bytes();
                Ok(Colour([r, g, b]))
            }
            // CSS: each digit twice.
            (true, 3) => {
                let [high, low] = [(number >> 8) as u8, number as u8];
                Ok(Colour([high & 15, low >> 4, low & 15].map(|digit| digit * 17)))
            }
            (true | false, _) => Err(BadColour),
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl Colour {
    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// From 1 to 21.
    pub(super) fn contrast(self, other: Colour) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// `percent` of the way to `other`.
    fn towards(self, other: Colour, percent: u16) -> Colour {
        let mix = |index: usize| {
            let (from, to) = (u16::from(self.0[index]), u16::from(other.0[index]));
            ((from * (100 - percent) + to * percent + 50) / 100) as u8
        };
        Colour([mix(0), mix(1), mix(2)])
    }

    /// The nearest on the way to `end` that stands out from all of `grounds`.
    fn readable_on(self, grounds: &[Colour], end: Colour) -> Colour {
        let is_read =
            |colour: &Colour| grounds.iter().all(|ground| colour.contrast(*ground) >= WORDS);
        (0..=100).map(|percent| self.towards(end, percent)).find(is_read).unwrap_or(end)
    }
}

/// WCAG 2.2 SC 1.4.3.
const WORDS: f64 = 4.5;

const BLACK: Colour = Colour([0; 3]);
const WHITE: Colour = Colour([255; 3]);

/// `--ground`, `--panel` and `--sunken` of `web-client/src/ui/style/theme.css`; a test compares.
pub(super) const LIGHT_GROUNDS: [Colour; 3] =
    [Colour([0xf5, 0xf0, 0xe7]), Colour([0xff, 0xfd, 0xf8]), Colour([0xeb, 0xe3, 0xd5])];
/// The same on dark.
pub(super) const DARK_GROUNDS: [Colour; 3] =
    [Colour([0x19, 0x17, 0x13]), Colour([0x24, 0x21, 0x1c]), Colour([0x2b, 0x27, 0x21])];

/// The accent on light and on dark ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Palette {
    light: Shades,
    dark: Shades,
    changes: [Option<Change>; 2],
}

/// A colour that was not used as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) key: &'static str,
    pub(super) asked: Colour,
    pub(super) used: Colour,
}

/// What `theme.css` calls `--accent`, `--accent-strong` and `--on-accent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shades {
    pub(super) accent: Colour,
    pub(super) strong: Colour,
    pub(super) on: Colour,
}

impl Palette {
    /// `None` where nothing is asked for.
    pub(super) fn of(accent: Option<Colour>, accent_dark: Option<Colour>) -> Option<Palette> {
        let asked = accent.or(accent_dark)?;
        let light = Shades::of(asked, &LIGHT_GROUNDS, BLACK);
        let dark = Shades::of(accent_dark.unwrap_or(asked), &DARK_GROUNDS, WHITE);
        let change = |key, asked: Option<Colour>, used| {
            let asked = asked.filter(|asked| *asked != used)?;
            Some(Change { key, asked, used })
        };
        // What was only derived for dark ground was not asked for.
        let changes = [
            change("site.accent", accent, light.accent),
            change("site.accent_dark", accent_dark, dark.accent),
        ];
        Some(Palette { light, dark, changes })
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = Change> {
        self.changes.into_iter().flatten()
    }

    /// Light and dark shades, for tests.
    #[cfg(test)]
    pub(super) fn shades(&self) -> [Shades; 2] {
        [self.light, self.dark]
    }

    /// Set above `theme.css`, but not above what a person needs who wants more contrast or has
    /// colours of their own.
    pub(super) fn css(&self) -> String {
        let (light, dark) = (self.light, self.dark);
        format!(
            "@media not all and (prefers-contrast: more) {{\n\
             @media (forced-colors: none) {{\n\
             :root {{ {light} }}\n\
             @media (prefers-color-scheme: dark) {{\n\
             :root:not([data-theme=\"light\"]) {{ {dark} }}\n\
             }}\n\
             :root[data-theme=\"dark\"] {{ {dark} }}\n\
             }}\n\
             }}\n"
        )
    }
}

impl Shades {
    fn of(asked: Colour, grounds: &[Colour], end: Colour) -> Shades {
        let accent = asked.readable_on(grounds, end);
        // One of both always has 4.58:1 and more.
        let on = if accent.contrast(WHITE) >= accent.contrast(BLACK) { WHITE } else { BLACK };
        let away = if on == WHITE { BLACK } else { WHITE };
        Shades { accent, strong: accent.towards(away, 20), on }
    }
}

impl fmt::Display for Shades {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shades { accent, strong, on } = self;
        write!(f, "--accent: {accent}; --accent-strong: {strong}; --on-accent: {on};")
    }
}
