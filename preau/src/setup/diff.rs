//! What changes between two short texts, line by line, as `diff -u` shows it.

/// Unchanged lines around a change.
const CONTEXT: usize = 2;

/// The changed lines with some around them, each behind `-`, `+` or a blank.
pub(super) fn diff(before: &str, after: &str) -> String {
    let before: Vec<&str> = before.lines().collect();
    let after: Vec<&str> = after.lines().collect();
    let lines = changes(&before, &after);
    let is_near = |at: usize| {
        let near = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len());
        lines[near].iter().any(|(sign, _)| *sign != ' ')
    };
    let mut shown = String::new();
    let mut is_gap = false;
    for (at, (sign, line)) in lines.iter().enumerate() {
        if is_near(at) {
            shown.push_str(format!("{sign} {line}").trim_end());
            shown.push('\n');
            is_gap = false;
        } else if !is_gap {
            shown.push_str("…\n");
            is_gap = true;
        }
    }
    shown
}

/// All lines of both, by their longest common subsequence. Quadratic: for files of a page.
fn changes<'t>(before: &[&'t str], after: &[&'t str]) -> Vec<(char, &'t str)> {
    let mut common = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    for (i, old) in before.iter().enumerate().rev() {
        for (j, new) in after.iter().enumerate().rev() {
            common[i][j] = if old == new {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            lines.push((' ', before[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == after.len() || i < before.len() && common[i + 1][j] >= common[i][j + 1] {
            lines.push(('-', before[i]));
            i += 1;
        } else {
            lines.push(('+', after[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn only_what_changes_is_shown_with_its_surroundings() {
        let before = "a\nb\nc\nd\ne\nf\n";
        assert_eq!(diff(before, "a\nb\nc\nd\nE\nf\n"), "…\n  c\n  d\n- e\n+ E\n  f\n");
        assert_eq!(diff("", "a\n\n"), "+ a\n+\n");
        assert_eq!(diff("a\n", ""), "- a\n");
        assert_eq!(diff(before, before), "…\n");
    }
}
