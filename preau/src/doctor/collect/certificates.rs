//! Reads a certificate and its key as the service would, with the service's rights.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustls::{crypto::ring, sign::CertifiedKey};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject as _},
};
use x509_parser::{extensions::GeneralName, prelude::*};

use super::super::certificate::{Fault, Leaf};

/// The user of the unit, and its group.
const SERVICE_USER: &str = "preau";

/// The server's certificate in `cert`, if `key` is its key and the service may read both.
pub(super) fn read(cert: &Path, key: &Path) -> Result<Leaf, Fault> {
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fault(cert, &error))?;
    let first = chain.first().cloned().ok_or_else(|| Fault::NotPem(cert.to_owned()))?;
    let leaf = leaf(&first).ok_or_else(|| Fault::NotPem(cert.to_owned()))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, &error))?;
    CertifiedKey::from_der(chain, secret, &ring::default_provider())
        .map_err(|_| Fault::Mismatch)?;
    if let Some(account) = Account::of_service().filter(|_| is_root()) {
        for path in [cert, key] {
            if let Some(closed) = account.stopped_at(path) {
                return Err(Fault::Forbidden(closed));
            }
        }
    }
    Ok(leaf)
}

fn fault(path: &Path, error: &pem::Error) -> Fault {
    let path = path.to_owned();
    // Everything else that can be wrong is about the text.
    let pem::Error::Io(error) = error else {
        return Fault::NotPem(path);
    };
    let kind = error.kind();
    if kind == io::ErrorKind::NotFound {
        Fault::Absent(path)
    } else if kind == io::ErrorKind::PermissionDenied {
        Fault::Forbidden(path)
    } else {
        Fault::Unreadable(path, error.to_string())
    }
}

/// What a certificate says of itself.
pub(super) fn leaf(der: &CertificateDer<'_>) -> Option<Leaf> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let general = alternative.map(|extension| &extension.value.general_names);
    let names = general.into_iter().flatten().filter_map(server_name);
    let validity = certificate.validity();
    let issuer = certificate.issuer();
    let spoken = issuer
        .iter_organization()
        .chain(issuer.iter_common_name())
        .find_map(|attribute| attribute.as_str().ok());
    Some(Leaf {
        names: names.collect(),
        not_before: moment(validity.not_before.timestamp()),
        not_after: moment(validity.not_after.timestamp()),
        issuer: spoken.map_or_else(|| issuer.to_string(), str::to_owned),
    })
}

/// Mail addresses and the like name no server.
fn server_name(name: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::DNSName(name) = name {
        Some((*name).to_owned())
    } else if let GeneralName::IPAddress(octets) = name {
        address(octets)
    } else {
        None
    }
}

/// RFC 5280 §4.2.1.6: four or sixteen octets.
fn address(octets: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    let v6 = <[u8; 16]>::try_from(octets).ok()?;
    Some(std::net::Ipv6Addr::from(v6).to_string())
}

/// RFC 5280 §4.1.2.5: certificates without an end are dated 9999.
fn moment(unix_s: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(unix_s).unwrap_or_default())
}

/// The rights of the service's user.
struct Account {
    uid: u32,
    gids: Vec<u32>,
}

impl Account {
    fn of_service() -> Option<Account> {
        let passwd = fs::read_to_string("/etc/passwd").ok()?;
        let group = fs::read_to_string("/etc/group").unwrap_or_default();
        Account::parse(&passwd, &group)
    }

    /// From the texts of passwd(5) and group(5).
    fn parse(passwd: &str, group: &str) -> Option<Account> {
        let mut line = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let fields = line.find(|fields| fields.first() == Some(&SERVICE_USER))?;
        let uid = fields.get(2)?.parse().ok()?;
        let mut gids = vec![fields.get(3)?.parse().ok()?];
        gids.extend(group.lines().filter_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let is_member = fields.get(3)?.split(',').any(|member| member == SERVICE_USER);
            is_member.then(|| fields.get(2)?.parse::<u32>().ok())?
        }));
        Some(Account { uid, gids })
    }

    /// The first folder on the way to `path`, or the file itself, that this user may not read.
    fn stopped_at(&self, path: &Path) -> Option<PathBuf> {
        // certbot's `live` leads to `archive` by a link: both ways must be open.
        let real = fs::canonicalize(path).ok()?;
        for way in [path, &real] {
            let mut folders: Vec<&Path> = way.ancestors().skip(1).collect();
            folders.reverse();
            let is_closed = |folder: &&&Path| !self.may(folder, 0o1).unwrap_or(true);
            if let Some(folder) = folders.iter().find(is_closed) {
                return Some((*folder).to_owned());
            }
        }
        (!self.may(&real, 0o4).unwrap_or(true)).then(|| path.to_owned())
    }

    /// path_resolution(7): owner, else group, else others.
    fn may(&self, path: &Path, bit: u32) -> io::Result<bool> {
        let metadata = fs::metadata(path)?;
        let shift = if metadata.uid() == self.uid {
            6
        } else if self.gids.contains(&metadata.gid()) {
            3
        } else {
            0
        };
        Ok(metadata.mode() >> shift & bit != 0)
    }
}

/// Whether this process may read everything, so that its own success says nothing.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn the_service_has_its_group_and_those_it_was_put_into() {
        let passwd = "root:x:0:0::/root:/bin/sh\npreau:x:996:995::/var/lib/preau:/usr/sbin/nologin";
        let group = "root:x:0:\nssl-cert:x:110:www,preau\nadm:x:4:preaux\n";
        let account = Account::parse(passwd, group).unwrap();
        assert_eq!((account.uid, account.gids), (996, vec![995, 110]));
        assert!(Account::parse("root:x:0:0::/root:/bin/sh", group).is_none());
    }
}
