//! tmp
pub(crate) fn serve(config: &crate::config::Config) -> anyhow::Result<()> {
    crate::logs::start(&config.log);
    let _ = crate::addresses::media_addresses(config)?;
    let _ = crate::sockets::listen(config.listen, "listen")?;
    Ok(())
}
