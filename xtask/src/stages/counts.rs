//! The counts that test runners print, read from their lines.

use super::Tally;

/// Whose lines are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// `test result: ok. 12 passed; 0 failed; 0 ignored; …`, once a binary.
    Libtest,
    /// `Tests  1 failed | 11 passed (12)`, once.
    Vitest,
    /// `# pass 11` and `# fail 1`, once each; `#` is `ℹ` where Node decorates.
    NodeTest,
}

impl Reading {
    /// What `line` adds to the counts, if it holds any. The line has no colours in it.
    pub(super) fn counts(self, line: &str) -> Option<Tally> {
        match self {
            Self::Libtest => {
                let counts = line.strip_prefix("test result: ")?;
                Some(Tally { passed: before(counts, "passed"), failed: before(counts, "failed") })
            }
            Self::Vitest => {
                let counts = line.trim_start().strip_prefix("Tests ")?;
                Some(Tally { passed: before(counts, "passed"), failed: before(counts, "failed") })
            }
            Self::NodeTest => {
                let mut words = line.split_whitespace();
                let (mark, name) = (words.next()?, words.next()?);
                let number = words.next()?.parse().ok()?;
                match (mark, name, words.next()) {
                    ("#" | "ℹ", "pass", None) => Some(Tally { passed: number, failed: 0 }),
                    // A cancelled test did not pass: its time ran out or its parent failed.
                    ("#" | "ℹ", "fail" | "cancelled", None) => {
                        Some(Tally { passed: 0, failed: number })
                    }
                    _ => None,
                }
            }
        }
    }
}

/// The number that stands before `word`, 0 where there is none.
fn before(text: &str, word: &str) -> u32 {
    let words: Vec<&str> = text.split([' ', ';']).filter(|word| !word.is_empty()).collect();
    let number = words.windows(2).find(|pair| pair[1] == word).map(|pair| pair[0]);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u32, failed: u32) -> Option<Tally> {
        Some(Tally { passed, failed })
    }

    #[test]
    fn the_line_of_libtest_is_read() {
        let line =
            "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 9 filtered out";
        assert_eq!(Reading::Libtest.counts(line), tally(12, 3));
        assert_eq!(Reading::Libtest.counts("test rooms::join ... ok"), None);
    }

    #[test]
    fn the_line_of_vitest_is_read() {
        assert_eq!(Reading::Vitest.counts("      Tests  12 passed (12)"), tally(12, 0));
        assert_eq!(Reading::Vitest.counts("      Tests  1 failed | 11 passed (12)"), tally(11, 1));
        assert_eq!(Reading::Vitest.counts(" Test Files  3 passed (3)"), None);
    }

    #[test]
    fn the_lines_of_node_are_read_in_both_its_manners() {
        assert_eq!(Reading::NodeTest.counts("# pass 11"), tally(11, 0));
        assert_eq!(Reading::NodeTest.counts("ℹ fail 1"), tally(0, 1));
        assert_eq!(Reading::NodeTest.counts("# cancelled 2"), tally(0, 2));
        assert_eq!(Reading::NodeTest.counts("# tests 12"), None);
        assert_eq!(Reading::NodeTest.counts("# pass 4 of these"), None);
    }
}
