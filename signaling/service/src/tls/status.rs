//! How it stands with certificates of an authority, kept in a file for whoever asks later:
//! ourselves after a restart, and an operator's tools.

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use super::{Fault, TlsError};
use crate::{
    StoreError,
    store::{ErrorChain, write_private},
};

/// How it stands with the certificate of an authority. Times are in whole seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateStatus {
    /// The authority's directory.
    pub directory: String,
    /// The names that are asked for.
    pub names: Vec<String>,
    /// From when the certificate in use holds; `None` while there is none.
    pub begins: Option<SystemTime>,
    /// Until when it holds.
    pub ends: Option<SystemTime>,
    /// The directory of the authority that issued it.
    pub issued_by: Option<String>,
    /// When an authority issued one last.
    pub last_success: Option<SystemTime>,
    /// What went wrong last; `None` after a success.
    pub last_failure: Option<Failure>,
    /// When the authority is asked next.
    pub next_attempt: Option<SystemTime>,
    /// Before this it wants to hear nothing.
    pub asked_to_wait_until: Option<SystemTime>,
    /// Attempts of the last hour.
    pub attempts: Vec<SystemTime>,
}

/// An attempt that brought no certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: SystemTime,
    /// Why.
    pub fault: Fault,
    /// Which of the names, if it is about one.
    pub name: Option<String>,
    /// In the words of whoever reported it; it may hold addresses of this machine.
    pub detail: String,
}

impl CertificateStatus {
    /// Reads what the service that has this data folder wrote last; `None` if it never asked an
    /// authority.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn read(data_dir: &Path) -> Result<Option<CertificateStatus>, TlsError> {
        Self::read_file(&data_dir.join("tls/acme").join(STATUS_FILE))
    }

    pub(super) fn read_file(path: &Path) -> Result<Option<CertificateStatus>, TlsError> {
        let unusable = |source| TlsError::Keep(StoreError::File { path: path.to_owned(), source });
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(error)),
        };
        let record: Record = serde_json::from_slice(&bytes)
            .map_err(|error| unusable(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        Ok(Some(record.into()))
    }

    pub(super) fn write_file(&self, path: &Path) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec_pretty(&Record::from(self)).map_err(|error| {
            let source = io::Error::new(io::ErrorKind::InvalidData, error);
            StoreError::File { path: path.to_owned(), source }
        })?;
        write_private(path, &bytes)
    }

    /// As [`Self::read_file`]; a file that is damaged is told of, and forgotten.
    pub(super) fn read_file_or_begin(path: &Path) -> CertificateStatus {
        match Self::read_file(path) {
            Ok(status) => status.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(error = %ErrorChain(&error), "past attempts are forgotten");
                CertificateStatus::default()
            }
        }
    }
}

pub(super) const STATUS_FILE: &str = "status.json";

/// The file. Times are seconds since 1970.
#[derive(Serialize, Deserialize)]
struct Record {
    directory: String,
    names: Vec<String>,
    begins: Option<u64>,
    ends: Option<u64>,
    issued_by: Option<String>,
    last_success: Option<u64>,
    last_failure: Option<FailureRecord>,
    next_attempt: Option<u64>,
    asked_to_wait_until: Option<u64>,
    attempts: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct FailureRecord {
    at: u64,
    fault: Fault,
    name: Option<String>,
    detail: String,
}

impl From<&CertificateStatus> for Record {
    fn from(status: &CertificateStatus) -> Self {
        let status = status.clone();
        Record {
            directory: status.directory,
            names: status.names,
            begins: status.begins.map(seconds),
            ends: status.ends.map(seconds),
            issued_by: status.issued_by,
            last_success: status.last_success.map(seconds),
            last_failure: status.last_failure.map(|failure| FailureRecord {
                at: seconds(failure.at),
                fault: failure.fault,
                name: failure.name,
                detail: failure.detail,
            }),
            next_attempt: status.next_attempt.map(seconds),
            asked_to_wait_until: status.asked_to_wait_until.map(seconds),
            attempts: status.attempts.into_iter().map(seconds).collect(),
        }
    }
}

impl From<Record> for CertificateStatus {
    fn from(record: Record) -> Self {
        CertificateStatus {
            directory: record.directory,
            names: record.names,
            begins: record.begins.map(time),
            ends: record.ends.map(time),
            issued_by: record.issued_by,
            last_success: record.last_success.map(time),
            last_failure: record.last_failure.map(|failure| Failure {
                at: time(failure.at),
                fault: failure.fault,
                name: failure.name,
                detail: failure.detail,
            }),
            next_attempt: record.next_attempt.map(time),
            asked_to_wait_until: record.asked_to_wait_until.map(time),
            attempts: record.attempts.into_iter().map(time).collect(),
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A number that no clock shows becomes the beginning of 1970.
fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests;
