use std::time::{Duration, UNIX_EPOCH};

use super::{CertificateStatus, Failure, Fault, STATUS_FILE};

#[test]
fn what_was_written_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(STATUS_FILE);
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let status = CertificateStatus {
        directory: "https://ca.example/directory".into(),
        names: vec!["meet.example.org".into()],
        begins: Some(at(1)),
        ends: Some(at(2)),
        issued_by: Some("https://ca.example/directory".into()),
        last_success: Some(at(3)),
        last_failure: Some(Failure {
            at: at(4),
            fault: Fault::RateLimited,
            name: Some("meet.example.org".into()),
            detail: "too many".into(),
        }),
        next_attempt: Some(at(5)),
        asked_to_wait_until: Some(at(6)),
        attempts: vec![at(7), at(8)],
    };
    status.write_file(&path).unwrap();
    assert_eq!(CertificateStatus::read_file(&path).unwrap(), Some(status));
}

#[test]
fn a_file_that_is_not_there_is_no_error_and_a_damaged_one_is() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(CertificateStatus::read(dir.path()).unwrap(), None);
    let path = dir.path().join(STATUS_FILE);
    std::fs::write(&path, "{\"names\":").unwrap();
    CertificateStatus::read_file(&path).unwrap_err();
    assert_eq!(CertificateStatus::read_file_or_begin(&path), CertificateStatus::default());
}
