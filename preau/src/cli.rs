//! The command line: what a person types, and the help they read.

use std::{collections::BTreeSet, path::PathBuf};

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, parser::ValueSource};

use crate::{
    config::{Advertised, Email, Layer, Text},
    language::Language,
};

/// Préau: video rooms from one program. A browser joins from a link.
///
/// Without a command it serves: web page, signaling and media, on one port.
#[derive(Debug, clap::Parser)]
#[command(name = "preau", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// A TOML file with settings; flags and PREAU_* variables stand above it.
    #[arg(long, global = true, env = "PREAU_CONFIG", hide_env = true)]
    #[arg(value_name = "FILE", help_heading = "Settings")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) settings: Layer,
}

/// What to do.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Serve rooms until SIGTERM or Ctrl-C (the default command).
    Serve,
    /// Look at the configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print a link to a room; it works while the service runs.
    Link(LinkArguments),
    /// Look at everything a call depends on, and say what is wrong and how to mend it.
    #[command(after_help = DOCTOR_CODES)]
    Doctor(DoctorArguments),
    /// Make a service of this program, for people to come to at DOMAIN (Debian; as root).
    #[command(after_help = SETUP_EXAMPLES)]
    Setup(SetupArguments),
}

/// What to set up. The settings below are options too, and end up in the file.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SetupArguments {
    /// The name that people type, such as meet.example.org. It leads to this machine.
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: Text<Advertised>,
    /// Where the certificate authority may write to about trouble.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<Text<Email>>,
    /// Tell what would be done and written, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Go on although a check found an error.
    #[arg(long)]
    pub(crate) anyway: bool,
    /// The language of what is said, and of the comments in a new file. [default: that of the
    /// terminal]
    #[arg(long, value_name = "fr|en", hide_possible_values = true)]
    pub(crate) lang: Option<Language>,
}

/// How to report.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct DoctorArguments {
    /// Print the findings as JSON, every text in both languages.
    #[arg(long)]
    pub(crate) json: bool,
    /// The language of the report. [default: that of the terminal]
    #[arg(long, value_name = "fr|en", hide_possible_values = true)]
    pub(crate) lang: Option<Language>,
}

/// What to do with the configuration.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting as it takes effect, as TOML, and where each comes from.
    Show,
}

/// Which link to print.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("role").required(true))]
pub(crate) struct LinkArguments {
    /// The room, as it stands in its link.
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// Make the room if there is none.
    #[arg(long)]
    pub(crate) create: bool,
    /// A new link for hosts, who keep order. Host links made before stop working; whoever is in
    /// the room stays in it.
    #[arg(long, group = "role")]
    pub(crate) host: bool,
    /// The link for guests. It stays as it is.
    #[arg(long, group = "role")]
    pub(crate) guest: bool,
}

/// The parsed command line.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// What to do.
    pub(crate) command: Command,
    /// The file named, if any.
    pub(crate) config_file: Option<PathBuf>,
    /// What flags and environment say.
    pub(crate) settings: Layer,
    /// The keys of `settings` that come from the environment.
    pub(crate) from_environment: BTreeSet<String>,
}

/// Reads the arguments of the process. A mistake in them ends it with a message and code 2.
pub(crate) fn parse() -> Invocation {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    Invocation {
        command: cli.command.unwrap_or(Command::Serve),
        config_file: cli.config,
        settings: cli.settings,
        from_environment: keys_from_environment(&matches),
    }
}

fn keys_from_environment(matches: &ArgMatches) -> BTreeSet<String> {
    // Global arguments are copied down into the subcommand in which they stand.
    let mut innermost = matches;
    while let Some((_, inner)) = innermost.subcommand() {
        innermost = inner;
    }
    let is_variable = |key: &String| innermost.value_source(key) == Some(ValueSource::EnvVariable);
    Layer::keys().into_iter().filter(is_variable).collect()
}

const DOCTOR_CODES: &str = "\
Without --config it looks at the installed service, /etc/preau/preau.toml, where there is one.
It changes nothing, and asks no machine but this one and its resolver. Run it as root: only root
sees which program holds a port.

Exit code: 0 all is well, 1 something could be better, 2 something is broken.";

const SETUP_EXAMPLES: &str = "\
It checks name, clock, port and addresses; writes /etc/preau/preau.toml; brings user, unit and
kernel limits where no package has; starts the service, and prints the links of a first room. What
is so already is left alone; of a file that it changes it keeps the old one.

Examples:
  preau setup meet.example.org --dry-run
      See what it would do, as any user.
  preau setup meet.example.org
      A server on the Internet.
  preau setup meet.example.org --advertise 203.0.113.7
      A server at home, behind the router that has this address and forwards 443, TCP and UDP.
  preau setup meet.example.org --behind-proxy 127.0.0.1/32
      Beside nginx, Caddy, Apache or HAProxy on this machine, which speaks HTTPS.";

const EXAMPLES: &str = "\
Examples:
  preau
      Serve on port 8080 of this machine: open http://localhost:8080
  preau --listen [::]:443 --tls acme --domains meet.example.org
      Serve a public name over HTTPS, with a certificate from Let's Encrypt whose terms you accept.
      Open 443 for TCP and for UDP in the firewall.
  preau --listen [::]:443 --tls-cert chain.pem --tls-key key.pem
      The same with a certificate of your own.
  preau --advertise 203.0.113.7
      Serve from behind a NAT which forwards the port, TCP and UDP, from that address.
  preau --tls self-signed
      Serve a LAN: browsers give camera and microphone to HTTPS pages only.
  preau link algebra-2 --host
      Make a new host link for the room \"algebra-2\".

Every setting can stand in a TOML file (--config) under its name with underscores, or in the
environment as PREAU_ and its name. Flags win over the environment, which wins over the file.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
