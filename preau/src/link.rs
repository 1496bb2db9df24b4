//! tmp
pub(crate) fn renew(
    _c: &crate::config::Config,
    _a: &crate::cli::LinkArguments,
) -> anyhow::Result<String> {
    anyhow::bail!("later")
}
