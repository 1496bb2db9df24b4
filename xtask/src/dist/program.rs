//! What the built program asks of a system: glibc, and nothing else.

use std::path::Path;

use crate::{failure::Result, shell};

/// Debian 12's. Every later system has it.
const GLIBC_MAX: (u32, u32) = (2, 36);

/// Libraries of glibc, and libgcc, on which Debian's glibc itself depends: it unwinds panics.
const LIBRARIES: [&str; 4] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux"];

/// Looks at the libraries and symbols that the program names.
///
/// # Errors
/// It names others, or later ones.
pub(super) fn check(program: &Path) -> Result<()> {
    let program = program.to_string_lossy();
    let dynamic = shell::output("objdump", &["-p", &program])?;
    for library in needed(&dynamic) {
        if !LIBRARIES.iter().any(|allowed| library.starts_with(allowed)) {
            return Err(format!("the program needs {library}, which a bare system lacks").into());
        }
    }
    let symbols = shell::output("objdump", &["-T", &program])?;
    let (major, minor) = highest_glibc(&symbols).ok_or("the program names no symbol of glibc")?;
    if (major, minor) > GLIBC_MAX {
        let (most, least) = GLIBC_MAX;
        return Err(format!(
            "the program needs glibc {major}.{minor}; {most}.{least} is promised: build it on \
             Debian 12"
        )
        .into());
    }
    println!("the program needs glibc {major}.{minor} and nothing else");
    Ok(())
}

/// The libraries of `objdump -p`: lines `  NEEDED               libc.so.6`.
fn needed(dynamic: &str) -> impl Iterator<Item = &str> {
    dynamic.lines().filter_map(|line| line.trim().strip_prefix("NEEDED")).map(str::trim)
}

/// The highest `GLIBC_2.34` in `objdump -T`.
fn highest_glibc(symbols: &str) -> Option<(u32, u32)> {
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let text = rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
        let mut numbers = text.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    });
    versions.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_is_by_number_and_not_by_letters() {
        let symbols = "\
            0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.2.5) free\n\
            0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.34) pthread_create\n\
            0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.9)  pipe2\n";
        assert_eq!(highest_glibc(symbols), Some((2, 34)));
        assert_eq!(highest_glibc("none"), None);
    }

    #[test]
    fn the_libraries_are_read_from_the_dynamic_section() {
        let dynamic = "Dynamic Section:\n  NEEDED               libssl.so.3\n  SONAME  x\n";
        assert_eq!(needed(dynamic).collect::<Vec<_>>(), ["libssl.so.3"]);
    }
}
